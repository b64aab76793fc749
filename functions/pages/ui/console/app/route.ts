// The address: `#/leads/12`, `#/leads?status=1`. What follows the hash stays in the browser.

import { signal } from "@preact/signals";

export interface Route {
  screen: string;
  /** What follows the screen's name, without a slash before it. */
  rest: string;
  query: URLSearchParams;
}

/** The list's address of earlier versions, which people may have kept. */
const OLD_LIST = /^#\/table(?=$|\?)/;

function read(): Route {
  if (OLD_LIST.test(location.hash)) history.replaceState(null, "", location.hash.replace(OLD_LIST, "#/leads"));
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", ...rest] = path.split("/");
  return { screen: screen || "board", rest: rest.join("/"), query: new URLSearchParams(query) };
}

export const route = signal<Route>(read());

addEventListener("hashchange", () => {
  route.value = read();
});

/** Returns the route; the component is drawn again when it changes. */
export const useRoute = (): Route => route.value;

/** Goes to a path such as `/leads/12`, as a step in the history. */
export function go(path: string): void {
  location.hash = path;
}

/** Replaces the query of this address without a step in the history. */
export function replaceQuery(query: URLSearchParams): void {
  const [path] = location.hash.split("?");
  const text = query.toString();
  history.replaceState(history.state, "", `${path || "#/board"}${text ? `?${text}` : ""}`);
  route.value = read();
}

/** Replaces the URL's path, query and hash, such as `/` or `/#/leads`, without a step in the history. */
export function replaceUrl(url: string): void {
  history.replaceState(null, "", url);
  route.value = read();
}
