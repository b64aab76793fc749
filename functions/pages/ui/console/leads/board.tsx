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
  activeFilters,
  isSearchable,
  type ListQuery,
  leadFilter,
  readListQuery,
  withoutFilters,
  writeListQuery,
} from "./list-query";
import { useMoves } from "./moves";
import { openLeadId } from "./open-lead";
import { useViewOfAddress, ViewTabs } from "./views";

const PAGE_LEADS = 25;
/** The largest page of `GET /leads/search`. A result of this length may be incomplete. */
const MAX_FOUND_LEADS = 100;
/** The search is sent when nothing was typed for this long. */
const SEARCH_PAUSE_MS = 250;

export function Board(): JSX.Element {
  const route = useRoute();
  const { statuses, mayWrite } = useTeam();
  const columns = useRef(new Map<number, PagedList<LeadSummary>>());
  const board = useRef<HTMLDivElement>(null);
  const focusedLead = useRef(0);
  const dragged = useRef<LeadSummary | undefined>(undefined);
  /** Number of the latest recount of each column, by the id of its status. An older response is discarded. */
  const recounts = useRef(new Map<number, number>());
  const [emptyColumns, setEmptyColumns] = useState<ReadonlySet<number>>(new Set());

  const query = readListQuery(route.query);
  const search = isSearchable(query.search.trim()) ? query.search.trim() : "";
  const { status: shownStatuses, ...filter } = leadFilter({ ...query, sort: "" });
  const filterKey = JSON.stringify([search, filter]);
  const shown = statuses.filter(({ id }) => !shownStatuses || (shownStatuses as number[]).includes(id));
  for (const id of columns.current.keys()) if (!shown.some((status) => status.id === id)) columns.current.delete(id);
  const openLead = openLeadId(route);
  const isFiltered = search !== "" || shownStatuses !== undefined || Object.keys(filter).length > 0;
  const isEmpty = !isFiltered && statuses.every(({ id }) => emptyColumns.has(id));

  const read = async (status: number, cursor: string | undefined) => {
    if (search) {
      const words = { ...filter, status: [status], search, limit: MAX_FOUND_LEADS };
      const found = await unwrapResponse(api.GET("/leads/search", { params: { query: words } }));
      const { data: items, response } = found;
      const isPartial = items.length === MAX_FOUND_LEADS || response.headers.get("search-complete") === "false";
      return { items, count: items.length, isPartial };
    }
    return readLeadPage({ ...filter, status: [status], limit: PAGE_LEADS }, cursor);
  };

  const recount = async (ids: number[], reloads = false) => {
    if (search) {
      for (const id of ids) columns.current.get(id)?.reload();
      return;
    }
    const recountOne = async (id: number) => {
      const latest = (recounts.current.get(id) ?? 0) + 1;
      recounts.current.set(id, latest);
      const { count } = await unwrap(api.GET("/leads", { params: { query: { ...filter, status: [id], limit: 1 } } }));
      const pages = columns.current.get(id);
      // A later recount was started, so this response is stale.
      if (!pages || latest !== recounts.current.get(id)) return;
      if (reloads && pages.count !== count) pages.reload();
      else pages.setCount(count);
    };
    // Failures are ignored: the next page that the column reads has the count too.
    await Promise.allSettled(ids.map(recountOne));
  };

  const moves = useMoves(columns.current, recount);
  const move = (lead: LeadSummary, to: Status) => {
    focusedLead.current = lead.id;
    moves.move(lead, to);
  };

  const onPointerMove = useBoardChanges({
    columns: columns.current,
    filter,
    isSearch: search !== "",
    moves,
    isHeld: () => dragged.current !== undefined || board.current?.querySelector(":popover-open") !== null,
    recount,
    reload: () => {
      for (const pages of columns.current.values()) pages.reload();
    },
  });

  const cardOf = (target: EventTarget | null) =>
    target instanceof Element ? target.closest<HTMLElement>("[data-lead]") : null;

  const onCardKeyDown = (event: KeyboardEvent) => {
    const card = cardOf(event.target);
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!card || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [across = 0, down = 0] = step;
    const at = shown.findIndex(({ id }) => String(id) === card.dataset.status);
    if (event.shiftKey && across) {
      const [from, to] = [shown[at], shown[at + across]];
      const leads = columns.current.get(from?.id ?? 0)?.items ?? [];
      const lead = leads.find(({ id }) => String(id) === card.dataset.lead);
      if (mayWrite && lead && to) move(lead, to);
      return;
    }
    const cardsOf = (status: Status | undefined) =>
      Array.from(board.current?.querySelectorAll<HTMLElement>(`[data-status="${status?.id}"]`) ?? []);
    const row = cardsOf(shown[at]).indexOf(card);
    if (down) {
      cardsOf(shown[at])[row + down]?.querySelector("a")?.focus();
      return;
    }
    // Skips empty columns.
    for (let next = at + across; next >= 0 && next < shown.length; next += across) {
      const cards = cardsOf(shown[next]);
      const target = cards[Math.min(row, cards.length - 1)];
      if (!target) continue;
      target.querySelector("a")?.focus();
      return;
    }
  };
  useShortcut(
    "s",
    () => {
      const opener = cardOf(document.activeElement)?.querySelector<HTMLElement>("button.status");
      if (!opener) return false;
      opener.click();
    },
    mayWrite ? "Status of the lead" : "",
  );

  const show = (next: ListQuery) => {
    const written = writeListQuery(next);
    const open = route.query.get("lead");
    if (open) written.set("lead", open);
    replaceQuery(written);
  };
  const change = (part: Partial<ListQuery>) => show({ ...query, ...part });
  const clear = () => show({ ...withoutFilters(query), search: "", view: 0 });
  useViewOfAddress(query, show);

  const actions: BoardActions = { mayMove: mayWrite, move, focusedLead, dragged, onCardKeyDown };
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
          <SearchBox value={query.search} onSearch={(text) => change({ search: text })} />
          <FilterChips query={query} change={change} />
          <FilterMenu query={query} change={change} found="leads" clear={clear} />
          {activeFilters(query).length > 0 || query.search ? (
            <button type="button" class="btn ghost wide" onClick={clear}>
              Clear
            </button>
          ) : null}
        </search>
      </header>
      <p id="board-keys" class="unseen">
        Arrow keys go from lead to lead.{mayWrite ? " S changes the status; so does Shift with left and right." : ""}
      </p>
      <div class="board" ref={board} onPointerMove={onPointerMove}>
        {shown.map((status, at) => (
          <Column
            key={`${status.id} ${filterKey}`}
            status={status}
            read={read}
            filterKey={filterKey}
            openLead={openLead}
            register={(pages) => columns.current.set(status.id, pages)}
            onEmpty={(is) => {
              if (emptyColumns.has(status.id) === is) return;
              setEmptyColumns((before) => {
                const next = new Set(before);
                if (is) next.add(status.id);
                else next.delete(status.id);
                return next;
              });
            }}
            isFirstOfNone={isEmpty && at === 0}
            actions={actions}
          />
        ))}
      </div>
    </>
  );
}

function SearchBox({ value, onSearch }: { value: string; onSearch: (text: string) => void }): JSX.Element {
  const [text, setText] = useState(value);
  const box = useRef<HTMLInputElement>(null);
  const latest = useRef(onSearch);
  latest.current = onSearch;
  const sent = useRef(value);
  useEffect(() => {
    // The search in the URL was changed elsewhere, for example by Back or a saved view.
    if (value !== sent.current) setText(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      latest.current(text);
    }, SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useShortcut("/", () => box.current?.focus(), "Search this view");
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={box}
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
