// Saved views: a name for a list's filters, order and columns, one's own or the team's.

import { signal } from "@preact/signals";
import { api, unwrap } from "../app/api";
import { type ListQuery, readListQuery, writeListQuery } from "./list-query";

/** What is written of a view. */
export interface ViewInput {
  name: string;
  /** Parameters of `GET /leads`. */
  query: Record<string, string | string[]>;
  layout: "board" | "table";
  columns: string[];
  shared: boolean;
}

export interface View extends ViewInput {
  id: number;
  /** Whether it is the caller's. */
  own: boolean;
}

type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;
interface ById {
  params: { path: { id: number } };
}

// The contract of this version does not have them yet.
const client = api as unknown as {
  GET(path: "/views"): Answer<{ count: number; views: View[] }>;
  POST(path: "/views", request: { body: ViewInput }): Answer<View>;
  PUT(path: "/views/{id}", request: ById & { body: ViewInput }): Answer<View>;
  DELETE(path: "/views/{id}", request: ById): Answer<unknown>;
};

/** The views of the caller and the team; absent until they are read. */
export const views = signal<View[] | undefined>(undefined);

export async function readViews(): Promise<void> {
  const answer = await unwrap(client.GET("/views"));
  views.value = answer.views;
}

export async function createView(view: ViewInput): Promise<View> {
  const created = await unwrap(client.POST("/views", { body: view }));
  views.value = [...(views.value ?? []), created];
  return created;
}

export async function changeView({ id, own: _, ...view }: View): Promise<void> {
  const changed = await unwrap(client.PUT("/views/{id}", { params: { path: { id } }, body: view }));
  views.value = views.value?.map((other) => (other.id === id ? changed : other));
}

export async function deleteView({ id }: View): Promise<void> {
  await unwrap(client.DELETE("/views/{id}", { params: { path: { id } } }));
  views.value = views.value?.filter((other) => other.id !== id);
}

/** Views of the list: one's own first, then shared ones, each in the order of their names. */
export const listViews = (all: View[]): View[] =>
  all
    .filter(({ layout }) => layout === "table")
    .sort((one, other) => Number(other.own) - Number(one.own) || one.name.localeCompare(other.name));

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
