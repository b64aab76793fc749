// `LeadPages`: the leads of one list, read page by page and kept in memory.

import { type Signal, signal } from "@preact/signals";
import { api, type Lead, type LeadFilter, type LeadSummary, readLeadPage, unwrapResponse } from "../app/api";
import { isReachable, UnreachableError, watchReachable } from "../app/connection";

/** The largest page of `GET /leads` and of the search. */
export const MAX_PAGE_LEADS = 100;
/** The first page is smaller, so that it arrives sooner. It still fills a screen. */
const FIRST_PAGE_LEADS = 50;
/** A reload reads at most this many leads. Scrolling reads the rest. */
const MAX_RELOADED_LEADS = 300;

/** A lead as the list shows it: a summary, with further fields if a column needs them. */
export type Row = LeadSummary & Partial<Pick<Lead, "source" | "position" | "location">>;

interface Page {
  items: Row[];
  count?: number;
  nextCursor?: string | undefined;
  isComplete?: boolean;
}

export interface ListSource {
  filter: LeadFilter;
  /** Text of the search. Empty without a search. */
  search: string;
  /** Whether a shown column needs a field that `GET /leads` does not return. */
  needsWholeLeads: boolean;
}

/** Reads a page of the export, which returns complete leads in the order of the list. */
async function exportedPage(filter: LeadFilter, limit: number, cursor: string | undefined): Promise<Page> {
  const query = { ...filter, format: "ndjson" as const, limit, ...(cursor ? { cursor } : {}) };
  const { data = "", response } = await unwrapResponse(
    api.GET("/leads/export", { params: { query }, parseAs: "text" }),
  );
  const next = /<([^>]*)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  const nextCursor = next ? (new URL(next, location.origin).searchParams.get("cursor") ?? undefined) : undefined;
  const items = data
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Lead);
  return { items, nextCursor };
}

export class LeadPages {
  /** Grows with every change of the list, so that components which read this signal render again. */
  readonly version: Signal<number> = signal(0);
  items: Row[] = [];
  count: number | undefined;
  error: unknown;
  isBusy = false;
  /** Whether the API searched all leads. False if a search ended early. */
  isComplete = true;
  /** Leads that no longer belong to the list but are shown until it is read again. */
  readonly gone = new Map<number, "deleted" | "left">();
  #cursor: string | undefined;
  #hasStarted = false;
  #target = 0;
  #run = 0;
  #positions = new Map<number, number>();

  constructor(readonly source: ListSource) {}

  /** Retries a failed read when the API becomes reachable again. Returns the function that stops watching. */
  watchConnection(): () => void {
    return watchReachable((reachable) => {
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

  positionOf(id: number): number | undefined {
    return this.#positions.get(id);
  }

  get(id: number): Row | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.items[position];
  }

  changed(): void {
    this.version.value += 1;
  }

  #setItems(items: Row[]): void {
    this.items = items;
    this.#positions = new Map(items.map(({ id }, position) => [id, position]));
  }

  async #readPage(cursor: string | undefined, limit: number): Promise<Page> {
    const { filter, search, needsWholeLeads } = this.source;
    if (search) {
      const query = { search, limit: MAX_PAGE_LEADS, ...filter };
      const { data, response } = await unwrapResponse(api.GET("/leads/search", { params: { query } }));
      const isComplete = response.headers.get("search-complete") !== "false";
      return { items: data, count: data.length, isComplete };
    }
    if (!needsWholeLeads) return readLeadPage({ ...filter, limit }, cursor);
    const counted =
      cursor === undefined ? readLeadPage({ ...filter, limit: 1 }, undefined) : { count: this.count ?? 0 };
    const [page, { count }] = await Promise.all([exportedPage(filter, limit, cursor), counted]);
    return { ...page, count };
  }

  /** Reads pages until the list has `length` leads or is complete. Resolves then, and also when a page could not be read. */
  async readUntil(length: number): Promise<void> {
    this.#target = Math.max(this.#target, length);
    if (this.isBusy || this.error) return;
    const run = this.#run;
    this.isBusy = true;
    this.changed();
    try {
      while (this.hasMore && this.items.length < this.#target) {
        const page = await this.#readPage(this.#cursor, this.#hasStarted ? MAX_PAGE_LEADS : FIRST_PAGE_LEADS);
        if (run !== this.#run) return;
        this.#hasStarted = true;
        this.#cursor = page.nextCursor;
        if (page.count !== undefined) this.count = page.count;
        this.isComplete = page.isComplete ?? true;
        // A lead that an event has inserted during the request is not added twice.
        const fresh = page.items.filter(({ id }) => !this.#positions.has(id));
        for (const lead of fresh) this.#positions.set(lead.id, this.items.push(lead) - 1);
        this.changed();
      }
    } catch (error) {
      if (run === this.#run) this.error = error;
    }
    if (run !== this.#run) return;
    this.isBusy = false;
    this.changed();
  }

  /** Reads all leads of the list. Throws if a page cannot be read; the pages before it are kept. */
  async readAll(): Promise<void> {
    this.error = undefined;
    while (this.hasMore) {
      if (this.error) throw this.error;
      const run = this.#run;
      if (this.isBusy) {
        this.#target = Number.POSITIVE_INFINITY;
        await new Promise<void>((resolve) => {
          const stop = this.version.subscribe(() => {
            if (this.isBusy && run === this.#run) return;
            // `subscribe` calls this function at once, before `stop` is assigned.
            queueMicrotask(() => stop());
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
    const run = this.#run;
    this.isBusy = true;
    this.error = undefined;
    this.changed();
    const wanted = Math.min(this.items.length, MAX_RELOADED_LEADS);
    try {
      const items: Row[] = [];
      let page: Page;
      let cursor: string | undefined;
      do {
        page = await this.#readPage(cursor, items.length > 0 ? MAX_PAGE_LEADS : FIRST_PAGE_LEADS);
        if (run !== this.#run) return;
        items.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor && items.length < wanted);
      this.#hasStarted = true;
      this.#cursor = cursor;
      this.#target = Math.min(this.#target, items.length);
      this.count = page.count;
      this.isComplete = page.isComplete ?? true;
      this.gone.clear();
      this.#setItems(items);
    } catch (error) {
      if (run === this.#run) this.error = error;
    }
    if (run !== this.#run) return;
    this.isBusy = false;
    this.changed();
  }

  /** Changes leads without changing their rows' order. */
  update(ids: Iterable<number>, change: (lead: Row) => Row): void {
    for (const id of ids) {
      const position = this.#positions.get(id);
      const lead = position === undefined ? undefined : this.items[position];
      if (lead && position !== undefined) this.items[position] = change(lead);
    }
    this.changed();
  }

  /** Removes leads from the list. */
  remove(ids: Iterable<number>): void {
    const removed = new Set(ids);
    const items = this.items.filter(({ id }) => !removed.has(id));
    if (this.count !== undefined) this.count -= this.items.length - items.length;
    for (const id of removed) this.gone.delete(id);
    this.#setItems(items);
    this.changed();
  }

  /** Inserts leads in the list's order. A lead beyond the last page that was read is only counted. */
  insert(leads: Row[]): void {
    const direction = this.source.filter.sort === "createdAt" ? 1 : -1;
    const order = (one: Row, other: Row) =>
      direction * (one.createdAt.localeCompare(other.createdAt) || one.id - other.id);
    const fresh = leads.filter(({ id }) => !this.#positions.has(id));
    const last = this.items.at(-1);
    const within = fresh.filter((lead) => !this.hasMore || (last && order(lead, last) < 0));
    this.#setItems([...this.items, ...within].sort(order));
    if (this.count !== undefined) this.count += fresh.length;
    this.changed();
  }

  /**
   * Reads the number of leads again. Events do not say whether a lead was in the list before, so the count cannot be derived
   * from them.
   */
  async recount(): Promise<void> {
    if (this.source.search || !isReachable()) return;
    const run = this.#run;
    const { count } = await readLeadPage({ ...this.source.filter, limit: 1 }, undefined).catch(() => ({
      count: undefined,
    }));
    if (count === undefined || run !== this.#run) return;
    this.count = count;
    this.changed();
  }
}
