// Saved views: named filters of the list or the board, private or shared with the team. Views of the list also store sort order
// and columns.

import { signal } from "@preact/signals";
import type { components } from "../../contract";
import { api, unwrap } from "../app/api";
import { type ListQuery, readListQuery, writeListQuery } from "./list-query";

export type View = components["schemas"]["View"];
type ViewInput = components["schemas"]["ViewInput"];

/** The user's own views and the team's shared views. `undefined` until they are read. */
export const views = signal<View[] | undefined>(undefined);

export async function readViews(): Promise<void> {
  const response = await unwrap(api.GET("/views"));
  views.value = response.views;
}

export async function createView(view: ViewInput): Promise<View> {
  const createdView = await unwrap(api.POST("/views", { body: view }));
  views.value = [...(views.value ?? []), createdView];
  return createdView;
}

export async function updateView({ id, name, query, layout, columns, shared }: View): Promise<void> {
  const body = { name, query, layout, columns, shared };
  const updatedView = await unwrap(api.PUT("/views/{id}", { params: { path: { id } }, body }));
  views.value = views.value?.map((other) => (other.id === id ? updatedView : other));
}

export async function deleteView({ id }: View): Promise<void> {
  await unwrap(api.DELETE("/views/{id}", { params: { path: { id } } }));
  views.value = views.value?.filter((other) => other.id !== id);
}

/** The screen of a view: `table` for the list, or `board`. */
export type Layout = View["layout"];

/** Returns the views of a layout: the user's own first, then shared ones, each sorted by name. */
export const filterViews = (all: View[], layout: Layout): View[] =>
  all
    .filter((view) => view.layout === layout)
    .sort((one, other) => Number(one.shared) - Number(other.shared) || one.name.localeCompare(other.name));

/** Converts a list query to the query of a view, without the search. */
export function buildViewQuery(query: ListQuery): View["query"] {
  const urlParams = writeListQuery({ ...query, search: "", view: 0 });
  const paramNames = [...new Set(urlParams.keys())];
  return Object.fromEntries(
    paramNames.map((name) => {
      const paramValues = urlParams.getAll(name);
      return [name, paramValues.length > 1 ? paramValues : (paramValues[0] ?? "")];
    }),
  );
}

/** Converts the query of a view to a list query. */
export function readViewQuery(view: View): ListQuery {
  const urlParams = new URLSearchParams();
  for (const [name, value] of Object.entries(view.query)) {
    for (const item of Array.isArray(value) ? value : [value]) urlParams.append(name, item);
  }
  return { ...readListQuery(urlParams), search: "", view: view.id };
}

/** Returns the path that shows a query on the list or on the board. */
export function buildQueryPath(query: ListQuery, layout: Layout): string {
  const queryString = writeListQuery(query).toString();
  return `${layout === "board" ? "/board" : "/leads"}${queryString ? `?${queryString}` : ""}`;
}

export const buildViewPath = (view: View): string => buildQueryPath(readViewQuery(view), view.layout);

const serializeFilters = (query: ListQuery): string =>
  [...writeListQuery({ ...query, search: "", view: 0 })]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join("&");

/** Whether two queries have the same filters and order. The search is not compared. */
export const hasSameFilters = (one: ListQuery, other: ListQuery): boolean =>
  serializeFilters(one) === serializeFilters(other);
