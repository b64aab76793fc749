// Routes of leads: a lead opens in the panel on the board and the list, elsewhere on its own page.

import { effect, signal } from "@preact/signals";
import { navigate, type ParsedRoute, replaceUrlQuery, routeSignal } from "../app/route";

const canRouteShowLeadPanel = ({ screen, subpath }: ParsedRoute): boolean =>
  screen === "board" || (screen === "leads" && subpath === "");

function buildRoutePath({ screen, subpath, query }: ParsedRoute): string {
  const routeQueryString = query.toString();
  return `/${screen}${subpath ? `/${subpath}` : ""}${routeQueryString ? `?${routeQueryString}` : ""}`;
}

function buildRouteWithoutLead(currentRoute: ParsedRoute): ParsedRoute {
  const urlParamsWithoutLead = new URLSearchParams(currentRoute.query);
  urlParamsWithoutLead.delete("lead");
  return { ...currentRoute, query: urlParamsWithoutLead };
}

/** Ids of the leads that J and K step through, in the order of the screen. */
export const leadIdsInScreenOrderSignal = signal<number[]>([]);

/** Path of the board or the list that was shown last, with its filters. Back on a lead's page links to it. */
export const lastListScreenLinkSignal = signal({ path: "/leads", title: "All leads" });

effect(() => {
  const currentRoute = routeSignal.value;
  if (!canRouteShowLeadPanel(currentRoute)) return;
  const listScreenTitle = currentRoute.screen === "board" ? "Board" : "All leads";
  lastListScreenLinkSignal.value = {
    path: buildRoutePath(buildRouteWithoutLead(currentRoute)),
    title: listScreenTitle,
  };
});

/** Returns the link to a lead. On the board and the list, the link opens the panel. */
export function buildLeadUrl(id: number): string {
  const currentRoute = routeSignal.value;
  if (!canRouteShowLeadPanel(currentRoute)) return `#/leads/${id}`;
  const urlParamsWithLead = new URLSearchParams(currentRoute.query);
  urlParamsWithLead.set("lead", String(id));
  return `#${buildRoutePath({ ...currentRoute, query: urlParamsWithLead })}`;
}

/** Returns the id of the lead in the panel, or `undefined` if the panel is closed. */
export function getPanelLeadId(currentRoute: ParsedRoute): number | undefined {
  const id = Number(currentRoute.query.get("lead"));
  return canRouteShowLeadPanel(currentRoute) && id > 0 ? id : undefined;
}

/** Shows another lead in the same panel or page. The history entry is replaced, so that one Back closes the lead. */
export function switchOpenLead(id: number): void {
  const currentRoute = routeSignal.value;
  if (canRouteShowLeadPanel(currentRoute)) {
    const urlParamsWithLead = new URLSearchParams(currentRoute.query);
    urlParamsWithLead.set("lead", String(id));
    replaceUrlQuery(urlParamsWithLead);
  } else {
    location.replace(`#/leads/${id}`);
  }
}

/** Closes the panel, or returns from a lead's page to the board or the list that was shown last. */
export function closeLeadPanelOrPage(): void {
  const currentRoute = routeSignal.value;
  navigate(
    canRouteShowLeadPanel(currentRoute)
      ? buildRoutePath(buildRouteWithoutLead(currentRoute))
      : lastListScreenLinkSignal.value.path,
  );
}
