// The board: a column for each status. Dragging a card, Shift with an arrow key, or S changes a lead's status.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import {
  api,
  getDataAndResponseOrThrow,
  getDataOrThrow,
  type LeadStatus,
  type LeadSummary,
  readPageOfLeads,
} from "../app/api";
import { replaceUrlQuery, useRoute } from "../app/route";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import type { PagedList } from "../ui/loading";
import { useLiveBoardUpdates } from "./board-changes";
import { BoardColumn, type BoardStateAndCallbacks } from "./board-column";
import { FilterChips, FilterMenu } from "./filters";
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
import { useBoardLeadMoves } from "./moves";
import { getPanelLeadId } from "./open-lead";
import { SearchInput } from "./search-input";
import { useApplyViewFromUrl, ViewTabs } from "./views";

const LEADS_PER_COLUMN_PAGE = 25;
/** The largest page of `GET /leads/search`. A result of this length may be incomplete. */
const MAX_SEARCH_LEADS = 100;
/** The search is sent when nothing was typed for this long. */
const SEARCH_DEBOUNCE_MS = 250;

export function BoardScreen(): JSX.Element {
  const currentRoute = useRoute();
  const { statuses, mayWrite } = useTeam();
  const leadListsByStatusIdRef = useRef(new Map<number, PagedList<LeadSummary>>());
  const boardElementRef = useRef<HTMLDivElement>(null);
  const movedLeadIdRef = useRef(0);
  const draggedLeadRef = useRef<LeadSummary | undefined>(undefined);
  /** Number of the latest recount of each column, by the id of its status. An older response is discarded. */
  const recountSerialNumberByStatusIdRef = useRef(new Map<number, number>());
  const [emptyColumnStatusIds, setEmptyColumnStatusIds] = useState<ReadonlySet<number>>(new Set());

  const listQuery = parseListQuery(currentRoute.query);
  const activeSearchText = isLongEnoughToSearch(listQuery.search.trim()) ? listQuery.search.trim() : "";
  const { status: shownStatusIds, ...filter } = buildLeadFilter({ ...listQuery, sort: "" });
  const searchAndFiltersJson = JSON.stringify([activeSearchText, filter]);
  const visibleStatuses = statuses.filter(({ id }) => !shownStatusIds || (shownStatusIds as number[]).includes(id));
  for (const id of leadListsByStatusIdRef.current.keys())
    if (!visibleStatuses.some((status) => status.id === id)) leadListsByStatusIdRef.current.delete(id);
  const panelLeadId = getPanelLeadId(currentRoute);
  const isSearchedOrFiltered =
    activeSearchText !== "" || shownStatusIds !== undefined || Object.keys(filter).length > 0;
  const isTeamWithoutLeads = !isSearchedOrFiltered && statuses.every(({ id }) => emptyColumnStatusIds.has(id));

  const requestColumnPage = async (status: number, cursor: string | undefined) => {
    if (activeSearchText) {
      const searchQueryParams = { ...filter, status: [status], search: activeSearchText, limit: MAX_SEARCH_LEADS };
      const searchResponse = await getDataAndResponseOrThrow(
        api.GET("/leads/search", { params: { query: searchQueryParams } }),
      );
      const { data: items, response } = searchResponse;
      const isSearchIncomplete =
        items.length === MAX_SEARCH_LEADS || response.headers.get("search-complete") === "false";
      return { items, count: items.length, isPartial: isSearchIncomplete };
    }
    return readPageOfLeads({ ...filter, status: [status], limit: LEADS_PER_COLUMN_PAGE }, cursor);
  };

  const readColumnPageAndApplyMoves = async (status: number, cursor: string | undefined) => {
    const requestedAtMs = Date.now();
    const columnPage = await requestColumnPage(status, cursor);
    // While a search is active, a lead that the user has just moved is not added to a page of its new column, because only the
    // API knows whether the search matches the lead.
    const isLeadKnownToMatchFilters = (lead: LeadSummary) => activeSearchText === "" && matchesFilter(lead, filter);
    return boardMoveFunctions.applyMoves(columnPage, {
      status,
      requestedAtMs,
      isFirstPage: cursor === undefined,
      matchesFilters: isLeadKnownToMatchFilters,
    });
  };

  const recountColumns = async (ids: number[], mayReload = false) => {
    if (activeSearchText) {
      for (const id of ids) leadListsByStatusIdRef.current.get(id)?.reload();
      return;
    }
    const recountColumn = async (id: number) => {
      const recountSerialNumber = (recountSerialNumberByStatusIdRef.current.get(id) ?? 0) + 1;
      recountSerialNumberByStatusIdRef.current.set(id, recountSerialNumber);
      const { count } = await getDataOrThrow(
        api.GET("/leads", { params: { query: { ...filter, status: [id], limit: 1 } } }),
      );
      const columnLeadList = leadListsByStatusIdRef.current.get(id);
      // If a later recount of this column was started, this response is stale and is discarded.
      if (!columnLeadList || recountSerialNumber !== recountSerialNumberByStatusIdRef.current.get(id)) return;
      if (mayReload && columnLeadList.count !== count) columnLeadList.reload();
      else columnLeadList.setCount(count);
    };
    // A failed recount is ignored, because the next page of the column also contains the count.
    await Promise.allSettled(ids.map(recountColumn));
  };

  const boardMoveFunctions = useBoardLeadMoves(leadListsByStatusIdRef.current, recountColumns);
  const moveLead = (lead: LeadSummary, to: LeadStatus) => {
    movedLeadIdRef.current = lead.id;
    boardMoveFunctions.move(lead, to);
  };

  const postponeEventsOnPointerMove = useLiveBoardUpdates({
    columns: leadListsByStatusIdRef.current,
    filter,
    hasSearch: activeSearchText !== "",
    moves: boardMoveFunctions,
    isCardInUse: () =>
      draggedLeadRef.current !== undefined || boardElementRef.current?.querySelector(":popover-open") !== null,
    recount: recountColumns,
    reload: () => {
      for (const columnLeadList of leadListsByStatusIdRef.current.values()) columnLeadList.reload();
    },
  });

  const findCardElement = (target: EventTarget | null) =>
    target instanceof Element ? target.closest<HTMLElement>("[data-lead]") : null;

  const handleCardKeyDown = (event: KeyboardEvent) => {
    const cardElement = findCardElement(event.target);
    const arrowDirection = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!cardElement || !arrowDirection || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [across = 0, down = 0] = arrowDirection;
    const cardStatusIndex = visibleStatuses.findIndex(({ id }) => String(id) === cardElement.dataset.status);
    if (event.shiftKey && across) {
      const [fromStatus, toStatus] = [visibleStatuses[cardStatusIndex], visibleStatuses[cardStatusIndex + across]];
      const columnLeads = leadListsByStatusIdRef.current.get(fromStatus?.id ?? 0)?.items ?? [];
      const leadOfFocusedCard = columnLeads.find(({ id }) => String(id) === cardElement.dataset.lead);
      if (mayWrite && leadOfFocusedCard && toStatus) moveLead(leadOfFocusedCard, toStatus);
      return;
    }
    const findCardElementsOfStatus = (status: LeadStatus | undefined) =>
      Array.from(boardElementRef.current?.querySelectorAll<HTMLElement>(`[data-status="${status?.id}"]`) ?? []);
    const cardIndex = findCardElementsOfStatus(visibleStatuses[cardStatusIndex]).indexOf(cardElement);
    if (down) {
      findCardElementsOfStatus(visibleStatuses[cardStatusIndex])[cardIndex + down]?.querySelector("a")?.focus();
      return;
    }
    // Skips empty columns.
    for (
      let columnIndex = cardStatusIndex + across;
      columnIndex >= 0 && columnIndex < visibleStatuses.length;
      columnIndex += across
    ) {
      const columnCardElements = findCardElementsOfStatus(visibleStatuses[columnIndex]);
      const cardElementToFocus = columnCardElements[Math.min(cardIndex, columnCardElements.length - 1)];
      if (!cardElementToFocus) continue;
      cardElementToFocus.querySelector("a")?.focus();
      return;
    }
  };
  useShortcut(
    "s",
    () => {
      const statusButtonElement = findCardElement(document.activeElement)?.querySelector<HTMLElement>("button.status");
      if (!statusButtonElement) return false;
      statusButtonElement.click();
    },
    mayWrite ? "Status of the lead" : "",
  );

  const replaceListQueryInUrl = (newQuery: LeadListUrlQuery) => {
    const boardUrlParams = buildListRouteParams(newQuery);
    const openLeadIdParam = currentRoute.query.get("lead");
    if (openLeadIdParam) boardUrlParams.set("lead", openLeadIdParam);
    replaceUrlQuery(boardUrlParams);
  };
  const updateListQuery = (part: Partial<LeadListUrlQuery>) => replaceListQueryInUrl({ ...listQuery, ...part });
  const clearSearchAndFilters = () =>
    replaceListQueryInUrl({ ...buildQueryWithoutAnyFilter(listQuery), search: "", view: 0 });
  useApplyViewFromUrl(listQuery, replaceListQueryInUrl);

  const boardStateAndCallbacks: BoardStateAndCallbacks = {
    mayMove: mayWrite,
    moveLead,
    focusedLeadRef: movedLeadIdRef,
    draggedLeadRef,
    onCardKeyDown: handleCardKeyDown,
  };
  return (
    <>
      <header class="head">
        <div>
          <h1>Board</h1>
          <ViewTabs layout="board" query={listQuery} />
          <span class="push" />
          {mayWrite ? (
            <a class="btn primary" href="#/new" aria-label="New lead" aria-keyshortcuts="c">
              <Icon name="plus" />
              <span class="wide">New lead</span>
            </a>
          ) : null}
        </div>
        <search class="bar">
          <BoardSearchInput value={listQuery.search} onSearch={(text) => updateListQuery({ search: text })} />
          <FilterChips query={listQuery} updateListQuery={updateListQuery} />
          <FilterMenu
            query={listQuery}
            updateListQuery={updateListQuery}
            countText="leads"
            clear={clearSearchAndFilters}
          />
          {getActiveFilterNames(listQuery).length > 0 || listQuery.search ? (
            <button type="button" class="btn ghost wide" onClick={clearSearchAndFilters}>
              Clear
            </button>
          ) : null}
        </search>
      </header>
      <p id="board-keys" class="unseen">
        Arrow keys go from lead to lead.{mayWrite ? " S changes the status; so does Shift with left and right." : ""}
      </p>
      <div class="board" ref={boardElementRef} onPointerMove={postponeEventsOnPointerMove}>
        {visibleStatuses.map((status, at) => (
          <BoardColumn
            key={`${status.id} ${searchAndFiltersJson}`}
            status={status}
            readLeads={readColumnPageAndApplyMoves}
            filterKey={searchAndFiltersJson}
            openLeadId={panelLeadId}
            registerPages={(pages) => leadListsByStatusIdRef.current.set(status.id, pages)}
            onEmptyChange={(is) => {
              if (emptyColumnStatusIds.has(status.id) === is) return;
              setEmptyColumnStatusIds((before) => {
                const newEmptyColumnStatusIds = new Set(before);
                if (is) newEmptyColumnStatusIds.add(status.id);
                else newEmptyColumnStatusIds.delete(status.id);
                return newEmptyColumnStatusIds;
              });
            }}
            showsFirstLeadHint={isTeamWithoutLeads && at === 0}
            actions={boardStateAndCallbacks}
          />
        ))}
      </div>
    </>
  );
}

function BoardSearchInput({ value, onSearch }: { value: string; onSearch: (text: string) => void }): JSX.Element {
  const [typedText, setTypedText] = useState(value);
  const onSearchRef = useRef(onSearch);
  onSearchRef.current = onSearch;
  const lastSentSearchTextRef = useRef(value);
  useEffect(() => {
    // If Back or a saved view has changed the search in the URL, the input shows that search.
    if (value !== lastSentSearchTextRef.current) setTypedText(value);
    lastSentSearchTextRef.current = value;
  }, [value]);
  useEffect(() => {
    if (typedText === lastSentSearchTextRef.current) return;
    const searchTimer = setTimeout(() => {
      lastSentSearchTextRef.current = typedText;
      onSearchRef.current(typedText);
    }, SEARCH_DEBOUNCE_MS);
    return () => clearTimeout(searchTimer);
  }, [typedText]);
  return <SearchInput value={typedText} onChange={setTypedText} />;
}
