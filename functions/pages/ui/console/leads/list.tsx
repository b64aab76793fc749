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
import { BulkActions, formatLeadCount } from "./bulk-actions";
import {
  type Column,
  ColumnMenu,
  DEFAULT_COLUMNS,
  filterColumns,
  needWholeLeads,
  readChosenColumns,
  storeChosenColumns,
} from "./columns";
import { ExportDialog } from "./export";
import { FilterChips, FilterMenu } from "./filters";
import { useLeadChanges } from "./lead-changes";
import { LeadPages, type ListLead } from "./list-pages";
import {
  buildLeadFilter,
  isSearchable,
  type ListQuery,
  listActiveFilters,
  matchesFilter,
  readListQuery,
  removeFilters,
  writeListQuery,
} from "./list-query";
import { Selection } from "./list-selection";
import { LeadTable, type TableHandle } from "./list-table";
import { openLeadId, orderedLeadIds } from "./open-lead";
import { useViewFromUrl, ViewTabs } from "./views";
import { views } from "./views-api";

/** The search is sent when nothing was typed for this long. */
const SEARCH_PAUSE_MS = 200;
/** The number of leads is read again when no event has arrived for this long. */
const RECOUNT_PAUSE_MS = 500;

/** The list that was shown last, so that Back restores its rows and scroll position. */
let lastShownList: { key: string; pages: LeadPages; top: number } | undefined;

/** Returns `text` once it has been unchanged for `SEARCH_PAUSE_MS`. */
function useDebounced(text: string): string {
  const [debouncedText, setDebouncedText] = useState(text);
  useEffect(() => {
    if (text === debouncedText) return undefined;
    const timer = setTimeout(() => setDebouncedText(text), text === "" ? 0 : SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, debouncedText]);
  return debouncedText;
}

export function List(): JSX.Element {
  const route = useRoute();
  const queryString = route.query.toString();
  const query = useMemo(() => readListQuery(route.query), [queryString]);
  const openId = openLeadId(route);
  const { mayWrite, businesses } = useTeam();
  const currentView = views.value?.find(({ id }) => id === query.view);
  const columns =
    readChosenColumns(query.view) ?? (currentView ? filterColumns(currentView.columns) : [...DEFAULT_COLUMNS]);
  const [isExporting, setIsExporting] = useState(false);
  const searchInputRef = useRef<HTMLInputElement>(null);

  const showQuery = (next: ListQuery) => {
    const urlParams = writeListQuery(next);
    if (openId) urlParams.set("lead", String(openId));
    replaceQuery(urlParams);
  };
  const changeQuery = (by: Partial<ListQuery>) => showQuery({ ...query, ...by });
  const clearQuery = () => showQuery({ ...removeFilters(query), search: "", view: 0 });
  useViewFromUrl(query, showQuery);

  const typedSearch = query.search.trim();
  const isSearchTooShort = typedSearch !== "" && !isSearchable(typedSearch);
  const search = useDebounced(isSearchTooShort ? "" : typedSearch);
  const filter = useMemo(() => buildLeadFilter(query), [queryString]);
  const needsWholeLeads = needWholeLeads(columns);
  const key = JSON.stringify([filter, search, needsWholeLeads]);
  const pages = useMemo(() => {
    if (lastShownList?.key === key) return lastShownList.pages;
    return new LeadPages({ filter, search, needsWholeLeads });
  }, [key]);
  const selection = useMemo(() => new Selection(pages), [pages]);
  const actions = useMemo(() => new BulkActions(pages, selection), [pages]);
  pages.listVersion.value;

  useShortcut("/", () => searchInputRef.current?.focus(), "Search this view");
  const activeFilterNames = listActiveFilters(query);
  const resultCountText = formatResultCount(pages, search);
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
              ref={searchInputRef}
              class="input"
              type="search"
              placeholder="Search this view"
              aria-label="Search this view"
              aria-keyshortcuts="/"
              value={query.search}
              onInput={({ currentTarget }) => changeQuery({ search: currentTarget.value })}
              onKeyDown={(event) => {
                if (event.key !== "Escape") return;
                event.preventDefault();
                if (query.search) changeQuery({ search: "" });
                else event.currentTarget.blur();
              }}
            />
          </div>
          <FilterChips query={query} changeQuery={changeQuery} />
          <FilterMenu query={query} changeQuery={changeQuery} countText={resultCountText} clear={clearQuery} />
          {activeFilterNames.length > 0 || typedSearch ? (
            <button type="button" class="btn ghost wide" onClick={clearQuery}>
              Clear
            </button>
          ) : null}
          <span class="push" />
          <span class="count num wide" role="status">
            {isSearchTooShort ? "Type one more character to search" : resultCountText}
          </span>
          <ColumnMenu chosen={columns} onChoose={(chosen) => storeChosenColumns(query.view, chosen)} />
        </search>
      </header>
      <ListRows
        key={key}
        {...{ pages, selection, actions, query, columns, openId, filter }}
        listKey={key}
        onSort={() => changeQuery({ sort: query.sort ? "" : "createdAt" })}
        onClear={clearQuery}
        hasBusinesses={businesses.length > 0}
      />
      <BulkProgress />
      {isExporting ? <ExportDialog filter={filter} onClose={() => setIsExporting(false)} /> : null}
    </>
  );
}

function formatResultCount(pages: LeadPages, search: string): string {
  const { count, isComplete } = pages;
  if (count === undefined) return "";
  if (!search) return formatLeadCount(count);
  const moreSuffix = count >= 100 ? " or more" : "";
  return `${formatCount(count)}${moreSuffix} found${isComplete ? "" : ". Not everything was read: another word narrows it"}`;
}

interface ListRowsProps {
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
const pendingMoves = new Map<number, Promise<unknown>>();

function ListRows({
  pages,
  selection,
  actions,
  query,
  columns,
  openId,
  listKey,
  onSort,
  onClear,
}: ListRowsProps): JSX.Element {
  const { mayWrite, statuses } = useTeam();
  const tableRef = useRef<TableHandle>(null);
  useListEvents(pages, selection, tableRef);

  useEffect(() => {
    const isRestored = lastShownList?.key === listKey && lastShownList.pages === pages;
    const scrollTop = isRestored ? (lastShownList?.top ?? 0) : 0;
    if (isRestored) tableRef.current?.scrollTo(scrollTop);
    // A restored list missed the events while another screen was shown, so the list is read again.
    if (isRestored) pages.reload().then(() => tableRef.current?.scrollTo(scrollTop));
    else pages.readUntil(1);
    const stopWatching = pages.watchConnection();
    let lastScrollTop = scrollTop;
    const onScroll = () => {
      lastScrollTop = tableRef.current?.scrollTop() ?? lastScrollTop;
    };
    addEventListener("scroll", onScroll, { capture: true, passive: true });
    return () => {
      stopWatching();
      removeEventListener("scroll", onScroll, { capture: true });
      lastShownList = { key: listKey, pages, top: lastScrollTop };
    };
  }, []);

  useEffect(() => {
    orderedLeadIds.value = pages.items.map(({ id }) => id);
  }, [pages.items, pages.items.length]);

  // When the panel is closed, the focus returns to the row of its lead.
  const previousOpenIdRef = useRef(openId);
  useEffect(() => {
    const closedId = previousOpenIdRef.current;
    previousOpenIdRef.current = openId;
    if (closedId === undefined || openId !== undefined) return;
    const rowIndex = pages.indexOf(closedId);
    const isFocusLost = document.activeElement === null || document.activeElement.matches("body, main");
    if (rowIndex !== undefined && isFocusLost) tableRef.current?.focusRow(rowIndex);
  }, [openId]);

  const moveLead = (lead: ListLead, to: Status) => moveWithUndo(pages, lead, to, statuses);

  const currentLeadId = (): number | undefined => openId ?? tableRef.current?.currentId();
  const focusNeighbour = (offset: number) => {
    if (openId !== undefined) return false;
    const id = tableRef.current?.currentId();
    const rowIndex = id === undefined ? undefined : pages.indexOf(id);
    const nextIndex = rowIndex === undefined ? 0 : rowIndex + offset;
    if (nextIndex < 0 || nextIndex >= pages.items.length) return true;
    tableRef.current?.focusRow(nextIndex);
    return true;
  };
  useShortcut("j", () => focusNeighbour(1), "Next lead");
  useShortcut("k", () => focusNeighbour(-1), "Previous lead");
  const toggleSelection = (range: boolean) => {
    const id = currentLeadId();
    if (id === undefined || pages.indexOf(id) === undefined) return false;
    selection.toggle(id, range);
    return true;
  };
  useShortcut("x", mayWrite ? () => toggleSelection(false) : undefined, "Select");
  useShortcut("shift+x", mayWrite ? () => toggleSelection(true) : undefined, "Select up to here");
  useShortcut(
    "e",
    mayWrite
      ? () => {
          if (selection.size > 0) return actions.archive(!query.archived);
          const id = currentLeadId();
          const rowIndex = id === undefined ? undefined : pages.indexOf(id);
          const lead = id === undefined ? undefined : pages.get(id);
          if (!lead || rowIndex === undefined || openId !== undefined) return false;
          return actions.archive(!lead.archived, [lead]).then(() => {
            if (pages.items.length > 0) tableRef.current?.focusRow(Math.min(rowIndex, pages.items.length - 1));
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
          const id = currentLeadId();
          if (id === undefined || openId !== undefined) return false;
          return tableRef.current?.openStatusMenu(id);
        }
      : undefined,
    "Change status",
  );
  useShortcut("Escape", selection.size > 0 ? () => selection.clear() : undefined, "Clear the selection");

  const isEmpty = !pages.hasMore && pages.items.length === 0;
  const { error } = pages;
  const isNarrowed = listActiveFilters(query).length > 0 || query.search.trim() !== "";
  if (error && pages.items.length === 0) {
    if (pages.source.search && error instanceof RequestError && error.status === 400) {
      return <NoMatchesMessage text={describeError(error)} onClear={onClear} />;
    }
    return (
      <div class="scroll">
        <ErrorPlaceholder title="The leads could not be read" error={error} retry={() => pages.retry()} />
      </div>
    );
  }
  if (isEmpty && isNarrowed)
    return <NoMatchesMessage text="No lead has all that is searched and filtered." onClear={onClear} />;
  if (isEmpty) return <NoLeadsMessage mayWrite={mayWrite} />;
  return (
    <>
      <LeadTable
        {...{ pages, selection, openId, onSort, handle: tableRef }}
        chosenColumns={columns}
        sort={query.sort}
        onMove={moveLead}
      />
      {error ? (
        <div class="list-failure">
          <ErrorNote title="The next leads could not be read" error={error} retry={() => pages.retry()} />
        </div>
      ) : null}
      <ArrivalsButton pages={pages} handle={tableRef} />
      {mayWrite ? (
        <section class="floor" aria-label="Selection">
          <BulkBar actions={actions} archived={query.archived} />
        </section>
      ) : null}
    </>
  );
}

function NoMatchesMessage({ text, onClear }: { text: string; onClear: () => void }): JSX.Element {
  return (
    <div class="scroll">
      <NoMatches text={text} onClear={onClear} />
    </div>
  );
}

function NoLeadsMessage({ mayWrite }: { mayWrite: boolean }): JSX.Element {
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
async function moveWithUndo(pages: LeadPages, lead: ListLead, to: Status, statuses: Status[]): Promise<void> {
  const leadName = fullName(lead);
  const previousStatus = { id: lead.statusId, name: lead.status };
  const showStatus = (status: { id: number; name: string }) =>
    pages.update([lead.id], (shown) => ({ ...shown, statusId: status.id, status: status.name }));
  const writeStatus = async (statusId: number) => {
    const earlierMove = pendingMoves.get(lead.id) ?? Promise.resolve();
    const newMove = earlierMove
      .catch(() => undefined)
      .then(() => unwrap(api.PUT("/leads/change-status", { body: { ids: [lead.id], statusId } })));
    pendingMoves.set(lead.id, newMove);
    try {
      await newMove;
    } finally {
      if (pendingMoves.get(lead.id) === newMove) pendingMoves.delete(lead.id);
    }
  };
  showStatus(to);
  try {
    await writeStatus(to.id);
  } catch (error) {
    // If a later move of this lead is pending, the list already shows the status of that move, so it is not reset.
    if (!pendingMoves.has(lead.id)) showStatus(previousStatus);
    reportFailure(`${leadName} was not moved to ${to.name}. ${describeError(error)}`);
    return;
  }
  markDeparted(pages, lead.id);
  const previousStatusOfTeam = statuses.find(({ id }) => id === previousStatus.id);
  notify(`${leadName} moved to ${to.name}`, {
    undo: async () => {
      await writeStatus(previousStatus.id);
      showStatus(previousStatusOfTeam ?? previousStatus);
      markDeparted(pages, lead.id);
    },
  });
}

/** Marks a lead that no longer matches the filters. It keeps its row until the list is read again. */
function markDeparted(pages: LeadPages, id: number): void {
  const lead = pages.get(id);
  if (!lead || pages.source.search) return;
  const matches = matchesFilter(lead, pages.source.filter);
  if (matches === !pages.departedLeads.has(id)) return;
  if (matches) pages.departedLeads.delete(id);
  else pages.departedLeads.set(id, "left");
  pages.notifyChange();
  pages.recount();
}

/** New leads that match the filters and are not in the list yet, by id. */
const arrivedLeads = signal<ReadonlyMap<number, ListLead>>(new Map());

/** Applies events from the feed: updates rows in place, and inserts new leads only if that moves no row under the pointer. */
function useListEvents(pages: LeadPages, selection: Selection, handle: { current: TableHandle | null }): void {
  const timerRef = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    arrivedLeads.value = new Map();
    return () => clearTimeout(timerRef.current);
  }, []);
  const handleEvents = (events: Event[]) => {
    const { filter, search } = pages.source;
    const newArrivals = new Map(arrivedLeads.peek());
    for (const { type, leadId, lead } of events) {
      if (type.startsWith("comment.")) continue;
      const loadedLead = pages.get(leadId);
      if (type === "lead.deleted") {
        newArrivals.delete(leadId);
        if (loadedLead) pages.departedLeads.set(leadId, "deleted");
      } else if (lead && loadedLead) {
        // Events carry no photo URL. The known URL stays valid while the photo is the same.
        const photoUrl = lead.photo === loadedLead.photo ? loadedLead.photoUrl : undefined;
        pages.update([leadId], () => ({ ...lead, ...(photoUrl ? { photoUrl } : {}) }));
        const matches = search ? !lead.archived || Boolean(filter.archived) : matchesFilter(lead, filter);
        if (matches) pages.departedLeads.delete(leadId);
        else pages.departedLeads.set(leadId, "left");
      } else if (lead && !search) {
        if (matchesFilter(lead, filter)) newArrivals.set(leadId, lead);
        else newArrivals.delete(leadId);
      }
    }
    pages.notifyChange();
    clearTimeout(timerRef.current);
    timerRef.current = setTimeout(() => pages.recount(), RECOUNT_PAUSE_MS);
    const tableHandle = handle.current;
    const mayInsert = selection.size === 0 && !tableHandle?.isInUse() && (tableHandle?.scrollTop() ?? 0) === 0;
    if (mayInsert && newArrivals.size > 0) {
      pages.insert([...newArrivals.values()]);
      arrivedLeads.value = new Map();
    } else {
      arrivedLeads.value = newArrivals;
    }
  };
  useLeadChanges(handleEvents, () => pages.reload(), { readsAfterSubscribing: true });
}

function ArrivalsButton({
  pages,
  handle,
}: {
  pages: LeadPages;
  handle: { current: TableHandle | null };
}): JSX.Element | null {
  const count = [...arrivedLeads.value.keys()].filter((id) => pages.indexOf(id) === undefined).length;
  if (count === 0) return null;
  const showArrivals = async () => {
    await pages.reload();
    arrivedLeads.value = new Map();
    handle.current?.scrollTo(0);
  };
  return (
    <div class="arrivals" role="status">
      <button type="button" class="btn little" onClick={showArrivals}>
        <Icon name="arrow-up" />
        {count === 1 ? "1 new lead" : `${formatCount(count)} new leads`}
      </button>
    </div>
  );
}
