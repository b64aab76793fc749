// The list screen: search, filters, saved views, the table of leads, and actions on selected leads.

import "../app/first-view";
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api, describeError, type Event, type LeadFilter, RequestError, type Status, unwrap } from "../app/api";
import { replaceQuery, useRoute } from "../app/route";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import { ErrorNote } from "../ui/loading";
import { EmptyState, ErrorPlaceholder, NoMatches } from "../ui/states";
import { formatCount } from "../ui/time";
import { notify, reportFailure } from "../ui/toast";
import { BulkBar, BulkProgress } from "./bulk";
import { BulkActions, countLeads } from "./bulk-actions";
import {
  type Column,
  ColumnMenu,
  chooseColumns,
  chosenColumns,
  DEFAULT_COLUMNS,
  needWholeLeads,
  validColumns,
} from "./columns";
import { Export } from "./export";
import { FilterChips, FilterMenu } from "./filters";
import { useLeadChanges } from "./lead-changes";
import { LeadPages, type Row } from "./list-pages";
import {
  activeFilters,
  isSearchable,
  type ListQuery,
  leadFilter,
  matchesFilter,
  readListQuery,
  withoutFilters,
  writeListQuery,
} from "./list-query";
import { Selection } from "./list-selection";
import { LeadTable, type TableHandle } from "./list-table";
import { leadOrder, openLeadId } from "./open-lead";
import { useViewOfAddress, ViewTabs } from "./views";
import { views } from "./views-api";

/** The search is sent when nothing was typed for this long. */
const SEARCH_PAUSE_MS = 200;
/** After events, the number of leads is read again once they have paused for this long. */
const RECOUNT_PAUSE_MS = 500;

/** The list that was shown last, so that Back restores its rows and scroll position. */
let left: { key: string; pages: LeadPages; top: number } | undefined;

/** Returns `text` once it has been unchanged for `SEARCH_PAUSE_MS`. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    if (text === settled) return undefined;
    const timer = setTimeout(() => setSettled(text), text === "" ? 0 : SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, settled]);
  return settled;
}

export function List(): JSX.Element {
  const route = useRoute();
  const address = route.query.toString();
  const query = useMemo(() => readListQuery(route.query), [address]);
  const openId = openLeadId(route);
  const { mayWrite, businesses } = useTeam();
  const view = views.value?.find(({ id }) => id === query.view);
  const columns = chosenColumns(query.view) ?? (view ? validColumns(view.columns) : [...DEFAULT_COLUMNS]);
  const [isExporting, setIsExporting] = useState(false);
  const searchField = useRef<HTMLInputElement>(null);

  const put = (next: ListQuery) => {
    const written = writeListQuery(next);
    if (openId) written.set("lead", String(openId));
    replaceQuery(written);
  };
  const change = (by: Partial<ListQuery>) => put({ ...query, ...by });
  const clear = () => put({ ...withoutFilters(query), search: "", view: 0 });
  useViewOfAddress(query, put);

  const typed = query.search.trim();
  const isShort = typed !== "" && !isSearchable(typed);
  const search = useSettled(isShort ? "" : typed);
  const filter = useMemo(() => leadFilter(query), [address]);
  const needsWholeLeads = needWholeLeads(columns);
  const key = JSON.stringify([filter, search, needsWholeLeads]);
  const pages = useMemo(() => {
    if (left?.key === key) return left.pages;
    return new LeadPages({ filter, search, needsWholeLeads });
  }, [key]);
  const selection = useMemo(() => new Selection(pages), [pages]);
  const actions = useMemo(() => new BulkActions(pages, selection), [pages]);
  pages.version.value;

  useShortcut("/", () => searchField.current?.focus(), "Search this view");
  const chips = activeFilters(query);
  const found = countText(pages, search);
  return (
    <>
      <header class="head">
        <div>
          <h1>Leads</h1>
          <ViewTabs layout="table" query={query} columns={columns} />
          <span class="push" />
          <button
            type="button"
            class="btn ghost wide"
            disabled={search !== ""}
            title={search ? "A search cannot be exported: filter instead" : undefined}
            onClick={() => setIsExporting(true)}
          >
            <Icon name="download" />
            Export
          </button>
          {mayWrite ? (
            <a class="btn primary" href="#/new" aria-label="New lead" aria-keyshortcuts="c">
              <Icon name="plus" />
              <span class="wide">New lead</span>
            </a>
          ) : null}
        </div>
        <search class="bar">
          <div class="search">
            <Icon name="search" />
            <input
              ref={searchField}
              class="input"
              type="search"
              placeholder="Search this view"
              aria-label="Search this view"
              aria-keyshortcuts="/"
              value={query.search}
              onInput={({ currentTarget }) => change({ search: currentTarget.value })}
              onKeyDown={(event) => {
                if (event.key !== "Escape") return;
                event.preventDefault();
                if (query.search) change({ search: "" });
                else event.currentTarget.blur();
              }}
            />
          </div>
          <FilterChips query={query} change={change} />
          <FilterMenu query={query} change={change} found={found} clear={clear} />
          {chips.length > 0 || typed ? (
            <button type="button" class="btn ghost wide" onClick={clear}>
              Clear
            </button>
          ) : null}
          <span class="push" />
          <span class="count num wide" role="status">
            {isShort ? "Type one more character to search" : found}
          </span>
          <ColumnMenu chosen={columns} choose={(chosen) => chooseColumns(query.view, chosen)} />
        </search>
      </header>
      <Rows
        key={key}
        {...{ pages, selection, actions, query, columns, openId, filter }}
        listKey={key}
        onSort={() => change({ sort: query.sort ? "" : "createdAt" })}
        onClear={clear}
        hasBusinesses={businesses.length > 0}
      />
      <BulkProgress />
      {isExporting ? <Export filter={filter} onClose={() => setIsExporting(false)} /> : null}
    </>
  );
}

function countText(pages: LeadPages, search: string): string {
  const { count, isComplete } = pages;
  if (count === undefined) return "";
  if (!search) return countLeads(count);
  const more = count >= 100 ? " or more" : "";
  return `${formatCount(count)}${more} found${isComplete ? "" : ". Not everything was read: another word narrows it"}`;
}

interface RowsProps {
  pages: LeadPages;
  selection: Selection;
  actions: BulkActions;
  query: ListQuery;
  columns: Column[];
  openId: number | undefined;
  filter: LeadFilter;
  listKey: string;
  onSort: () => void;
  onClear: () => void;
  hasBusinesses: boolean;
}

/**
 * The pending move of each lead, by the lead's id. The next move of the same lead waits for it, so that moves are written in
 * order.
 */
const moving = new Map<number, Promise<unknown>>();

function Rows({ pages, selection, actions, query, columns, openId, listKey, onSort, onClear }: RowsProps): JSX.Element {
  const { mayWrite, statuses } = useTeam();
  const handle = useRef<TableHandle>(null);
  useFollow(pages, selection, handle);

  useEffect(() => {
    const isBack = left?.key === listKey && left.pages === pages;
    const top = isBack ? (left?.top ?? 0) : 0;
    if (isBack) handle.current?.scrollTo(top);
    // A restored list has missed the events since it was left, so it is read again.
    if (isBack) pages.reload().then(() => handle.current?.scrollTo(top));
    else pages.readUntil(1);
    const stop = pages.watchConnection();
    let last = top;
    const onScroll = () => {
      last = handle.current?.scrollTop() ?? last;
    };
    addEventListener("scroll", onScroll, { capture: true, passive: true });
    return () => {
      stop();
      removeEventListener("scroll", onScroll, { capture: true });
      left = { key: listKey, pages, top: last };
    };
  }, []);

  useEffect(() => {
    leadOrder.value = pages.items.map(({ id }) => id);
  }, [pages.items, pages.items.length]);

  // When the panel is closed, the focus returns to the row of its lead.
  const opened = useRef(openId);
  useEffect(() => {
    const before = opened.current;
    opened.current = openId;
    if (before === undefined || openId !== undefined) return;
    const position = pages.positionOf(before);
    const isLost = document.activeElement === null || document.activeElement.matches("body, main");
    if (position !== undefined && isLost) handle.current?.focusRow(position);
  }, [openId]);

  const move = (lead: Row, to: Status) => moveOne(pages, lead, to, statuses);

  const current = (): number | undefined => openId ?? handle.current?.currentId();
  const walk = (by: number) => {
    if (openId !== undefined) return false;
    const id = handle.current?.currentId();
    const position = id === undefined ? undefined : pages.positionOf(id);
    const next = position === undefined ? 0 : position + by;
    if (next < 0 || next >= pages.items.length) return true;
    handle.current?.focusRow(next);
    return true;
  };
  useShortcut("j", () => walk(1), "Next lead");
  useShortcut("k", () => walk(-1), "Previous lead");
  const select = (range: boolean) => {
    const id = current();
    if (id === undefined || pages.positionOf(id) === undefined) return false;
    selection.toggle(id, range);
    return true;
  };
  useShortcut("x", mayWrite ? () => select(false) : undefined, "Select");
  useShortcut("shift+x", mayWrite ? () => select(true) : undefined, "Select up to here");
  useShortcut(
    "e",
    mayWrite
      ? () => {
          if (selection.size > 0) return actions.archive(!query.archived);
          const id = current();
          const position = id === undefined ? undefined : pages.positionOf(id);
          const lead = id === undefined ? undefined : pages.get(id);
          if (!lead || position === undefined || openId !== undefined) return false;
          return actions.archive(!lead.archived, [lead]).then(() => {
            if (pages.items.length > 0) handle.current?.focusRow(Math.min(position, pages.items.length - 1));
          });
        }
      : undefined,
    query.archived ? "Restore" : "Archive",
  );
  useShortcut(
    "s",
    mayWrite
      ? () => {
          if (selection.size > 0) {
            return document.querySelector<HTMLElement>('.bulk [aria-haspopup="listbox"]')?.click();
          }
          const id = current();
          if (id === undefined || openId !== undefined) return false;
          return handle.current?.openStatusMenu(id);
        }
      : undefined,
    "Change status",
  );
  useShortcut("Escape", selection.size > 0 ? () => selection.clear() : undefined, "Clear the selection");

  const isEmpty = !pages.hasMore && pages.items.length === 0;
  const { error } = pages;
  const isNarrowed = activeFilters(query).length > 0 || query.search.trim() !== "";
  if (error && pages.items.length === 0) {
    if (pages.source.search && error instanceof RequestError && error.status === 400) {
      return <Nothing text={describeError(error)} onClear={onClear} />;
    }
    return (
      <div class="scroll">
        <ErrorPlaceholder title="The leads could not be read" error={error} retry={() => pages.retry()} />
      </div>
    );
  }
  if (isEmpty && isNarrowed) return <Nothing text="No lead has all that is searched and filtered." onClear={onClear} />;
  if (isEmpty) return <NoLeads mayWrite={mayWrite} />;
  return (
    <>
      <LeadTable {...{ pages, selection, openId, onSort, handle }} chosen={columns} sort={query.sort} onMove={move} />
      {error ? (
        <div class="list-failure">
          <ErrorNote title="The next leads could not be read" error={error} retry={() => pages.retry()} />
        </div>
      ) : null}
      <Arrivals pages={pages} handle={handle} />
      {mayWrite ? (
        <section class="floor" aria-label="Selection">
          <BulkBar actions={actions} archived={query.archived} />
        </section>
      ) : null}
    </>
  );
}

function Nothing({ text, onClear }: { text: string; onClear: () => void }): JSX.Element {
  return (
    <div class="scroll">
      <NoMatches text={text} onClear={onClear} />
    </div>
  );
}

function NoLeads({ mayWrite }: { mayWrite: boolean }): JSX.Element {
  return (
    <div class="scroll">
      <EmptyState
        icon="inbox"
        title="No leads yet"
        text={
          mayWrite
            ? "Bring a list, connect your website’s form, or write the first one down."
            : "They appear here as soon as somebody adds one."
        }
      >
        {mayWrite ? (
          <>
            <a class="btn primary" href="#/import">
              Import a list
            </a>
            <a class="btn" href="#/new">
              New lead
            </a>
          </>
        ) : null}
      </EmptyState>
    </div>
  );
}

/** Moves one lead. The list shows the new status at once, and the old one again if the request fails. */
async function moveOne(pages: LeadPages, lead: Row, to: Status, statuses: Status[]): Promise<void> {
  const name = fullName(lead);
  const from = { id: lead.statusId, name: lead.status };
  const show = (status: { id: number; name: string }) =>
    pages.update([lead.id], (shown) => ({ ...shown, statusId: status.id, status: status.name }));
  const write = async (statusId: number) => {
    const before = moving.get(lead.id) ?? Promise.resolve();
    const written = before
      .catch(() => undefined)
      .then(() => unwrap(api.PUT("/leads/change-status", { body: { ids: [lead.id], statusId } })));
    moving.set(lead.id, written);
    try {
      await written;
    } finally {
      if (moving.get(lead.id) === written) moving.delete(lead.id);
    }
  };
  show(to);
  try {
    await write(to.id);
  } catch (error) {
    // If a later move of the lead is pending, it decides the shown status.
    if (!moving.has(lead.id)) show(from);
    reportFailure(`${name} was not moved to ${to.name}. ${describeError(error)}`);
    return;
  }
  markLeft(pages, lead.id);
  const back = statuses.find(({ id }) => id === from.id);
  notify(`${name} moved to ${to.name}`, {
    undo: async () => {
      await write(from.id);
      show(back ?? from);
      markLeft(pages, lead.id);
    },
  });
}

/** Marks a lead that no longer matches the filters. It keeps its row until the list is read again. */
function markLeft(pages: LeadPages, id: number): void {
  const lead = pages.get(id);
  if (!lead || pages.source.search) return;
  const matches = matchesFilter(lead, pages.source.filter);
  if (matches === !pages.gone.has(id)) return;
  if (matches) pages.gone.delete(id);
  else pages.gone.set(id, "left");
  pages.changed();
  pages.recount();
}

/** New leads that match the filters and are not in the list yet, by id. */
const waiting = signal<ReadonlyMap<number, Row>>(new Map());

/** Applies events from the feed: updates rows in place, and inserts new leads only if that moves no row under the pointer. */
function useFollow(pages: LeadPages, selection: Selection, handle: { current: TableHandle | null }): void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    waiting.value = new Map();
    return () => clearTimeout(timer.current);
  }, []);
  const heard = (events: Event[]) => {
    const { filter, search } = pages.source;
    const arrived = new Map(waiting.peek());
    for (const { type, leadId, lead } of events) {
      if (type.startsWith("comment.")) continue;
      const shown = pages.get(leadId);
      if (type === "lead.deleted") {
        arrived.delete(leadId);
        if (shown) pages.gone.set(leadId, "deleted");
      } else if (lead && shown) {
        // Events carry no photo URL. The known URL stays valid while the photo is the same.
        const photoUrl = lead.photo === shown.photo ? shown.photoUrl : undefined;
        pages.update([leadId], () => ({ ...lead, ...(photoUrl ? { photoUrl } : {}) }));
        const matches = search ? !lead.archived || Boolean(filter.archived) : matchesFilter(lead, filter);
        if (matches) pages.gone.delete(leadId);
        else pages.gone.set(leadId, "left");
      } else if (lead && !search) {
        if (matchesFilter(lead, filter)) arrived.set(leadId, lead);
        else arrived.delete(leadId);
      }
    }
    pages.changed();
    clearTimeout(timer.current);
    timer.current = setTimeout(() => pages.recount(), RECOUNT_PAUSE_MS);
    const table = handle.current;
    const mayInsert = selection.size === 0 && !table?.isInUse() && (table?.scrollTop() ?? 0) === 0;
    if (mayInsert && arrived.size > 0) {
      pages.insert([...arrived.values()]);
      waiting.value = new Map();
    } else {
      waiting.value = arrived;
    }
  };
  useLeadChanges(heard, () => pages.reload(), { readsLater: true });
}

function Arrivals({
  pages,
  handle,
}: {
  pages: LeadPages;
  handle: { current: TableHandle | null };
}): JSX.Element | null {
  const count = [...waiting.value.keys()].filter((id) => pages.positionOf(id) === undefined).length;
  if (count === 0) return null;
  const show = async () => {
    await pages.reload();
    waiting.value = new Map();
    handle.current?.scrollTo(0);
  };
  return (
    <div class="arrivals" role="status">
      <button type="button" class="btn little" onClick={show}>
        <Icon name="arrow-up" />
        {count === 1 ? "1 new lead" : `${formatCount(count)} new leads`}
      </button>
    </div>
  );
}
