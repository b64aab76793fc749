// The search, filters and order of the list and the board, and their form in the URL: `#/leads?search=ada&status=1&status=2`.

import type { Lead, LeadFilter, LeadInList } from "../app/api";

export interface ListQuery {
  search: string;
  status: number[];
  business: number[];
  archived: boolean;
  state: "" | "Active" | "Inactive";
  source: string;
  /** First and last day of creation, in UTC. Empty if the range is open. */
  from: string;
  to: string;
  /** Empty for newest first. */
  sort: "" | "createdAt";
  /** Id of the saved view whose tab is current. 0 without one. */
  view: number;
}

const DAY_MS = 86_400_000;
const ISO_DAY_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

const parseIdsFromQuery = (query: URLSearchParams, name: string): number[] => [
  ...new Set(
    query
      .getAll(name)
      .flatMap((value) => value.split(","))
      .map(Number)
      .filter((id) => Number.isInteger(id) && id > 0),
  ),
];

export function parseListQuery(query: URLSearchParams): ListQuery {
  const getParam = (name: string) => query.get(name) ?? "";
  const parseDay = (name: string) => (ISO_DAY_PATTERN.test(getParam(name)) ? getParam(name) : "");
  const stateParam = getParam("state");
  return {
    search: getParam("search"),
    status: parseIdsFromQuery(query, "status"),
    business: parseIdsFromQuery(query, "business"),
    archived: query.get("archived") === "true",
    state: stateParam === "Active" || stateParam === "Inactive" ? stateParam : "",
    source: getParam("source"),
    from: parseDay("from"),
    to: parseDay("to"),
    sort: query.get("sort") === "createdAt" ? "createdAt" : "",
    view: parseIdsFromQuery(query, "view")[0] ?? 0,
  };
}

/** Converts a query to URL parameters. The caller adds other parameters, such as the open lead. */
export function buildListRouteParams(query: ListQuery): URLSearchParams {
  const urlParams = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const id of value) urlParams.append(name, String(id));
    else if (value) urlParams.set(name, String(value));
  }
  return urlParams;
}

/** Converts a query to the parameters of `GET /leads`, without parameters that have the API's default. */
export function buildLeadFilter({ status, business, archived, state, source, from, to, sort }: ListQuery): LeadFilter {
  return {
    ...(status.length > 0 ? { status } : {}),
    ...(business.length > 0 ? { business } : {}),
    ...(archived ? { archived } : {}),
    ...(state ? { state } : {}),
    ...(source.trim() ? { source: source.trim() } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    ...(sort ? { sort } : {}),
  };
}

export type FilterName = "status" | "business" | "state" | "source" | "created" | "archived";
export const FILTER_NAMES: readonly FilterName[] = ["status", "business", "state", "source", "created", "archived"];

/** Returns the query without one of its filters. */
export function buildQueryWithoutFilter(query: ListQuery, name: FilterName): ListQuery {
  const emptyFilterValues = { status: [], business: [], state: "" as const, source: "", archived: false };
  return name === "created" ? { ...query, from: "", to: "" } : { ...query, [name]: emptyFilterValues[name] };
}

export const buildQueryWithoutAnyFilter = (query: ListQuery): ListQuery =>
  FILTER_NAMES.reduce(buildQueryWithoutFilter, query);

export function getActiveFilterNames(query: ListQuery): FilterName[] {
  return FILTER_NAMES.filter((name) => {
    if (name === "created") return query.from !== "" || query.to !== "";
    const filterValue = query[name];
    return Array.isArray(filterValue) ? filterValue.length > 0 : Boolean(filterValue);
  });
}

/** Returns the first day of a range of `days` days that ends today, in UTC. */
export const getFirstDayOfLastDays = (days: number): string =>
  new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);

const CJK_CHARACTER_PATTERN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** Whether a text is long enough for the API's search: two characters, or one Chinese, Japanese or Korean character. */
export const isLongEnoughToSearch = (text: string): boolean =>
  Array.from(text).length > 1 || CJK_CHARACTER_PATTERN.test(text);

/** Whether a lead matches the filters, by the same rules as in the API. A search can only be decided by the API. */
export function matchesFilter(lead: LeadInList | Lead, filter: LeadFilter): boolean {
  const statusIds = filter.status as number[] | undefined;
  const businessIds = filter.business as number[] | undefined;
  const createdDay = lead.createdAt.slice(0, 10);
  return (
    lead.archived === (filter.archived ?? false) &&
    (!statusIds || statusIds.includes(lead.statusId)) &&
    (!businessIds || lead.business.some(({ id }) => businessIds.includes(id))) &&
    (!filter.state || lead.state === filter.state) &&
    (!filter.source || !("source" in lead) || lead.source === filter.source) &&
    (!filter.from || createdDay >= filter.from) &&
    (!filter.to || createdDay <= filter.to)
  );
}
