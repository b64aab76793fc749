// The list screen: search, filters, saved views, the table of leads, and actions on selected leads.

import "../app/first-view";
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, type LeadEvent, type LeadStatus, RequestError } from "../app/api";
import { replaceUrlQuery, useRoute } from "../app/route";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { ErrorNote } from "../ui/loading";
import { EmptyState, ErrorPlaceholder, NoMatchesPlaceholder } from "../ui/states";
import { formatCount } from "../ui/time";
import { showFailureAlert, showToast } from "../ui/toast";
import { BulkProgressDialog, BulkToolbar } from "./bulk";
import { BulkActionRunner, formatLeadCount } from "./bulk-actions";
import {
  ColumnMenu,
  DEFAULT_COLUMN_NAMES,
  doColumnsNeedWholeLeads,
  filterKnownColumnNames,
  type LeadListColumnName,
  readChosenColumns,
  storeChosenColumns,
} from "./columns";
import { ExportDialog } from "./export";
import { FilterChips, FilterMenu } from "./filters";
import { useLeadChanges } from "./lead-changes";
import { type LeadForTable, LeadPages } from "./list-pages";
import {
  buildLeadFilter,
  buildListRouteParams,
  buildQueryWithoutAnyFilter,
  getActiveFilterNames,
  isLongEnoughToSearch,
  type LeadListUrlQuery,
  matchesFilter,
  parseListQuery,
} from "./list-query";
import { LeadSelection } from "./list-selection";
import { LeadTable, type LeadTableHandle } from "./list-table";
import { getPanelLeadId, leadIdsInScreenOrderSignal } from "./open-lead";
import { SearchInput } from "./search-input";
import { useApplyViewFromUrl, ViewTabs } from "./views";
import { savedViewsSignal } from "./views-api";

/** The search is sent when nothing was typed for this long. */
const SEARCH_DEBOUNCE_MS = 200;
/** The number of leads is read again when no event has arrived for this long. */
const LEAD_RECOUNT_DEBOUNCE_MS = 500;

/** The list that was shown last, so that Back restores its rows and scroll position. */
let lastShownList: { key: string; pages: LeadPages; top: number } | undefined;

/** Returns `text` once it has been unchanged for `SEARCH_DEBOUNCE_MS`. */
function useDebouncedText(text: string): string {
  const [debouncedText, setDebouncedText] = useState(text);
  useEffect(() => {
    if (text === debouncedText) return undefined;
    const debounceTimer = setTimeout(() => setDebouncedText(text), text === "" ? 0 : SEARCH_DEBOUNCE_MS);
    return () => clearTimeout(debounceTimer);
  }, [text, debouncedText]);
  return debouncedText;
}

export function ListScreen(): JSX.Element {
  const currentRoute = useRoute();
  const urlQueryString = currentRoute.query.toString();
  const listUrlQuery = useMemo(() => parseListQuery(currentRoute.query), [urlQueryString]);
  const panelLeadId = getPanelLeadId(currentRoute);
  const { mayWrite } = useTeam();
  const currentSavedView = savedViewsSignal.value?.find(({ id }) => id === listUrlQuery.view);
  const shownColumnNames =
    readChosenColumns(listUrlQuery.view) ??
    (currentSavedView ? filterKnownColumnNames(currentSavedView.columns) : [...DEFAULT_COLUMN_NAMES]);
  const [isExporting, setIsExporting] = useState(false);

  const writeListQueryToUrl = (newQuery: LeadListUrlQuery) => {
    const newListUrlParams = buildListRouteParams(newQuery);
    if (panelLeadId) newListUrlParams.set("lead", String(panelLeadId));
    replaceUrlQuery(newListUrlParams);
  };
  const updateListQueryInUrl = (changedPart: Partial<LeadListUrlQuery>) =>
    writeListQueryToUrl({ ...listUrlQuery, ...changedPart });
  const clearFiltersAndSearch = () =>
    writeListQueryToUrl({ ...buildQueryWithoutAnyFilter(listUrlQuery), search: "", view: 0 });
  useApplyViewFromUrl(listUrlQuery, writeListQueryToUrl);

  const trimmedSearchText = listUrlQuery.search.trim();
  const isSearchTooShort = trimmedSearchText !== "" && !isLongEnoughToSearch(trimmedSearchText);
  const debouncedSearchText = useDebouncedText(isSearchTooShort ? "" : trimmedSearchText);
  const leadFilterParams = useMemo(() => buildLeadFilter(listUrlQuery), [urlQueryString]);
  const mustReadFullLeads = doColumnsNeedWholeLeads(shownColumnNames);
  const leadListCacheKey = JSON.stringify([leadFilterParams, debouncedSearchText, mustReadFullLeads]);
  const pagedLeadList = useMemo(() => {
    if (lastShownList?.key === leadListCacheKey) return lastShownList.pages;
    return new LeadPages({ filter: leadFilterParams, search: debouncedSearchText, needsWholeLeads: mustReadFullLeads });
  }, [leadListCacheKey]);
  const leadSelection = useMemo(() => new LeadSelection(pagedLeadList), [pagedLeadList]);
  const bulkActionRunner = useMemo(() => new BulkActionRunner(pagedLeadList, leadSelection), [pagedLeadList]);
  pagedLeadList.listVersion.value;

  const activeFilterNames = getActiveFilterNames(listUrlQuery);
  const resultCountText = formatResultCount(pagedLeadList, debouncedSearchText);
  return (
    <>
      <header class="head">
        <div>
          <h1>Leads</h1>
          <ViewTabs layout="table" query={listUrlQuery} columns={shownColumnNames} />
          <span class="push" />
          <button
            type="button"
            class="btn ghost wide"
            disabled={debouncedSearchText !== ""}
            title={debouncedSearchText ? "A search cannot be exported: filter instead" : undefined}
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
          <SearchInput value={listUrlQuery.search} onChange={(search) => updateListQueryInUrl({ search })} />
          <FilterChips query={listUrlQuery} updateListQuery={updateListQueryInUrl} />
          <FilterMenu
            query={listUrlQuery}
            updateListQuery={updateListQueryInUrl}
            countText={resultCountText}
            clear={clearFiltersAndSearch}
          />
          {activeFilterNames.length > 0 || trimmedSearchText ? (
            <button type="button" class="btn ghost wide" onClick={clearFiltersAndSearch}>
              Clear
            </button>
          ) : null}
          <span class="push" />
          <span class="count num wide" role="status">
            {isSearchTooShort ? "Type one more character to search" : resultCountText}
          </span>
          <ColumnMenu chosen={shownColumnNames} onChoose={(chosen) => storeChosenColumns(listUrlQuery.view, chosen)} />
        </search>
      </header>
      <ListContent
        key={leadListCacheKey}
        {...{
          pages: pagedLeadList,
          selection: leadSelection,
          actions: bulkActionRunner,
          query: listUrlQuery,
          columns: shownColumnNames,
          openId: panelLeadId,
        }}
        listKey={leadListCacheKey}
        onSort={() => updateListQueryInUrl({ sort: listUrlQuery.sort ? "" : "createdAt" })}
        onClear={clearFiltersAndSearch}
      />
      <BulkProgressDialog />
      {isExporting ? <ExportDialog filter={leadFilterParams} onClose={() => setIsExporting(false)} /> : null}
    </>
  );
}

function formatResultCount(pages: LeadPages, search: string): string {
  const { count, isComplete } = pages;
  if (count === undefined) return "";
  if (!search) return formatLeadCount(count);
  const orMoreSuffix = count >= 100 ? " or more" : "";
  return `${formatCount(count)}${orMoreSuffix} found${isComplete ? "" : ". Not everything was read: another word narrows it"}`;
}

interface ListContentProps {
  pages: LeadPages;
  selection: LeadSelection;
  actions: BulkActionRunner;
  query: LeadListUrlQuery;
  columns: LeadListColumnName[];
  openId: number | undefined;
  listKey: string;
  onSort: () => void;
  onClear: () => void;
}

type StatusIdAndName = Pick<LeadStatus, "id" | "name">;

/** The unfinished moves of a lead to another status. Each waits for the one before, so that the API receives them in order. */
interface LeadStatusMoveQueue {
  lastMove: Promise<unknown>;
  /** The status that the API has stored, as far as its responses tell. */
  storedStatus: StatusIdAndName;
}

const statusMoveQueuesByLeadId = new Map<number, LeadStatusMoveQueue>();

function ListContent({
  pages,
  selection,
  actions,
  query,
  columns,
  openId,
  listKey,
  onSort,
  onClear,
}: ListContentProps): JSX.Element {
  const { mayWrite, statuses } = useTeam();
  const tableHandleRef = useRef<LeadTableHandle>(null);
  useApplyFeedEventsToList(pages, selection, tableHandleRef);

  useEffect(() => {
    const isListFromEarlierVisit = lastShownList?.key === listKey && lastShownList.pages === pages;
    const restoredScrollTop = isListFromEarlierVisit ? (lastShownList?.top ?? 0) : 0;
    if (isListFromEarlierVisit) tableHandleRef.current?.scrollTo(restoredScrollTop);
    // A list that is kept from an earlier visit received no events while another screen was shown, so it is read again.
    if (isListFromEarlierVisit) pages.reload().then(() => tableHandleRef.current?.scrollTo(restoredScrollTop));
    else pages.readUntil(1);
    const stopWatchingConnection = pages.watchConnection();
    let lastScrollTop = restoredScrollTop;
    const rememberScrollTop = () => {
      lastScrollTop = tableHandleRef.current?.getScrollTop() ?? lastScrollTop;
    };
    addEventListener("scroll", rememberScrollTop, { capture: true, passive: true });
    return () => {
      stopWatchingConnection();
      removeEventListener("scroll", rememberScrollTop, { capture: true });
      lastShownList = { key: listKey, pages, top: lastScrollTop };
    };
  }, []);

  useEffect(() => {
    leadIdsInScreenOrderSignal.value = pages.items.map(({ id }) => id);
  }, [pages.items, pages.items.length]);

  // When the panel is closed, the focus returns to the row of its lead.
  const previousOpenLeadIdRef = useRef(openId);
  useEffect(() => {
    const closedPanelLeadId = previousOpenLeadIdRef.current;
    previousOpenLeadIdRef.current = openId;
    if (closedPanelLeadId === undefined || openId !== undefined) return;
    const closedLeadRowIndex = pages.rowIndexOf(closedPanelLeadId);
    const isFocusLost = document.activeElement === null || document.activeElement.matches("body, main");
    if (closedLeadRowIndex !== undefined && isFocusLost) tableHandleRef.current?.focusRow(closedLeadRowIndex);
  }, [openId]);

  const moveLeadToStatus = (lead: LeadForTable, to: LeadStatus) => moveLeadToStatusWithUndo(pages, lead, to, statuses);

  const getOpenOrFocusedLeadId = (): number | undefined => openId ?? tableHandleRef.current?.getCurrentLeadId();
  const focusNeighbourRow = (offset: number) => {
    if (openId !== undefined) return false;
    const id = tableHandleRef.current?.getCurrentLeadId();
    const focusedRowIndex = id === undefined ? undefined : pages.rowIndexOf(id);
    const rowIndexToFocus = focusedRowIndex === undefined ? 0 : focusedRowIndex + offset;
    if (rowIndexToFocus < 0 || rowIndexToFocus >= pages.items.length) return true;
    tableHandleRef.current?.focusRow(rowIndexToFocus);
    return true;
  };
  useShortcut("j", () => focusNeighbourRow(1), "Next lead");
  useShortcut("k", () => focusNeighbourRow(-1), "Previous lead");
  const toggleCurrentLeadSelection = (range: boolean) => {
    const id = getOpenOrFocusedLeadId();
    if (id === undefined || pages.rowIndexOf(id) === undefined) return false;
    selection.toggle(id, range);
    return true;
  };
  useShortcut("x", mayWrite ? () => toggleCurrentLeadSelection(false) : undefined, "Select");
  useShortcut("shift+x", mayWrite ? () => toggleCurrentLeadSelection(true) : undefined, "Select up to here");
  useShortcut(
    "e",
    mayWrite
      ? () => {
          if (selection.size > 0) return actions.archive(!query.archived);
          const id = getOpenOrFocusedLeadId();
          const focusedRowIndex = id === undefined ? undefined : pages.rowIndexOf(id);
          const focusedLead = id === undefined ? undefined : pages.getLead(id);
          if (!focusedLead || focusedRowIndex === undefined || openId !== undefined) return false;
          return actions.archive(!focusedLead.archived, [focusedLead]).then(() => {
            if (pages.items.length > 0)
              tableHandleRef.current?.focusRow(Math.min(focusedRowIndex, pages.items.length - 1));
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
          const id = getOpenOrFocusedLeadId();
          if (id === undefined || openId !== undefined) return false;
          return tableHandleRef.current?.openStatusMenu(id);
        }
      : undefined,
    "Change status",
  );
  useShortcut("Escape", selection.size > 0 ? () => selection.clear() : undefined, "Clear the selection");

  const isListEmpty = !pages.hasMore && pages.items.length === 0;
  const { error } = pages;
  const isSearchedOrFiltered = getActiveFilterNames(query).length > 0 || query.search.trim() !== "";
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
  if (isListEmpty && isSearchedOrFiltered)
    return <NoMatchesMessage text="No lead has all that is searched and filtered." onClear={onClear} />;
  if (isListEmpty) return <NoLeadsMessage mayWrite={mayWrite} />;
  return (
    <>
      <LeadTable
        {...{ pages, selection, openId, onSort, handleRef: tableHandleRef }}
        chosenColumns={columns}
        sort={query.sort}
        onMove={moveLeadToStatus}
      />
      {error ? (
        <div class="list-failure">
          <ErrorNote title="The next leads could not be read" error={error} retry={() => pages.retry()} />
        </div>
      ) : null}
      <ArrivedLeadsButton pages={pages} tableHandleRef={tableHandleRef} />
      {mayWrite ? (
        <section class="floor" aria-label="Selection">
          <BulkToolbar actions={actions} archived={query.archived} />
        </section>
      ) : null}
    </>
  );
}

function NoMatchesMessage({ text, onClear }: { text: string; onClear: () => void }): JSX.Element {
  return (
    <div class="scroll">
      <NoMatchesPlaceholder text={text} onClear={onClear} />
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
async function moveLeadToStatusWithUndo(
  pages: LeadPages,
  lead: LeadForTable,
  to: LeadStatus,
  statuses: LeadStatus[],
): Promise<void> {
  const leadName = getDisplayName(lead);
  const setLeadStatusInList = (status: StatusIdAndName) =>
    pages.updateLeads([lead.id], (shown) => ({ ...shown, statusId: status.id, status: status.name }));
  /** Shows the status at once. Returns the status that the API had stored before. */
  const sendLeadStatusChange = async (status: StatusIdAndName): Promise<StatusIdAndName> => {
    const { statusId, status: statusName } = pages.getLead(lead.id) ?? lead;
    const newStatusMoveQueue: LeadStatusMoveQueue = {
      lastMove: Promise.resolve(),
      storedStatus: { id: statusId, name: statusName },
    };
    const statusMoveQueue = statusMoveQueuesByLeadId.get(lead.id) ?? newStatusMoveQueue;
    const newStatusMovePromise = statusMoveQueue.lastMove
      .catch(() => undefined)
      .then(async () => {
        const previousStatus = statusMoveQueue.storedStatus;
        await getDataOrThrow(api.PUT("/leads/change-status", { body: { ids: [lead.id], statusId: status.id } }));
        statusMoveQueue.storedStatus = status;
        return previousStatus;
      });
    statusMoveQueue.lastMove = newStatusMovePromise;
    statusMoveQueuesByLeadId.set(lead.id, statusMoveQueue);
    setLeadStatusInList(status);
    try {
      return await newStatusMovePromise;
    } catch (error) {
      // The list shows the status of the latest move. If that move fails, the list shows the stored status again.
      if (statusMoveQueue.lastMove === newStatusMovePromise) setLeadStatusInList(statusMoveQueue.storedStatus);
      throw error;
    } finally {
      if (statusMoveQueue.lastMove === newStatusMovePromise) statusMoveQueuesByLeadId.delete(lead.id);
    }
  };
  let previousStatus: StatusIdAndName;
  try {
    previousStatus = await sendLeadStatusChange(to);
  } catch (error) {
    showFailureAlert(`${leadName} was not moved to ${to.name}. ${describeError(error)}`);
    return;
  }
  markOrUnmarkNonMatchingLead(pages, lead.id);
  // The status may have been renamed since the list was read.
  const statusAfterUndo = statuses.find(({ id }) => id === previousStatus.id) ?? previousStatus;
  showToast(`${leadName} moved to ${to.name}`, {
    undo: async () => {
      await sendLeadStatusChange(statusAfterUndo);
      markOrUnmarkNonMatchingLead(pages, lead.id);
    },
  });
}

/** Marks a lead that no longer matches the filters, or removes the mark. The row stays until the list is read again. */
function markOrUnmarkNonMatchingLead(pages: LeadPages, id: number): void {
  const loadedLead = pages.getLead(id);
  if (!loadedLead || pages.source.search) return;
  const doesLeadMatchFilters = matchesFilter(loadedLead, pages.source.filter);
  if (doesLeadMatchFilters === !pages.departedLeads.has(id)) return;
  if (doesLeadMatchFilters) pages.departedLeads.delete(id);
  else pages.departedLeads.set(id, "left");
  pages.notifyChange();
  pages.recount();
}

/** New leads that match the filters and are not in the list yet, by id. */
const arrivedLeadsByIdSignal = signal<ReadonlyMap<number, LeadForTable>>(new Map());

/** Applies events from the feed: updates rows in place, and inserts new leads only if that moves no row under the pointer. */
function useApplyFeedEventsToList(
  pages: LeadPages,
  selection: LeadSelection,
  tableHandleRef: { current: LeadTableHandle | null },
): void {
  const leadRecountTimerRef = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    arrivedLeadsByIdSignal.value = new Map();
    return () => clearTimeout(leadRecountTimerRef.current);
  }, []);
  const applyLeadFeedEvents = (events: LeadEvent[]) => {
    const { filter, search } = pages.source;
    const updatedArrivedLeadsById = new Map(arrivedLeadsByIdSignal.peek());
    for (const { type, leadId, lead } of events) {
      if (type.startsWith("comment.")) continue;
      const loadedLead = pages.getLead(leadId);
      if (type === "lead.deleted") {
        updatedArrivedLeadsById.delete(leadId);
        if (loadedLead) pages.departedLeads.set(leadId, "deleted");
      } else if (lead && loadedLead) {
        // Events carry no photo URL. If the photo is unchanged, the row keeps the URL that it has.
        const unchangedPhotoUrl = lead.photo === loadedLead.photo ? loadedLead.photoUrl : undefined;
        pages.updateLeads([leadId], () => ({ ...lead, ...(unchangedPhotoUrl ? { photoUrl: unchangedPhotoUrl } : {}) }));
        const doesLeadMatchFilters = search ? !lead.archived || Boolean(filter.archived) : matchesFilter(lead, filter);
        if (doesLeadMatchFilters) pages.departedLeads.delete(leadId);
        else pages.departedLeads.set(leadId, "left");
      } else if (lead && !search) {
        if (matchesFilter(lead, filter)) updatedArrivedLeadsById.set(leadId, lead);
        else updatedArrivedLeadsById.delete(leadId);
      }
    }
    pages.notifyChange();
    clearTimeout(leadRecountTimerRef.current);
    leadRecountTimerRef.current = setTimeout(() => pages.recount(), LEAD_RECOUNT_DEBOUNCE_MS);
    const tableHandle = tableHandleRef.current;
    const mayInsertRows = selection.size === 0 && !tableHandle?.isInUse() && (tableHandle?.getScrollTop() ?? 0) === 0;
    if (mayInsertRows && updatedArrivedLeadsById.size > 0) {
      pages.insertLeads([...updatedArrivedLeadsById.values()]);
      arrivedLeadsByIdSignal.value = new Map();
    } else {
      arrivedLeadsByIdSignal.value = updatedArrivedLeadsById;
    }
  };
  useLeadChanges(applyLeadFeedEvents, () => pages.reload(), { readsAfterSubscribing: true });
}

function ArrivedLeadsButton({
  pages,
  tableHandleRef,
}: {
  pages: LeadPages;
  tableHandleRef: { current: LeadTableHandle | null };
}): JSX.Element | null {
  const arrivedLeadCount = [...arrivedLeadsByIdSignal.value.keys()].filter(
    (id) => pages.rowIndexOf(id) === undefined,
  ).length;
  if (arrivedLeadCount === 0) return null;
  const reloadWithArrivedLeads = async () => {
    await pages.reload();
    arrivedLeadsByIdSignal.value = new Map();
    tableHandleRef.current?.scrollTo(0);
  };
  return (
    <div class="arrivals" role="status">
      <button type="button" class="btn little" onClick={reloadWithArrivedLeads}>
        <Icon name="arrow-up" />
        {arrivedLeadCount === 1 ? "1 new lead" : `${formatCount(arrivedLeadCount)} new leads`}
      </button>
    </div>
  );
}
