// Saved views: a name for the filters of the list or the board, one's own or the team's. The list's keep order and columns too.

import { signal } from "@preact/signals";
import type { components } from "../../contract";
import { api, unwrap } from "../app/api";
import { type ListQuery, readListQuery, writeListQuery } from "./list-query";

export type View = components["schemas"]["View"];
type ViewInput = components["schemas"]["ViewInput"];

/** The views of the caller and the team; absent until they are read. */
export const views = signal<View[] | undefined>(undefined);

export async function readViews(): Promise<void> {
  const answer = await unwrap(api.GET("/views"));
  views.value = answer.views;
}

export async function createView(view: ViewInput): Promise<View> {
  const created = await unwrap(api.POST("/views", { body: view }));
  views.value = [...(views.value ?? []), created];
  return created;
}

export async function changeView({ id, name, query, layout, columns, shared }: View): Promise<void> {
  const body = { name, query, layout, columns, shared };
  const changed = await unwrap(api.PUT("/views/{id}", { params: { path: { id } }, body }));
  views.value = views.value?.map((other) => (other.id === id ? changed : other));
}

export async function deleteView({ id }: View): Promise<void> {
  await unwrap(api.DELETE("/views/{id}", { params: { path: { id } } }));
  views.value = views.value?.filter((other) => other.id !== id);
}

/** Where views are shown: as the list, or as the board. */
export type Layout = View["layout"];

/** Views with a layout: one's own first, then shared ones, each in the order of their names. */
export const viewsWithLayout = (all: View[], layout: Layout): View[] =>
  all
    .filter((view) => view.layout === layout)
    .sort((one, other) => Number(one.shared) - Number(other.shared) || one.name.localeCompare(other.name));

/** What a view keeps of a list's query: all but the search. */
export function viewQuery(query: ListQuery): View["query"] {
  const written = writeListQuery({ ...query, search: "", view: 0 });
  const names = [...new Set(written.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = written.getAll(name);
      return [name, values.length > 1 ? values : (values[0] ?? "")];
    }),
  );
}

/** The list's query that a view stands for. */
export function queryOfView(view: View): ListQuery {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(view.query)) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, one);
  }
  return { ...readListQuery(query), search: "", view: view.id };
}

/** The address that shows a query as the list or as the board. */
export function addressOfQuery(query: ListQuery, layout: Layout): string {
  const text = writeListQuery(query).toString();
  return `${layout === "board" ? "/board" : "/leads"}${text ? `?${text}` : ""}`;
}

export const addressOfView = (view: View): string => addressOfQuery(queryOfView(view), view.layout);

const comparable = (query: ListQuery): string =>
  [...writeListQuery({ ...query, search: "", view: 0 })]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join("&");

/** Whether two queries show the same list, whatever is searched in it. */
export const isSameList = (one: ListQuery, other: ListQuery): boolean => comparable(one) === comparable(other);
