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
import { BulkActions, formatLeadCount } from "./bulk-actions";
import {
  areWholeLeadsNeeded,
  ColumnMenu,
  type ColumnName,
  DEFAULT_COLUMN_NAMES,
  parseColumnNames,
  readChosenColumns,
  storeChosenColumns,
} from "./columns";
import { ExportDialog } from "./export";
import { FilterChips, FilterMenu } from "./filters";
import { useLeadChanges } from "./lead-changes";
import { LeadPages, type ListLead } from "./list-pages";
import {
  buildLeadFilter,
  buildListRouteParams,
  buildQueryWithoutAnyFilter,
  getActiveFilterNames,
  isLongEnoughToSearch,
  type ListQuery,
  matchesFilter,
  parseListQuery,
} from "./list-query";
import { LeadSelection } from "./list-selection";
import { LeadTable, type LeadTableHandle } from "./list-table";
import { getPanelLeadId, orderedLeadIds } from "./open-lead";
import { SearchInput } from "./search-input";
import { useApplyViewFromUrl, ViewTabs } from "./views";
import { savedViews } from "./views-api";

/** The search is sent when nothing was typed for this long. */
const SEARCH_DEBOUNCE_MS = 200;
/** The number of leads is read again when no event has arrived for this long. */
const RECOUNT_DEBOUNCE_MS = 500;

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
  const route = useRoute();
  const queryString = route.query.toString();
  const listQuery = useMemo(() => parseListQuery(route.query), [queryString]);
  const panelLeadId = getPanelLeadId(route);
  const { mayWrite } = useTeam();
  const currentSavedView = savedViews.value?.find(({ id }) => id === listQuery.view);
  const shownColumnNames =
    readChosenColumns(listQuery.view) ??
    (currentSavedView ? parseColumnNames(currentSavedView.columns) : [...DEFAULT_COLUMN_NAMES]);
  const [isExporting, setIsExporting] = useState(false);

  const replaceListQuery = (newQuery: ListQuery) => {
    const urlParams = buildListRouteParams(newQuery);
    if (panelLeadId) urlParams.set("lead", String(panelLeadId));
    replaceUrlQuery(urlParams);
  };
  const updateListQuery = (changedPart: Partial<ListQuery>) => replaceListQuery({ ...listQuery, ...changedPart });
  const clearListQuery = () => replaceListQuery({ ...buildQueryWithoutAnyFilter(listQuery), search: "", view: 0 });
  useApplyViewFromUrl(listQuery, replaceListQuery);

  const typedSearch = listQuery.search.trim();
  const isSearchTooShort = typedSearch !== "" && !isLongEnoughToSearch(typedSearch);
  const debouncedSearchText = useDebouncedText(isSearchTooShort ? "" : typedSearch);
  const leadFilter = useMemo(() => buildLeadFilter(listQuery), [queryString]);
  const needsWholeLeads = areWholeLeadsNeeded(shownColumnNames);
  const listKey = JSON.stringify([leadFilter, debouncedSearchText, needsWholeLeads]);
  const leadPages = useMemo(() => {
    if (lastShownList?.key === listKey) return lastShownList.pages;
    return new LeadPages({ filter: leadFilter, search: debouncedSearchText, needsWholeLeads });
  }, [listKey]);
  const leadSelection = useMemo(() => new LeadSelection(leadPages), [leadPages]);
  const bulkActions = useMemo(() => new BulkActions(leadPages, leadSelection), [leadPages]);
  leadPages.listVersion.value;

  const activeFilterNames = getActiveFilterNames(listQuery);
  const resultCountText = formatResultCount(leadPages, debouncedSearchText);
  return (
    <>
      <header class="head">
        <div>
          <h1>Leads</h1>
          <ViewTabs layout="table" query={listQuery} columns={shownColumnNames} />
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
          <SearchInput value={listQuery.search} onChange={(search) => updateListQuery({ search })} />
          <FilterChips query={listQuery} updateListQuery={updateListQuery} />
          <FilterMenu
            query={listQuery}
            updateListQuery={updateListQuery}
            countText={resultCountText}
            clear={clearListQuery}
          />
          {activeFilterNames.length > 0 || typedSearch ? (
            <button type="button" class="btn ghost wide" onClick={clearListQuery}>
              Clear
            </button>
          ) : null}
          <span class="push" />
          <span class="count num wide" role="status">
            {isSearchTooShort ? "Type one more character to search" : resultCountText}
          </span>
          <ColumnMenu chosen={shownColumnNames} onChoose={(chosen) => storeChosenColumns(listQuery.view, chosen)} />
        </search>
      </header>
      <ListContent
        key={listKey}
        {...{
          pages: leadPages,
          selection: leadSelection,
          actions: bulkActions,
          query: listQuery,
          columns: shownColumnNames,
          openId: panelLeadId,
        }}
        listKey={listKey}
        onSort={() => updateListQuery({ sort: listQuery.sort ? "" : "createdAt" })}
        onClear={clearListQuery}
      />
      <BulkProgressDialog />
      {isExporting ? <ExportDialog filter={leadFilter} onClose={() => setIsExporting(false)} /> : null}
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
  actions: BulkActions;
  query: ListQuery;
  columns: ColumnName[];
  openId: number | undefined;
  listKey: string;
  onSort: () => void;
  onClear: () => void;
}

type StatusIdAndName = Pick<LeadStatus, "id" | "name">;

/** The unfinished moves of a lead to another status. Each waits for the one before, so that the API receives them in order. */
interface MoveQueue {
  lastMove: Promise<void>;
  /** The status that the API has stored, as far as its responses tell. */
  storedStatus: StatusIdAndName;
}

const moveQueuesByLeadId = new Map<number, MoveQueue>();

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
    const isListRestored = lastShownList?.key === listKey && lastShownList.pages === pages;
    const restoredScrollTop = isListRestored ? (lastShownList?.top ?? 0) : 0;
    if (isListRestored) tableHandleRef.current?.scrollTo(restoredScrollTop);
    // A list that is kept from an earlier visit received no events while another screen was shown, so it is read again.
    if (isListRestored) pages.reload().then(() => tableHandleRef.current?.scrollTo(restoredScrollTop));
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
    orderedLeadIds.value = pages.items.map(({ id }) => id);
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

  const moveLeadToStatus = (lead: ListLead, to: LeadStatus) => moveLeadToStatusWithUndo(pages, lead, to, statuses);

  const getOpenOrFocusedLeadId = (): number | undefined => openId ?? tableHandleRef.current?.getCurrentLeadId();
  const focusNeighbourRow = (offset: number) => {
    if (openId !== undefined) return false;
    const id = tableHandleRef.current?.getCurrentLeadId();
    const focusedRowIndex = id === undefined ? undefined : pages.rowIndexOf(id);
    const targetRowIndex = focusedRowIndex === undefined ? 0 : focusedRowIndex + offset;
    if (targetRowIndex < 0 || targetRowIndex >= pages.items.length) return true;
    tableHandleRef.current?.focusRow(targetRowIndex);
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
  lead: ListLead,
  to: LeadStatus,
  statuses: LeadStatus[],
): Promise<void> {
  const leadName = getDisplayName(lead);
  const setLeadStatusInList = (status: StatusIdAndName) =>
    pages.updateLeads([lead.id], (shown) => ({ ...shown, statusId: status.id, status: status.name }));
  /** Shows the status at once. Returns the status that the API had stored before. */
  const sendStatusChange = async (status: StatusIdAndName): Promise<StatusIdAndName> => {
    const { statusId, status: statusName } = pages.getLead(lead.id) ?? lead;
    const newMoveQueue = { lastMove: Promise.resolve(), storedStatus: { id: statusId, name: statusName } };
    const moveQueue = moveQueuesByLeadId.get(lead.id) ?? newMoveQueue;
    let previousStatus = moveQueue.storedStatus;
    const newMovePromise = moveQueue.lastMove
      .catch(() => undefined)
      .then(async () => {
        previousStatus = moveQueue.storedStatus;
        await getDataOrThrow(api.PUT("/leads/change-status", { body: { ids: [lead.id], statusId: status.id } }));
        moveQueue.storedStatus = status;
      });
    moveQueue.lastMove = newMovePromise;
    moveQueuesByLeadId.set(lead.id, moveQueue);
    setLeadStatusInList(status);
    try {
      await newMovePromise;
      return previousStatus;
    } catch (error) {
      // The list shows the status of the latest move. If that move fails, the list shows the stored status again.
      if (moveQueue.lastMove === newMovePromise) setLeadStatusInList(moveQueue.storedStatus);
      throw error;
    } finally {
      if (moveQueue.lastMove === newMovePromise) moveQueuesByLeadId.delete(lead.id);
    }
  };
  let previousStatus: StatusIdAndName;
  try {
    previousStatus = await sendStatusChange(to);
  } catch (error) {
    showFailureAlert(`${leadName} was not moved to ${to.name}. ${describeError(error)}`);
    return;
  }
  updateFilterMismatchMark(pages, lead.id);
  // The status may have been renamed since the list was read.
  const statusAfterUndo = statuses.find(({ id }) => id === previousStatus.id) ?? previousStatus;
  showToast(`${leadName} moved to ${to.name}`, {
    undo: async () => {
      await sendStatusChange(statusAfterUndo);
      updateFilterMismatchMark(pages, lead.id);
    },
  });
}

/** Marks a lead that no longer matches the filters, or removes the mark. The row stays until the list is read again. */
function updateFilterMismatchMark(pages: LeadPages, id: number): void {
  const lead = pages.getLead(id);
  if (!lead || pages.source.search) return;
  const isMatchingFilters = matchesFilter(lead, pages.source.filter);
  if (isMatchingFilters === !pages.departedLeads.has(id)) return;
  if (isMatchingFilters) pages.departedLeads.delete(id);
  else pages.departedLeads.set(id, "left");
  pages.notifyChange();
  pages.recount();
}

/** New leads that match the filters and are not in the list yet, by id. */
const arrivedLeadsById = signal<ReadonlyMap<number, ListLead>>(new Map());

/** Applies events from the feed: updates rows in place, and inserts new leads only if that moves no row under the pointer. */
function useApplyFeedEventsToList(
  pages: LeadPages,
  selection: LeadSelection,
  tableHandleRef: { current: LeadTableHandle | null },
): void {
  const recountTimerRef = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    arrivedLeadsById.value = new Map();
    return () => clearTimeout(recountTimerRef.current);
  }, []);
  const handleFeedEvents = (events: LeadEvent[]) => {
    const { filter, search } = pages.source;
    const newArrivedLeadsById = new Map(arrivedLeadsById.peek());
    for (const { type, leadId, lead } of events) {
      if (type.startsWith("comment.")) continue;
      const loadedLead = pages.getLead(leadId);
      if (type === "lead.deleted") {
        newArrivedLeadsById.delete(leadId);
        if (loadedLead) pages.departedLeads.set(leadId, "deleted");
      } else if (lead && loadedLead) {
        // Events carry no photo URL. If the photo is unchanged, the row keeps the URL that it has.
        const unchangedPhotoUrl = lead.photo === loadedLead.photo ? loadedLead.photoUrl : undefined;
        pages.updateLeads([leadId], () => ({ ...lead, ...(unchangedPhotoUrl ? { photoUrl: unchangedPhotoUrl } : {}) }));
        const isMatchingFilters = search ? !lead.archived || Boolean(filter.archived) : matchesFilter(lead, filter);
        if (isMatchingFilters) pages.departedLeads.delete(leadId);
        else pages.departedLeads.set(leadId, "left");
      } else if (lead && !search) {
        if (matchesFilter(lead, filter)) newArrivedLeadsById.set(leadId, lead);
        else newArrivedLeadsById.delete(leadId);
      }
    }
    pages.notifyChange();
    clearTimeout(recountTimerRef.current);
    recountTimerRef.current = setTimeout(() => pages.recount(), RECOUNT_DEBOUNCE_MS);
    const tableHandle = tableHandleRef.current;
    const mayInsertRows = selection.size === 0 && !tableHandle?.isInUse() && (tableHandle?.getScrollTop() ?? 0) === 0;
    if (mayInsertRows && newArrivedLeadsById.size > 0) {
      pages.insertLeads([...newArrivedLeadsById.values()]);
      arrivedLeadsById.value = new Map();
    } else {
      arrivedLeadsById.value = newArrivedLeadsById;
    }
  };
  useLeadChanges(handleFeedEvents, () => pages.reload(), { readsAfterSubscribing: true });
}

function ArrivedLeadsButton({
  pages,
  tableHandleRef,
}: {
  pages: LeadPages;
  tableHandleRef: { current: LeadTableHandle | null };
}): JSX.Element | null {
  const arrivedLeadCount = [...arrivedLeadsById.value.keys()].filter((id) => pages.rowIndexOf(id) === undefined).length;
  if (arrivedLeadCount === 0) return null;
  const reloadWithArrivedLeads = async () => {
    await pages.reload();
    arrivedLeadsById.value = new Map();
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
