// The table of the list, with virtual scrolling: only rows near the viewport are in the document, so that ten thousand rows
// scroll as fast as fifty.

import { signal } from "@preact/signals";
import { Component, type JSX, type RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Status } from "../app/api";
import { useTeam } from "../app/team";
import { Avatar, fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import { StatusPill } from "../ui/status";
import { RelativeTime } from "../ui/time";
import { COLUMNS, type Column, fittingColumns } from "./columns";
import type { LeadPages, Row } from "./list-pages";
import type { Selection } from "./list-selection";
import { leadHref } from "./open-lead";

/** Number of rows rendered above and below the visible ones. */
const OVERSCAN_ROWS = 8;
/** The range of rendered rows moves in steps of this many rows, so that most scroll events render nothing. */
const STEP_ROWS = 4;
/** Pages are read this many rows before they become visible. */
const READ_AHEAD_ROWS = 60;
const INITIAL_ROWS = 40;
/** Height of a row until one is rendered and measured. */
const ROW_PX = 40;

const PHONE = matchMedia("(width < 48rem)");
const isPhone = signal(PHONE.matches);
PHONE.addEventListener("change", ({ matches }) => {
  isPhone.value = matches;
});
/** Columns on a phone, which shows each lead on two lines, whichever columns were chosen. */
const PHONE_COLUMNS: Column[] = ["company", "status", "createdAt"];

/** Methods of the table for the screen around it. */
export interface TableHandle {
  /** Scrolls a row into view and focuses its link. */
  focusRow: (position: number) => void;
  /** Returns the id of the lead that has the focus or had it last. */
  currentId: () => number | undefined;
  openStatusMenu: (id: number) => void;
  scrollTop: () => number;
  scrollTo: (top: number) => void;
  /** Whether the pointer or the focus is in a row. */
  isInUse: () => boolean;
}

interface TableProps {
  pages: LeadPages;
  selection: Selection;
  chosen: readonly Column[];
  openId: number | undefined;
  sort: "" | "createdAt";
  onSort: () => void;
  onMove: (lead: Row, to: Status) => void;
  handle: RefObject<TableHandle | null>;
}

interface Window {
  start: number;
  end: number;
}

export function LeadTable(props: TableProps): JSX.Element {
  const { pages, selection, chosen, openId, sort, onSort, onMove, handle } = props;
  const { mayWrite, statuses } = useTeam();
  pages.version.value;
  const region = useRef<HTMLElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const above = useRef<HTMLTableCellElement>(null);
  const below = useRef<HTMLTableCellElement>(null);
  const rowPx = useRef(ROW_PX);
  const wanted = useRef<number | undefined>(undefined);
  const lastId = useRef<number | undefined>(undefined);
  const [shown, setShown] = useState<Window>({ start: 0, end: INITIAL_ROWS });
  const [roomRem, setRoomRem] = useState(70);
  const columns = isPhone.value ? PHONE_COLUMNS : fittingColumns(chosen, roomRem);
  const { length } = pages;
  const end = Math.min(shown.end, length);
  const start = Math.min(shown.start, Math.max(0, end - 1));

  const scroller = (): Element => {
    const own = region.current;
    return own && own.scrollHeight > own.clientHeight + 1 ? own : (document.scrollingElement ?? document.body);
  };
  /** Returns the top of the first row and the visible part of the viewport, in pixels. */
  const measure = () => {
    const table = body.current;
    const own = region.current;
    if (!table || !own) return undefined;
    const rows = table.getBoundingClientRect();
    const seen = own.getBoundingClientRect();
    const first = rows.top - startRef.current * rowPx.current;
    return { first, top: Math.max(0, seen.top), bottom: Math.min(innerHeight, seen.bottom) };
  };
  const startRef = useRef(start);
  startRef.current = start;

  const follow = () => {
    const at = measure();
    if (!at) return;
    const px = rowPx.current;
    const first = Math.max(0, Math.floor((at.top - at.first) / px));
    const last = Math.max(first, Math.ceil((at.bottom - at.first) / px));
    const next = {
      start: Math.max(0, Math.floor((first - OVERSCAN_ROWS) / STEP_ROWS) * STEP_ROWS),
      end: Math.ceil((last + OVERSCAN_ROWS) / STEP_ROWS) * STEP_ROWS,
    };
    setShown((before) => (before.start === next.start && before.end === next.end ? before : next));
    if (pages.hasMore && !pages.error && last + READ_AHEAD_ROWS > pages.items.length) {
      pages.readUntil(Math.min(last + READ_AHEAD_ROWS, Math.max(pages.length, 1)));
    }
  };
  const latest = useRef(follow);
  latest.current = follow;

  useEffect(() => {
    const onScroll = () => latest.current();
    // Scroll events of the region do not bubble, so this listener captures them. On a phone the page itself scrolls.
    addEventListener("scroll", onScroll, { capture: true, passive: true });
    addEventListener("resize", onScroll);
    return () => {
      removeEventListener("scroll", onScroll, { capture: true });
      removeEventListener("resize", onScroll);
    };
  }, []);
  useEffect(() => {
    const own = region.current;
    if (!own) return undefined;
    const observer = new ResizeObserver(() => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      setRoomRem(own.clientWidth / rem);
      latest.current();
    });
    observer.observe(own);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const row = body.current?.querySelector("tr");
    if (row && row.offsetHeight > 0) rowPx.current = row.offsetHeight;
    // The page's CSP forbids `style` attributes, but not styles that a script sets.
    above.current?.style.setProperty("height", `${start * rowPx.current}px`);
    below.current?.style.setProperty("height", `${(length - end) * rowPx.current}px`);
    const id = wanted.current;
    if (id === undefined) return;
    const link = body.current?.querySelector<HTMLElement>(`[data-lead="${id}"] a`);
    if (!link) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });
  useEffect(() => latest.current(), [pages.version.value, length]);

  // When virtual scrolling removes the focused row, the scroll region takes the focus, so that the next key still acts on this
  // list.
  const hadFocus = useRef(false);
  useLayoutEffect(() => {
    if (hadFocus.current && document.activeElement === document.body) region.current?.focus({ preventScroll: true });
    hadFocus.current = body.current?.contains(document.activeElement) ?? false;
  }, [start, end]);

  handle.current = {
    focusRow: (position) => {
      const lead = pages.items[position];
      const at = measure();
      if (!lead || !at) return;
      lastId.current = lead.id;
      const px = rowPx.current;
      const top = at.first + position * px;
      const head = region.current?.querySelector("thead")?.getBoundingClientRect().height ?? 0;
      // Height of the selection toolbar, which floats above the last rows.
      const foot = 2 * px;
      if (top < at.top + head) scroller().scrollBy(0, top - at.top - head);
      else if (top + px > at.bottom - foot) scroller().scrollBy(0, top + px - at.bottom + foot);
      wanted.current = lead.id;
      latest.current();
      const link = body.current?.querySelector<HTMLElement>(`[data-lead="${lead.id}"] a`);
      if (link) {
        wanted.current = undefined;
        link.focus({ preventScroll: true });
      }
    },
    currentId: () => lastId.current,
    openStatusMenu: (id) => body.current?.querySelector<HTMLElement>(`[data-lead="${id}"] .pill`)?.click(),
    scrollTop: () => scroller().scrollTop,
    scrollTo: (top) => {
      scroller().scrollTop = top;
      latest.current();
    },
    isInUse: () => body.current?.matches(":hover, :focus-within") ?? false,
  };

  const wide = columns.length + (mayWrite ? 2 : 1);
  return (
    <section class="scroll" ref={region} tabIndex={0} aria-label="Leads, a table that scrolls">
      <table class="list" aria-rowcount={length + 1} aria-busy={pages.isBusy}>
        <thead>
          <tr aria-rowindex={1}>
            {mayWrite ? (
              <th scope="col" class="w-box">
                <SelectAll selection={selection} />
              </th>
            ) : null}
            <th scope="col" class="w-l">
              Name
            </th>
            {columns.map((column) =>
              column === "createdAt" && !pages.source.search ? (
                <th
                  key={column}
                  scope="col"
                  class={COLUMNS[column].style}
                  aria-sort={sort === "createdAt" ? "ascending" : "descending"}
                >
                  <button type="button" title={sort === "createdAt" ? "Newest first" : "Oldest first"} onClick={onSort}>
                    Created
                    <Icon name={sort === "createdAt" ? "arrow-up" : "arrow-down"} />
                  </button>
                </th>
              ) : (
                <th key={column} scope="col" class={COLUMNS[column].style}>
                  {COLUMNS[column].title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody class="gap" aria-hidden="true">
          <tr>
            <td ref={above} colSpan={wide} />
          </tr>
        </tbody>
        <tbody
          ref={body}
          onFocusIn={({ target }) => {
            const id = (target as Element).closest<HTMLElement>("[data-lead]")?.dataset.lead;
            if (id) lastId.current = Number(id);
          }}
        >
          {Array.from({ length: end - start }, (_, offset) => {
            const position = start + offset;
            const lead = pages.items[position];
            if (!lead)
              return <Bones key={`bones ${position}`} columns={columns} hasBox={mayWrite} position={position} />;
            return (
              <LeadRow
                key={lead.id}
                lead={lead}
                href={leadHref(lead.id)}
                position={position}
                columns={columns}
                status={statuses.find(({ id }) => id === lead.statusId)}
                selection={mayWrite ? selection : undefined}
                isSelected={mayWrite && selection.has(lead.id)}
                isOpen={lead.id === openId}
                gone={pages.gone.get(lead.id)}
                onMove={mayWrite ? onMove : undefined}
              />
            );
          })}
        </tbody>
        <tbody class="gap" aria-hidden="true">
          <tr>
            <td ref={below} colSpan={wide} />
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function SelectAll({ selection }: { selection: Selection }): JSX.Element {
  const { extent } = selection;
  // A component that reads a signal skips renders of its parent with unchanged props. This read subscribes it to the list.
  selection.pages.version.value;
  return (
    <label class="hit">
      <input
        type="checkbox"
        class={extent === "some" ? "mixed" : ""}
        aria-label="Select all"
        checked={extent === "all"}
        indeterminate={extent === "some"}
        disabled={selection.pages.length === 0}
        onClick={() => (extent === "all" ? selection.clear() : selection.selectAll())}
      />
    </label>
  );
}

function Bones({ columns, hasBox, position }: { columns: Column[]; hasBox: boolean; position: number }): JSX.Element {
  return (
    <tr class="bones" aria-rowindex={position + 2}>
      {hasBox ? <td /> : null}
      <td>
        <span class="who">
          <span class="bone face" />
          <span class={position % 3 === 2 ? "bone short" : "bone"} />
        </span>
      </td>
      {columns.map((column) => (
        <td key={column} class={CELLS[column]}>
          <span class={(position + column.length) % 3 === 1 ? "bone short" : "bone"} />
        </td>
      ))}
    </tr>
  );
}

/** CSS classes of the cells, which place them on a phone. `c0` hides a cell there. */
const CELLS: Record<Column, string> = {
  company: "p-co quiet",
  status: "p-st",
  createdAt: "p-when quiet",
  email: "c0 quiet",
  phoneNumber: "c0 quiet num",
  position: "c0 quiet",
  location: "c0 quiet",
  source: "c0 quiet",
  business: "c0 quiet",
};

interface RowProps {
  lead: Row;
  href: string;
  position: number;
  columns: Column[];
  status: Status | undefined;
  /** Absent for users who may not change leads. */
  selection: Selection | undefined;
  isSelected: boolean;
  isOpen: boolean;
  gone: "deleted" | "left" | undefined;
  onMove: ((lead: Row, to: Status) => void) | undefined;
}

function textOf(lead: Row, column: Column): string {
  if (column === "phoneNumber") return lead.phoneNumber[0] ?? "";
  if (column === "business") return lead.business.map(({ name }) => name).join(", ");
  if (column === "status" || column === "createdAt") return "";
  return lead[column] ?? "";
}

/** A row of the list. It renders only if one of its props has changed. */
class LeadRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const names = Object.keys(next) as (keyof RowProps)[];
    return names.some((name) =>
      // Arrays of columns are compared by content. `onMove` is a new function in every render, with the same behaviour, so it
      // is ignored.
      name === "columns"
        ? next.columns.join() !== this.props.columns.join()
        : name !== "onMove" && next[name] !== this.props[name],
    );
  }

  override render({
    lead,
    href,
    position,
    columns,
    status,
    selection,
    isSelected,
    isOpen,
    gone,
    onMove,
  }: RowProps): JSX.Element {
    const name = fullName(lead);
    const shown = status ?? { id: lead.statusId, name: lead.status, primaryColor: "gray" as const };
    return (
      <tr
        data-lead={lead.id}
        class={gone ? "gone" : isOpen ? "open" : ""}
        aria-rowindex={position + 2}
        title={gone === "deleted" ? "Deleted meanwhile" : gone ? "No longer in this list" : undefined}
      >
        {selection ? (
          <td>
            {gone === "deleted" ? null : (
              <label class="hit">
                <input
                  type="checkbox"
                  aria-label={`Select ${name}`}
                  checked={isSelected}
                  // Without this, Shift and a click would also select the text between.
                  onMouseDown={(event) => event.shiftKey && event.preventDefault()}
                  onClick={(event) => {
                    selection.toggle(lead.id, event.shiftKey);
                    // The browser has toggled the checkbox, but a range may leave the lead's selection unchanged.
                    event.currentTarget.checked = selection.has(lead.id);
                  }}
                />
              </label>
            )}
          </td>
        ) : null}
        <td>
          {gone === "deleted" ? (
            <span class="who">
              <Avatar person={lead} />
              <span class="cut" title={name}>
                <bdi>{name}</bdi>
              </span>
            </span>
          ) : (
            <a class="who" href={href}>
              <Avatar person={lead} />
              <span class="cut" title={name}>
                <bdi>{name}</bdi>
              </span>
            </a>
          )}
        </td>
        {columns.map((column) => {
          if (column === "createdAt") {
            return (
              <td key={column} class={CELLS[column]}>
                <RelativeTime at={lead.createdAt} />
              </td>
            );
          }
          if (column === "status") {
            return (
              <td key={column} class={CELLS[column]}>
                <StatusPill
                  status={shown}
                  onChange={onMove && gone !== "deleted" ? (to) => this.props.onMove?.(this.props.lead, to) : undefined}
                />
              </td>
            );
          }
          const text = textOf(lead, column);
          return (
            <td key={column} class={CELLS[column]} title={text}>
              <bdi>{text}</bdi>
            </td>
          );
        })}
      </tr>
    );
  }
}
