// Saved views: a name for a list's filters, order and columns, one's own or the team's.

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

/** Views of the list: one's own first, then shared ones, each in the order of their names. */
export const listViews = (all: View[]): View[] =>
  all
    .filter(({ layout }) => layout === "table")
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

const comparable = (query: ListQuery): string =>
  [...writeListQuery({ ...query, search: "", view: 0 })]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join("&");

/** Whether two queries show the same list, whatever is searched in it. */
export const isSameList = (one: ListQuery, other: ListQuery): boolean => comparable(one) === comparable(other);
