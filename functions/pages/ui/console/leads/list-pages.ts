// `LeadPages`: the leads of one list, read page by page and kept in memory.

import { type Signal, signal } from "@preact/signals";
import {
  api,
  getDataAndResponseOrThrow,
  type Lead,
  type LeadFilterParams,
  type LeadSummary,
  readPageOfLeads,
} from "../app/api";
import { getIsApiReachable, UnreachableError, watchApiReachability } from "../app/connection";

/** The largest page of `GET /leads` and of the search. */
export const MAX_LEADS_PER_PAGE = 100;
/** The first page is smaller than the others, to arrive sooner, but still fills a screen. */
const LEADS_ON_FIRST_PAGE = 50;
/** A reload reads at most this many leads. Scrolling reads the rest. */
const MAX_RELOADED_LEADS = 300;

/** A lead as the list shows it: a summary, with further fields if a column needs them. */
export type LeadForTable = LeadSummary & Partial<Pick<Lead, "source" | "position" | "location">>;

interface LeadListPage {
  items: LeadForTable[];
  count?: number;
  nextCursor?: string | undefined;
  isComplete?: boolean;
}

export interface LeadPagesOptions {
  filter: LeadFilterParams;
  /** Text of the search. Empty without a search. */
  search: string;
  /** Whether a shown column needs a field that `GET /leads` does not return. */
  needsWholeLeads: boolean;
}

/** Reads a page of the export, which returns complete leads in the order of the list. */
async function readExportPage(
  filter: LeadFilterParams,
  limit: number,
  cursor: string | undefined,
): Promise<LeadListPage> {
  const exportQueryParams = { ...filter, format: "ndjson" as const, limit, ...(cursor ? { cursor } : {}) };
  const { data = "", response } = await getDataAndResponseOrThrow(
    api.GET("/leads/export", { params: { query: exportQueryParams }, parseAs: "text" }),
  );
  const nextPageUrl = /<([^>]*)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  const nextCursor = nextPageUrl
    ? (new URL(nextPageUrl, location.origin).searchParams.get("cursor") ?? undefined)
    : undefined;
  const pageLeads = data
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Lead);
  return { items: pageLeads, nextCursor };
}

export class LeadPages {
  /** Grows with every change of the list, so that components which read this signal render again. */
  readonly listVersion: Signal<number> = signal(0);
  items: LeadForTable[] = [];
  count: number | undefined;
  error: unknown;
  isBusy = false;
  /** Whether the API searched all leads. False if a search ended early. */
  isComplete = true;
  /** Leads that were deleted or no longer match the filters. Their rows stay until the list is read again. */
  readonly departedLeads = new Map<number, "deleted" | "left">();
  #cursor: string | undefined;
  #hasStarted = false;
  #target = 0;
  #run = 0;
  #rowIndexById = new Map<number, number>();

  constructor(readonly source: LeadPagesOptions) {}

  /** Retries a failed read when the API becomes reachable again. Returns the callback that stops watching. */
  watchConnection(): () => void {
    return watchApiReachability((reachable) => {
      if (reachable && this.error instanceof UnreachableError) this.retry();
    });
  }

  get hasMore(): boolean {
    return !this.#hasStarted || this.#cursor !== undefined;
  }

  /** Number of rows of the list, including rows that are not read yet. */
  get length(): number {
    return this.hasMore ? Math.max(this.count ?? 0, this.items.length) : this.items.length;
  }

  rowIndexOf(id: number): number | undefined {
    return this.#rowIndexById.get(id);
  }

  getLead(id: number): LeadForTable | undefined {
    const rowIndex = this.#rowIndexById.get(id);
    return rowIndex === undefined ? undefined : this.items[rowIndex];
  }

  notifyChange(): void {
    this.listVersion.value += 1;
  }

  #setItems(items: LeadForTable[]): void {
    this.items = items;
    this.#rowIndexById = new Map(items.map(({ id }, position) => [id, position]));
  }

  async #readPage(cursor: string | undefined, limit: number): Promise<LeadListPage> {
    const { filter, search, needsWholeLeads } = this.source;
    if (search) {
      const searchQueryParams = { search, limit: MAX_LEADS_PER_PAGE, ...filter };
      const { data, response } = await getDataAndResponseOrThrow(
        api.GET("/leads/search", { params: { query: searchQueryParams } }),
      );
      const isSearchComplete = response.headers.get("search-complete") !== "false";
      return { items: data, count: data.length, isComplete: isSearchComplete };
    }
    if (!needsWholeLeads) return readPageOfLeads({ ...filter, limit }, cursor);
    const countRequest =
      cursor === undefined ? readPageOfLeads({ ...filter, limit: 1 }, undefined) : { count: this.count ?? 0 };
    const [exportPage, { count }] = await Promise.all([readExportPage(filter, limit, cursor), countRequest]);
    return { ...exportPage, count };
  }

  /** Reads pages until the list has `length` leads or is complete. Resolves then, and also when a page could not be read. */
  async readUntil(length: number): Promise<void> {
    this.#target = Math.max(this.#target, length);
    if (this.isBusy || this.error) return;
    const reloadSerialNumber = this.#run;
    this.isBusy = true;
    this.notifyChange();
    try {
      while (this.hasMore && this.items.length < this.#target) {
        const listPage = await this.#readPage(
          this.#cursor,
          this.#hasStarted ? MAX_LEADS_PER_PAGE : LEADS_ON_FIRST_PAGE,
        );
        if (reloadSerialNumber !== this.#run) return;
        this.#hasStarted = true;
        this.#cursor = listPage.nextCursor;
        if (listPage.count !== undefined) this.count = listPage.count;
        this.isComplete = listPage.isComplete ?? true;
        // An event may have inserted a lead of this page during the request. Such a lead is not added again.
        const leadsNotYetListed = listPage.items.filter(({ id }) => !this.#rowIndexById.has(id));
        for (const leadNotYetListed of leadsNotYetListed)
          this.#rowIndexById.set(leadNotYetListed.id, this.items.push(leadNotYetListed) - 1);
        this.notifyChange();
      }
    } catch (error) {
      if (reloadSerialNumber === this.#run) this.error = error;
    }
    if (reloadSerialNumber !== this.#run) return;
    this.isBusy = false;
    this.notifyChange();
  }

  /** Reads all leads of the list. Throws if a page cannot be read; the pages before it are kept. */
  async readAll(): Promise<void> {
    this.error = undefined;
    while (this.hasMore) {
      if (this.error) throw this.error;
      const reloadSerialNumber = this.#run;
      if (this.isBusy) {
        this.#target = Number.POSITIVE_INFINITY;
        await new Promise<void>((resolve) => {
          const unsubscribeFromListVersion = this.listVersion.subscribe(() => {
            if (this.isBusy && reloadSerialNumber === this.#run) return;
            // `subscribe` calls this listener at once, before `unsubscribeFromListVersion` is assigned, so that
            // function is called in a microtask.
            queueMicrotask(() => unsubscribeFromListVersion());
            resolve();
          });
        });
      } else {
        await this.readUntil(Number.POSITIVE_INFINITY);
      }
    }
  }

  retry(): void {
    this.error = undefined;
    this.readUntil(this.#target);
  }

  /** Reads the list again from the first page. The current rows are shown until then. */
  async reload(): Promise<void> {
    this.#run += 1;
    const reloadSerialNumber = this.#run;
    this.isBusy = true;
    this.error = undefined;
    this.notifyChange();
    const leadCountToReload = Math.min(this.items.length, MAX_RELOADED_LEADS);
    try {
      const reloadedLeads: LeadForTable[] = [];
      let listPage: LeadListPage;
      let cursor: string | undefined;
      do {
        listPage = await this.#readPage(cursor, reloadedLeads.length > 0 ? MAX_LEADS_PER_PAGE : LEADS_ON_FIRST_PAGE);
        if (reloadSerialNumber !== this.#run) return;
        reloadedLeads.push(...listPage.items);
        cursor = listPage.nextCursor;
      } while (cursor && reloadedLeads.length < leadCountToReload);
      this.#hasStarted = true;
      this.#cursor = cursor;
      this.#target = Math.min(this.#target, reloadedLeads.length);
      this.count = listPage.count;
      this.isComplete = listPage.isComplete ?? true;
      this.departedLeads.clear();
      this.#setItems(reloadedLeads);
    } catch (error) {
      if (reloadSerialNumber === this.#run) this.error = error;
    }
    if (reloadSerialNumber !== this.#run) return;
    this.isBusy = false;
    this.notifyChange();
  }

  /** Changes leads without changing their rows' order. */
  updateLeads(ids: Iterable<number>, change: (lead: LeadForTable) => LeadForTable): void {
    for (const id of ids) {
      const rowIndex = this.#rowIndexById.get(id);
      const leadToUpdate = rowIndex === undefined ? undefined : this.items[rowIndex];
      if (leadToUpdate && rowIndex !== undefined) this.items[rowIndex] = change(leadToUpdate);
    }
    this.notifyChange();
  }

  /** Removes leads from the list. */
  removeLeads(ids: Iterable<number>): void {
    const removedLeadIds = new Set(ids);
    const remainingLeads = this.items.filter(({ id }) => !removedLeadIds.has(id));
    if (this.count !== undefined) this.count -= this.items.length - remainingLeads.length;
    for (const id of removedLeadIds) this.departedLeads.delete(id);
    this.#setItems(remainingLeads);
    this.notifyChange();
  }

  /** Inserts leads in the list's order. A lead beyond the last page that was read is only counted. */
  insertLeads(leads: LeadForTable[]): void {
    const sortDirectionSign = this.source.filter.sort === "createdAt" ? 1 : -1;
    const compareLeadsByCreationTime = (one: LeadForTable, other: LeadForTable) =>
      sortDirectionSign * (one.createdAt.localeCompare(other.createdAt) || one.id - other.id);
    const leadsNotYetListed = leads.filter(({ id }) => !this.#rowIndexById.has(id));
    const lastLoadedLead = this.items.at(-1);
    const leadsBeforeLastLoaded = leadsNotYetListed.filter(
      (lead) => !this.hasMore || (lastLoadedLead && compareLeadsByCreationTime(lead, lastLoadedLead) < 0),
    );
    this.#setItems([...this.items, ...leadsBeforeLastLoaded].sort(compareLeadsByCreationTime));
    if (this.count !== undefined) this.count += leadsNotYetListed.length;
    this.notifyChange();
  }

  /**
   * Reads the number of leads again. An event does not say whether its lead was in the list before, so events cannot
   * update the count.
   */
  async recount(): Promise<void> {
    if (this.source.search || !getIsApiReachable()) return;
    const reloadSerialNumber = this.#run;
    const { count } = await readPageOfLeads({ ...this.source.filter, limit: 1 }, undefined).catch(() => ({
      count: undefined,
    }));
    if (count === undefined || reloadSerialNumber !== this.#run) return;
    this.count = count;
    this.notifyChange();
  }
}
