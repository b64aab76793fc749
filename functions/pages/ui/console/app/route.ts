// The router. Routes are URL fragments, which are not sent to the server: `#/leads/12`, `#/leads?status=1`.

import { signal } from "@preact/signals";

/** The screen and its parameters, as the fragment of the URL names them. */
export interface ParsedRoute {
  screen: string;
  /** The path after the screen's name, without a leading slash. */
  subpath: string;
  query: URLSearchParams;
}

/** Route of the list in earlier versions, for links and bookmarks from that time. */
const OLD_LIST_ROUTE_PATTERN = /^#\/table(?=$|\?)/;

function parseRouteFromUrl(): ParsedRoute {
  if (OLD_LIST_ROUTE_PATTERN.test(location.hash))
    history.replaceState(null, "", location.hash.replace(OLD_LIST_ROUTE_PATTERN, "#/leads"));
  const [path = "", queryText = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", ...subpathSegments] = path.split("/");
  return { screen: screen || "board", subpath: subpathSegments.join("/"), query: new URLSearchParams(queryText) };
}

export const routeSignal = signal<ParsedRoute>(parseRouteFromUrl());

addEventListener("hashchange", () => {
  routeSignal.value = parseRouteFromUrl();
});

/** Returns the route. The component renders again when the route changes. */
export const useRoute = (): ParsedRoute => routeSignal.value;

/** Navigates to a path such as `/leads/12`, with a new history entry. */
export function navigate(path: string): void {
  location.hash = path;
}

/** Replaces the query of the current route without a new history entry. */
export function replaceUrlQuery(query: URLSearchParams): void {
  const [path] = location.hash.split("?");
  const queryString = query.toString();
  history.replaceState(history.state, "", `${path || "#/board"}${queryString ? `?${queryString}` : ""}`);
  routeSignal.value = parseRouteFromUrl();
}

/** Replaces the URL's path, query and hash, such as `/` or `/#/leads`, without a step in the history. */
export function replaceUrl(url: string): void {
  history.replaceState(null, "", url);
  routeSignal.value = parseRouteFromUrl();
}
