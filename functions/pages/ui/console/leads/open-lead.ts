// Routes of leads: a lead opens in the panel on the board and the list, elsewhere on its own page.

import { effect, signal } from "@preact/signals";
import { navigate, type Route, replaceQuery, route } from "../app/route";

const hasPanel = ({ screen, subpath }: Route): boolean => screen === "board" || (screen === "leads" && subpath === "");

function buildPath({ screen, subpath, query }: Route): string {
  const queryString = query.toString();
  return `/${screen}${subpath ? `/${subpath}` : ""}${queryString ? `?${queryString}` : ""}`;
}

function removeLeadParam(currentRoute: Route): Route {
  const newQuery = new URLSearchParams(currentRoute.query);
  newQuery.delete("lead");
  return { ...currentRoute, query: newQuery };
}

/** Ids of the leads that J and K step through, in the order of the screen. */
export const orderedLeadIds = signal<number[]>([]);

/** Path of the board or the list that was shown last, with its filters. Back on a lead's page links to it. */
export const lastListScreen = signal({ path: "/leads", title: "All leads" });

effect(() => {
  const currentRoute = route.value;
  if (!hasPanel(currentRoute)) return;
  const listTitle = currentRoute.screen === "board" ? "Board" : "All leads";
  lastListScreen.value = { path: buildPath(removeLeadParam(currentRoute)), title: listTitle };
});

/** Returns the link to a lead. On the board and the list, the link opens the panel. */
export function leadUrl(id: number): string {
  const currentRoute = route.value;
  if (!hasPanel(currentRoute)) return `#/leads/${id}`;
  const newQuery = new URLSearchParams(currentRoute.query);
  newQuery.set("lead", String(id));
  return `#${buildPath({ ...currentRoute, query: newQuery })}`;
}

/** Returns the id of the lead in the panel, or `undefined` if the panel is closed. */
export function openLeadId(currentRoute: Route): number | undefined {
  const id = Number(currentRoute.query.get("lead"));
  return hasPanel(currentRoute) && id > 0 ? id : undefined;
}

export const showLead = (id: number): void => navigate(leadUrl(id).slice(1));

/** Shows another lead in the same panel or page. The history entry is replaced, so that one Back closes the lead. */
export function replaceOpenLead(id: number): void {
  const currentRoute = route.value;
  if (hasPanel(currentRoute)) {
    const newQuery = new URLSearchParams(currentRoute.query);
    newQuery.set("lead", String(id));
    replaceQuery(newQuery);
  } else {
    location.replace(`#/leads/${id}`);
  }
}

/** Closes the panel, or returns from a lead's page to the board or the list that was shown last. */
export function closeLead(): void {
  const currentRoute = route.value;
  navigate(hasPanel(currentRoute) ? buildPath(removeLeadParam(currentRoute)) : lastListScreen.value.path);
}
