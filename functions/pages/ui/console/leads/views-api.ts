// Saved views: named filters of the list or the board, private or shared with the team. Views of the list also store sort order
// and columns.

import { signal } from "@preact/signals";
import type { components } from "../../contract";
import { api, unwrap } from "../app/api";
import { buildListUrlParams, type ListQuery, parseListQuery } from "./list-query";

export type SavedView = components["schemas"]["View"];
type SavedViewInput = components["schemas"]["ViewInput"];

/** The user's own views and the team's shared views. `undefined` until they are read. */
export const savedViews = signal<SavedView[] | undefined>(undefined);

export async function readViews(): Promise<void> {
  const viewsResponse = await unwrap(api.GET("/views"));
  savedViews.value = viewsResponse.views;
}

export async function createView(view: SavedViewInput): Promise<SavedView> {
  const createdView = await unwrap(api.POST("/views", { body: view }));
  savedViews.value = [...(savedViews.value ?? []), createdView];
  return createdView;
}

export async function updateView({ id, name, query, layout, columns, shared }: SavedView): Promise<void> {
  const updateBody = { name, query, layout, columns, shared };
  const updatedView = await unwrap(api.PUT("/views/{id}", { params: { path: { id } }, body: updateBody }));
  savedViews.value = savedViews.value?.map((other) => (other.id === id ? updatedView : other));
}

export async function deleteView({ id }: SavedView): Promise<void> {
  await unwrap(api.DELETE("/views/{id}", { params: { path: { id } } }));
  savedViews.value = savedViews.value?.filter((other) => other.id !== id);
}

/** The screen of a view: `table` for the list, or `board`. */
export type ViewLayout = SavedView["layout"];

/** Returns the views of a layout: the user's own first, then shared ones, each sorted by name. */
export const filterViewsByLayout = (all: SavedView[], layout: ViewLayout): SavedView[] =>
  all
    .filter((view) => view.layout === layout)
    .sort((one, other) => Number(one.shared) - Number(other.shared) || one.name.localeCompare(other.name));

/** Converts a list query to the query of a view, without the search. */
export function buildViewQuery(query: ListQuery): SavedView["query"] {
  const urlParams = buildListUrlParams({ ...query, search: "", view: 0 });
  const paramNames = [...new Set(urlParams.keys())];
  return Object.fromEntries(
    paramNames.map((name) => {
      const paramValues = urlParams.getAll(name);
      return [name, paramValues.length > 1 ? paramValues : (paramValues[0] ?? "")];
    }),
  );
}

/** Converts the query of a view to a list query. */
export function parseViewQuery(view: SavedView): ListQuery {
  const urlParams = new URLSearchParams();
  for (const [name, value] of Object.entries(view.query)) {
    for (const paramValue of Array.isArray(value) ? value : [value]) urlParams.append(name, paramValue);
  }
  return { ...parseListQuery(urlParams), search: "", view: view.id };
}

/** Returns the path that shows a query on the list or on the board. */
export function buildQueryPath(query: ListQuery, layout: ViewLayout): string {
  const queryString = buildListUrlParams(query).toString();
  return `${layout === "board" ? "/board" : "/leads"}${queryString ? `?${queryString}` : ""}`;
}

export const buildViewPath = (view: SavedView): string => buildQueryPath(parseViewQuery(view), view.layout);

const serializeFilters = (query: ListQuery): string =>
  [...buildListUrlParams({ ...query, search: "", view: 0 })]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join("&");

/** Whether two queries have the same filters and order. The search is not compared. */
export const hasSameFilters = (one: ListQuery, other: ListQuery): boolean =>
  serializeFilters(one) === serializeFilters(other);
