// What the address names: `#/leads/12`, `#/table?status=1`. It stays in the browser.

import { useEffect, useState } from "preact/hooks";

export interface Route {
  screen: string;
  /** What follows the screen's name. */
  rest: string;
  query: URLSearchParams;
}

function read(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", ...rest] = path.split("/");
  return { screen: screen || "board", rest: rest.join("/"), query: new URLSearchParams(query) };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const follow = () => setRoute(read());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

export function go(to: string): void {
  location.hash = to;
}

/** Keeps what a screen shows in the address, without a step in the history. */
export function keep(screen: string, query: URLSearchParams): void {
  const text = query.toString();
  history.replaceState(null, "", `#/${screen}${text ? `?${text}` : ""}`);
}
