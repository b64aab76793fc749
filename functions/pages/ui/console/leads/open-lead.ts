// Where a lead opens: in the panel over board and list, else on its own page.

import { effect, signal } from "@preact/signals";
import { go, type Route, replaceQuery, route } from "../app/route";

const hasPanel = ({ screen, rest }: Route): boolean => screen === "board" || (screen === "leads" && rest === "");

function addressOf({ screen, rest, query }: Route): string {
  const text = query.toString();
  return `/${screen}${rest ? `/${rest}` : ""}${text ? `?${text}` : ""}`;
}

function withoutLead(from: Route): Route {
  const query = new URLSearchParams(from.query);
  query.delete("lead");
  return { ...from, query };
}

/** The ids that J and K walk, in the order of the screen. */
export const leadOrder = signal<number[]>([]);

/** The board or the list that was shown last, with its filters: a lead's page leads back to it. */
export const lastList = signal({ address: "/leads", title: "All leads" });

effect(() => {
  const shown = route.value;
  if (!hasPanel(shown)) return;
  const title = shown.screen === "board" ? "Board" : "All leads";
  lastList.value = { address: addressOf(withoutLead(shown)), title };
});

/** Returns the address that shows a lead without leaving the board or the list. */
export function leadHref(id: number): string {
  const from = route.value;
  if (!hasPanel(from)) return `#/leads/${id}`;
  const query = new URLSearchParams(from.query);
  query.set("lead", String(id));
  return `#${addressOf({ ...from, query })}`;
}

/** Returns the id of the lead in the panel, if one is open. */
export function openLeadId(from: Route): number | undefined {
  const id = Number(from.query.get("lead"));
  return hasPanel(from) && id > 0 ? id : undefined;
}

export const openLead = (id: number): void => go(leadHref(id).slice(1));

/** Goes on to another lead in the same place. The history keeps one step, so that Back closes the lead. */
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

/** Closes the panel, or leaves a lead's page for the board or the list that was shown before. */
export function closeLead(): void {
  const from = route.value;
  go(hasPanel(from) ? addressOf(withoutLead(from)) : lastList.value.address);
}
