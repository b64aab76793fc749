// The board: a column for each status. Dragging a card, Shift with an arrow key, or S changes a lead's status.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type LeadSummary, readLeadPage, type Status, unwrap, unwrapResponse } from "../app/api";
import { replaceQuery, useRoute } from "../app/route";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import type { PagedList } from "../ui/loading";
import { useBoardChanges } from "./board-changes";
import { type BoardActions, Column } from "./board-column";
import { FilterChips, FilterMenu } from "./filters";
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
import { useMoves } from "./moves";
import { openLeadId } from "./open-lead";
import { useViewFromUrl, ViewTabs } from "./views";

const COLUMN_PAGE_LEADS = 25;
/** The largest page of `GET /leads/search`. A result of this length may be incomplete. */
const MAX_SEARCH_LEADS = 100;
/** The search is sent when nothing was typed for this long. */
const SEARCH_PAUSE_MS = 250;

export function Board(): JSX.Element {
  const route = useRoute();
  const { statuses, mayWrite } = useTeam();
  const columnsRef = useRef(new Map<number, PagedList<LeadSummary>>());
  const boardRef = useRef<HTMLDivElement>(null);
  const focusedLeadRef = useRef(0);
  const draggedLeadRef = useRef<LeadSummary | undefined>(undefined);
  /** Number of the latest recount of each column, by the id of its status. An older response is discarded. */
  const recountNumbersRef = useRef(new Map<number, number>());
  const [emptyColumns, setEmptyColumns] = useState<ReadonlySet<number>>(new Set());

  const query = readListQuery(route.query);
  const searchText = isSearchable(query.search.trim()) ? query.search.trim() : "";
  const { status: shownStatuses, ...filter } = buildLeadFilter({ ...query, sort: "" });
  const filterKey = JSON.stringify([searchText, filter]);
  const visibleStatuses = statuses.filter(({ id }) => !shownStatuses || (shownStatuses as number[]).includes(id));
  for (const id of columnsRef.current.keys())
    if (!visibleStatuses.some((status) => status.id === id)) columnsRef.current.delete(id);
  const openId = openLeadId(route);
  const isFiltered = searchText !== "" || shownStatuses !== undefined || Object.keys(filter).length > 0;
  const isEmpty = !isFiltered && statuses.every(({ id }) => emptyColumns.has(id));

  const requestColumn = async (status: number, cursor: string | undefined) => {
    if (searchText) {
      const searchQuery = { ...filter, status: [status], search: searchText, limit: MAX_SEARCH_LEADS };
      const searchResponse = await unwrapResponse(api.GET("/leads/search", { params: { query: searchQuery } }));
      const { data: items, response } = searchResponse;
      const isPartial = items.length === MAX_SEARCH_LEADS || response.headers.get("search-complete") === "false";
      return { items, count: items.length, isPartial };
    }
    return readLeadPage({ ...filter, status: [status], limit: COLUMN_PAGE_LEADS }, cursor);
  };

  const readColumn = async (status: number, cursor: string | undefined) => {
    const atMs = Date.now();
    const page = await requestColumn(status, cursor);
    // Only the API knows whether a search finds a lead.
    const isListed = (lead: LeadSummary) => searchText === "" && matchesFilter(lead, filter);
    return moves.applyMoves(page, { status, atMs, isFirstPage: cursor === undefined, isListed });
  };

  const recount = async (ids: number[], mayReload = false) => {
    if (searchText) {
      for (const id of ids) columnsRef.current.get(id)?.reload();
      return;
    }
    const recountColumn = async (id: number) => {
      const recountNumber = (recountNumbersRef.current.get(id) ?? 0) + 1;
      recountNumbersRef.current.set(id, recountNumber);
      const { count } = await unwrap(api.GET("/leads", { params: { query: { ...filter, status: [id], limit: 1 } } }));
      const pages = columnsRef.current.get(id);
      // A later recount was started, so this response is stale.
      if (!pages || recountNumber !== recountNumbersRef.current.get(id)) return;
      if (mayReload && pages.count !== count) pages.reload();
      else pages.setCount(count);
    };
    // Failures are ignored: the next page that the column reads has the count too.
    await Promise.allSettled(ids.map(recountColumn));
  };

  const moves = useMoves(columnsRef.current, recount);
  const moveLead = (lead: LeadSummary, to: Status) => {
    focusedLeadRef.current = lead.id;
    moves.move(lead, to);
  };

  const onPointerMove = useBoardChanges({
    columns: columnsRef.current,
    filter,
    hasSearch: searchText !== "",
    moves,
    isCardInUse: () =>
      draggedLeadRef.current !== undefined || boardRef.current?.querySelector(":popover-open") !== null,
    recount,
    reload: () => {
      for (const pages of columnsRef.current.values()) pages.reload();
    },
  });

  const findCard = (target: EventTarget | null) =>
    target instanceof Element ? target.closest<HTMLElement>("[data-lead]") : null;

  const onCardKeyDown = (event: KeyboardEvent) => {
    const card = findCard(event.target);
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!card || !direction || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [across = 0, down = 0] = direction;
    const statusIndex = visibleStatuses.findIndex(({ id }) => String(id) === card.dataset.status);
    if (event.shiftKey && across) {
      const [fromStatus, to] = [visibleStatuses[statusIndex], visibleStatuses[statusIndex + across]];
      const columnLeads = columnsRef.current.get(fromStatus?.id ?? 0)?.items ?? [];
      const lead = columnLeads.find(({ id }) => String(id) === card.dataset.lead);
      if (mayWrite && lead && to) moveLead(lead, to);
      return;
    }
    const findCards = (status: Status | undefined) =>
      Array.from(boardRef.current?.querySelectorAll<HTMLElement>(`[data-status="${status?.id}"]`) ?? []);
    const cardIndex = findCards(visibleStatuses[statusIndex]).indexOf(card);
    if (down) {
      findCards(visibleStatuses[statusIndex])[cardIndex + down]?.querySelector("a")?.focus();
      return;
    }
    // Skips empty columns.
    for (
      let columnIndex = statusIndex + across;
      columnIndex >= 0 && columnIndex < visibleStatuses.length;
      columnIndex += across
    ) {
      const cards = findCards(visibleStatuses[columnIndex]);
      const targetCard = cards[Math.min(cardIndex, cards.length - 1)];
      if (!targetCard) continue;
      targetCard.querySelector("a")?.focus();
      return;
    }
  };
  useShortcut(
    "s",
    () => {
      const statusButton = findCard(document.activeElement)?.querySelector<HTMLElement>("button.status");
      if (!statusButton) return false;
      statusButton.click();
    },
    mayWrite ? "Status of the lead" : "",
  );

  const showQuery = (next: ListQuery) => {
    const urlParams = writeListQuery(next);
    const openLeadParam = route.query.get("lead");
    if (openLeadParam) urlParams.set("lead", openLeadParam);
    replaceQuery(urlParams);
  };
  const changeQuery = (part: Partial<ListQuery>) => showQuery({ ...query, ...part });
  const clearQuery = () => showQuery({ ...removeFilters(query), search: "", view: 0 });
  useViewFromUrl(query, showQuery);

  const actions: BoardActions = { mayMove: mayWrite, move: moveLead, focusedLeadRef, draggedLeadRef, onCardKeyDown };
  return (
    <>
      <header class="head">
        <div>
          <h1>Board</h1>
          <ViewTabs layout="board" query={query} />
          <span class="push" />
          {mayWrite ? (
            <a class="btn primary" href="#/new" aria-label="New lead" aria-keyshortcuts="c">
              <Icon name="plus" />
              <span class="wide">New lead</span>
            </a>
          ) : null}
        </div>
        <search class="bar">
          <SearchBox value={query.search} onSearch={(text) => changeQuery({ search: text })} />
          <FilterChips query={query} changeQuery={changeQuery} />
          <FilterMenu query={query} changeQuery={changeQuery} countText="leads" clear={clearQuery} />
          {listActiveFilters(query).length > 0 || query.search ? (
            <button type="button" class="btn ghost wide" onClick={clearQuery}>
              Clear
            </button>
          ) : null}
        </search>
      </header>
      <p id="board-keys" class="unseen">
        Arrow keys go from lead to lead.{mayWrite ? " S changes the status; so does Shift with left and right." : ""}
      </p>
      <div class="board" ref={boardRef} onPointerMove={onPointerMove}>
        {visibleStatuses.map((status, at) => (
          <Column
            key={`${status.id} ${filterKey}`}
            status={status}
            readLeads={readColumn}
            filterKey={filterKey}
            openLead={openId}
            register={(pages) => columnsRef.current.set(status.id, pages)}
            onEmpty={(is) => {
              if (emptyColumns.has(status.id) === is) return;
              setEmptyColumns((before) => {
                const newEmptyColumns = new Set(before);
                if (is) newEmptyColumns.add(status.id);
                else newEmptyColumns.delete(status.id);
                return newEmptyColumns;
              });
            }}
            showsFirstLeadHint={isEmpty && at === 0}
            actions={actions}
          />
        ))}
      </div>
    </>
  );
}

function SearchBox({ value, onSearch }: { value: string; onSearch: (text: string) => void }): JSX.Element {
  const [text, setText] = useState(value);
  const inputRef = useRef<HTMLInputElement>(null);
  const onSearchRef = useRef(onSearch);
  onSearchRef.current = onSearch;
  const sentTextRef = useRef(value);
  useEffect(() => {
    // The search in the URL was changed elsewhere, for example by Back or a saved view.
    if (value !== sentTextRef.current) setText(value);
    sentTextRef.current = value;
  }, [value]);
  useEffect(() => {
    if (text === sentTextRef.current) return;
    const timer = setTimeout(() => {
      sentTextRef.current = text;
      onSearchRef.current(text);
    }, SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useShortcut("/", () => inputRef.current?.focus(), "Search this view");
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={inputRef}
        class="input"
        type="search"
        placeholder="Search this view"
        aria-label="Search this view"
        aria-keyshortcuts="/"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          if (text) setText("");
          else event.currentTarget.blur();
        }}
      />
    </div>
  );
}
