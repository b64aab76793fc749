// Where a lead opens: in the panel over board and list, else on its own page.

import { signal } from "@preact/signals";
import { go, type Route, route } from "../app/route";

const hasPanel = ({ screen, rest }: Route): boolean => screen === "board" || (screen === "leads" && rest === "");

function addressOf({ screen, rest, query }: Route): string {
  const text = query.toString();
  return `/${screen}${rest ? `/${rest}` : ""}${text ? `?${text}` : ""}`;
}

/** The ids that J and K walk, in the order of the screen. */
export const leadOrder = signal<number[]>([]);

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

export function closeLead(): void {
  const from = route.value;
  const query = new URLSearchParams(from.query);
  query.delete("lead");
  go(addressOf({ ...from, query }));
}
