// Saved views: named filters of the list or the board, private or shared with the team. Views of the list also store sort order
// and columns.

import { signal } from "@preact/signals";
import type { components } from "../../contract";
import { api, getDataOrThrow } from "../app/api";
import { buildListRouteParams, type LeadListUrlQuery, parseListQuery } from "./list-query";

export type SavedView = components["schemas"]["View"];
type SavedViewInput = components["schemas"]["ViewInput"];

/** The user's own views and the team's shared views. `undefined` until they are read. */
export const savedViewsSignal = signal<SavedView[] | undefined>(undefined);

export async function loadSavedViews(): Promise<void> {
  const viewsResponse = await getDataOrThrow(api.GET("/views"));
  savedViewsSignal.value = viewsResponse.views;
}

export async function createView(view: SavedViewInput): Promise<SavedView> {
  const createdView = await getDataOrThrow(api.POST("/views", { body: view }));
  savedViewsSignal.value = [...(savedViewsSignal.value ?? []), createdView];
  return createdView;
}

export async function updateView({ id, name, query, layout, columns, shared }: SavedView): Promise<void> {
  const viewUpdateRequestBody = { name, query, layout, columns, shared };
  const updatedView = await getDataOrThrow(
    api.PUT("/views/{id}", { params: { path: { id } }, body: viewUpdateRequestBody }),
  );
  savedViewsSignal.value = savedViewsSignal.value?.map((other) => (other.id === id ? updatedView : other));
}

export async function deleteView({ id }: SavedView): Promise<void> {
  await getDataOrThrow(api.DELETE("/views/{id}", { params: { path: { id } } }));
  savedViewsSignal.value = savedViewsSignal.value?.filter((other) => other.id !== id);
}

/** The screen of a view: `table` for the list, or `board`. */
export type ViewLayout = SavedView["layout"];

/** Returns the views of a layout: the user's own first, then shared ones, each sorted by name. */
export const filterViewsByLayout = (all: SavedView[], layout: ViewLayout): SavedView[] =>
  all
    .filter((view) => view.layout === layout)
    .sort((one, other) => Number(one.shared) - Number(other.shared) || one.name.localeCompare(other.name));

/** Converts a list query to the query of a view, without the search. */
export function convertListQueryToViewQuery(query: LeadListUrlQuery): SavedView["query"] {
  const listUrlParams = buildListRouteParams({ ...query, search: "", view: 0 });
  const urlParamNames = [...new Set(listUrlParams.keys())];
  return Object.fromEntries(
    urlParamNames.map((name) => {
      const urlParamValues = listUrlParams.getAll(name);
      return [name, urlParamValues.length > 1 ? urlParamValues : (urlParamValues[0] ?? "")];
    }),
  );
}

/** Converts the query of a view to a list query. */
export function convertViewToListQuery(view: SavedView): LeadListUrlQuery {
  const viewUrlParams = new URLSearchParams();
  for (const [name, value] of Object.entries(view.query)) {
    for (const urlParamValue of Array.isArray(value) ? value : [value]) viewUrlParams.append(name, urlParamValue);
  }
  return { ...parseListQuery(viewUrlParams), search: "", view: view.id };
}

/** Returns the path that shows a query on the list or on the board. */
export function buildListOrBoardPath(query: LeadListUrlQuery, layout: ViewLayout): string {
  const urlQueryString = buildListRouteParams(query).toString();
  return `${layout === "board" ? "/board" : "/leads"}${urlQueryString ? `?${urlQueryString}` : ""}`;
}

export const buildViewPath = (view: SavedView): string =>
  buildListOrBoardPath(convertViewToListQuery(view), view.layout);

const serializeFiltersAndSort = (query: LeadListUrlQuery): string =>
  [...buildListRouteParams({ ...query, search: "", view: 0 })]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join("&");

/** Whether two queries have the same filters and order. The search is not compared. */
export const areFiltersAndSortEqual = (one: LeadListUrlQuery, other: LeadListUrlQuery): boolean =>
  serializeFiltersAndSort(one) === serializeFiltersAndSort(other);
