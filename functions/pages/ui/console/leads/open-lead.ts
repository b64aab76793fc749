// Routes of leads: a lead opens in the panel on the board and the list, elsewhere on its own page.

import { effect, signal } from "@preact/signals";
import { navigate, type Route, replaceQuery, route } from "../app/route";

const hasPanel = ({ screen, subpath }: Route): boolean => screen === "board" || (screen === "leads" && subpath === "");

function addressOf({ screen, subpath, query }: Route): string {
  const text = query.toString();
  return `/${screen}${subpath ? `/${subpath}` : ""}${text ? `?${text}` : ""}`;
}

function withoutLead(from: Route): Route {
  const query = new URLSearchParams(from.query);
  query.delete("lead");
  return { ...from, query };
}

/** Ids of the leads that J and K step through, in the order of the screen. */
export const leadOrder = signal<number[]>([]);

/** Path of the board or the list that was shown last, with its filters. Back on a lead's page links to it. */
export const lastList = signal({ address: "/leads", title: "All leads" });

effect(() => {
  const shown = route.value;
  if (!hasPanel(shown)) return;
  const title = shown.screen === "board" ? "Board" : "All leads";
  lastList.value = { address: addressOf(withoutLead(shown)), title };
});

/** Returns the link to a lead. On the board and the list, the link opens the panel. */
export function leadHref(id: number): string {
  const from = route.value;
  if (!hasPanel(from)) return `#/leads/${id}`;
  const query = new URLSearchParams(from.query);
  query.set("lead", String(id));
  return `#${addressOf({ ...from, query })}`;
}

/** Returns the id of the lead in the panel, or `undefined` if the panel is closed. */
export function openLeadId(from: Route): number | undefined {
  const id = Number(from.query.get("lead"));
  return hasPanel(from) && id > 0 ? id : undefined;
}

export const openLead = (id: number): void => navigate(leadHref(id).slice(1));

/** Shows another lead in the same panel or page. The history entry is replaced, so that one Back closes the lead. */
export function walkToLead(id: number): void {
  const from = route.value;
  if (hasPanel(from)) {
    const query = new URLSearchParams(from.query);
    query.set("lead", String(id));
    replaceQuery(query);
  } else {
    location.replace(`#/leads/${id}`);
  }
}

/** Closes the panel, or returns from a lead's page to the board or the list that was shown last. */
export function closeLead(): void {
  const from = route.value;
  navigate(hasPanel(from) ? addressOf(withoutLead(from)) : lastList.value.address);
}
