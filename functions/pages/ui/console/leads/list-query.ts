// The search, filters and order of the list and the board, and their form in the URL: `#/leads?search=ada&status=1&status=2`.

import type { Lead, LeadFilterParams, LeadSummary } from "../app/api";

export interface LeadListUrlQuery {
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

export function parseListQuery(query: URLSearchParams): LeadListUrlQuery {
  const getUrlParam = (name: string) => query.get(name) ?? "";
  const parseIsoDayParam = (name: string) => (ISO_DAY_PATTERN.test(getUrlParam(name)) ? getUrlParam(name) : "");
  const leadStateParam = getUrlParam("state");
  return {
    search: getUrlParam("search"),
    status: parseIdsFromQuery(query, "status"),
    business: parseIdsFromQuery(query, "business"),
    archived: query.get("archived") === "true",
    state: leadStateParam === "Active" || leadStateParam === "Inactive" ? leadStateParam : "",
    source: getUrlParam("source"),
    from: parseIsoDayParam("from"),
    to: parseIsoDayParam("to"),
    sort: query.get("sort") === "createdAt" ? "createdAt" : "",
    view: parseIdsFromQuery(query, "view")[0] ?? 0,
  };
}

/** Converts a query to URL parameters. The caller adds other parameters, such as the open lead. */
export function buildListRouteParams(query: LeadListUrlQuery): URLSearchParams {
  const listRouteParams = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const id of value) listRouteParams.append(name, String(id));
    else if (value) listRouteParams.set(name, String(value));
  }
  return listRouteParams;
}

/** Converts a query to the parameters of `GET /leads`, without parameters that have the API's default. */
export function buildLeadFilter({
  status,
  business,
  archived,
  state,
  source,
  from,
  to,
  sort,
}: LeadListUrlQuery): LeadFilterParams {
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
export function buildQueryWithoutFilter(query: LeadListUrlQuery, name: FilterName): LeadListUrlQuery {
  const emptyFilterValues = { status: [], business: [], state: "" as const, source: "", archived: false };
  return name === "created" ? { ...query, from: "", to: "" } : { ...query, [name]: emptyFilterValues[name] };
}

export const buildQueryWithoutAnyFilter = (query: LeadListUrlQuery): LeadListUrlQuery =>
  FILTER_NAMES.reduce(buildQueryWithoutFilter, query);

export function getActiveFilterNames(query: LeadListUrlQuery): FilterName[] {
  return FILTER_NAMES.filter((name) => {
    if (name === "created") return query.from !== "" || query.to !== "";
    const filterValue = query[name];
    return Array.isArray(filterValue) ? filterValue.length > 0 : Boolean(filterValue);
  });
}

/** Returns the first day of a range of `days` days that ends today, in UTC. */
export const getFirstDayOfPeriodUntilToday = (days: number): string =>
  new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);

const CJK_CHARACTER_PATTERN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** Whether a text is long enough for the API's search: two characters, or one Chinese, Japanese or Korean character. */
export const isLongEnoughToSearch = (text: string): boolean =>
  Array.from(text).length > 1 || CJK_CHARACTER_PATTERN.test(text);

/** Whether a lead matches the filters, by the same rules as in the API. A search can only be decided by the API. */
export function matchesFilter(lead: LeadSummary | Lead, filter: LeadFilterParams): boolean {
  const acceptedStatusIds = filter.status as number[] | undefined;
  const acceptedBusinessIds = filter.business as number[] | undefined;
  const leadCreationIsoDay = lead.createdAt.slice(0, 10);
  return (
    lead.archived === (filter.archived ?? false) &&
    (!acceptedStatusIds || acceptedStatusIds.includes(lead.statusId)) &&
    (!acceptedBusinessIds || lead.business.some(({ id }) => acceptedBusinessIds.includes(id))) &&
    (!filter.state || lead.state === filter.state) &&
    (!filter.source || !("source" in lead) || lead.source === filter.source) &&
    (!filter.from || leadCreationIsoDay >= filter.from) &&
    (!filter.to || leadCreationIsoDay <= filter.to)
  );
}
