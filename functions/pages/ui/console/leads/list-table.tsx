// The table of the list, with virtual scrolling: only rows near the viewport are in the document, so that ten thousand rows
// scroll as fast as fifty.

import { signal } from "@preact/signals";
import { Component, type JSX, type RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { LeadStatus } from "../app/api";
import { useTeam } from "../app/team";
import { Avatar, getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { StatusPill } from "../ui/status";
import { RelativeTime } from "../ui/time";
import { COLUMN_DEFINITIONS, type ColumnName, selectFittingColumns } from "./columns";
import type { LeadPages, ListLead } from "./list-pages";
import type { LeadSelection } from "./list-selection";
import { buildLeadUrl } from "./open-lead";

/** Number of rows rendered above and below the visible ones. */
const OVERSCAN_ROWS = 8;
/** The range of rendered rows moves in steps of this many rows, so that most scroll events render nothing. */
const RENDERED_RANGE_STEP_ROWS = 4;
/** Pages are read ahead, when the visible rows come this close to the last loaded row. */
const READ_AHEAD_ROWS = 60;
const INITIAL_RENDERED_ROWS = 40;
/** Height of a row until one is rendered and measured. */
const DEFAULT_ROW_HEIGHT_PX = 40;

const phoneMediaQuery = matchMedia("(width < 48rem)");
const isPhoneScreen = signal(phoneMediaQuery.matches);
phoneMediaQuery.addEventListener("change", ({ matches }) => {
  isPhoneScreen.value = matches;
});
/** Columns on a phone, which shows each lead on two lines, whichever columns were chosen. */
const PHONE_SCREEN_COLUMN_NAMES: ColumnName[] = ["company", "status", "createdAt"];

/** Methods of the table for the screen around it. */
export interface LeadTableHandle {
  /** Scrolls a row into view and focuses its link. */
  focusRow: (rowIndex: number) => void;
  /** Returns the id of the lead that has the focus or had it last. */
  getCurrentLeadId: () => number | undefined;
  openStatusMenu: (id: number) => void;
  getScrollTop: () => number;
  scrollTo: (top: number) => void;
  /** Whether the pointer or the focus is in a row. */
  isInUse: () => boolean;
}

interface LeadTableProps {
  pages: LeadPages;
  selection: LeadSelection;
  chosenColumns: readonly ColumnName[];
  openId: number | undefined;
  sort: "" | "createdAt";
  onSort: () => void;
  onMove: (lead: ListLead, to: LeadStatus) => void;
  handleRef: RefObject<LeadTableHandle | null>;
}

interface RowRange {
  start: number;
  end: number;
}

export function LeadTable(props: LeadTableProps): JSX.Element {
  const { pages, selection, chosenColumns, openId, sort, onSort, onMove, handleRef } = props;
  const { mayWrite, statuses } = useTeam();
  pages.listVersion.value;
  const scrollRegionRef = useRef<HTMLElement>(null);
  const tableBodyRef = useRef<HTMLTableSectionElement>(null);
  const spaceAboveCellRef = useRef<HTMLTableCellElement>(null);
  const spaceBelowCellRef = useRef<HTMLTableCellElement>(null);
  const rowHeightPxRef = useRef(DEFAULT_ROW_HEIGHT_PX);
  const leadIdToFocusRef = useRef<number | undefined>(undefined);
  const lastFocusedLeadIdRef = useRef<number | undefined>(undefined);
  const [renderedRange, setRenderedRange] = useState<RowRange>({ start: 0, end: INITIAL_RENDERED_ROWS });
  const [availableRem, setAvailableRem] = useState(70);
  const shownColumnNames = isPhoneScreen.value
    ? PHONE_SCREEN_COLUMN_NAMES
    : selectFittingColumns(chosenColumns, availableRem);
  const { length } = pages;
  const renderedRowsEndIndex = Math.min(renderedRange.end, length);
  const firstRenderedRowIndex = Math.min(renderedRange.start, Math.max(0, renderedRowsEndIndex - 1));

  const findScrollingElement = (): Element => {
    const scrollRegion = scrollRegionRef.current;
    return scrollRegion && scrollRegion.scrollHeight > scrollRegion.clientHeight + 1
      ? scrollRegion
      : (document.scrollingElement ?? document.body);
  };
  /** Returns the top of the first row and the visible part of the viewport, in pixels. */
  const measureViewport = () => {
    const tableBody = tableBodyRef.current;
    const scrollRegion = scrollRegionRef.current;
    if (!tableBody || !scrollRegion) return undefined;
    const tableBodyRect = tableBody.getBoundingClientRect();
    const scrollRegionRect = scrollRegion.getBoundingClientRect();
    const firstRowTopPx = tableBodyRect.top - firstRenderedRowIndexRef.current * rowHeightPxRef.current;
    return {
      first: firstRowTopPx,
      top: Math.max(0, scrollRegionRect.top),
      bottom: Math.min(innerHeight, scrollRegionRect.bottom),
    };
  };
  const firstRenderedRowIndexRef = useRef(firstRenderedRowIndex);
  firstRenderedRowIndexRef.current = firstRenderedRowIndex;

  const updateRenderedRange = () => {
    const viewportPositionsPx = measureViewport();
    if (!viewportPositionsPx) return;
    const rowHeightPx = rowHeightPxRef.current;
    const firstVisibleIndex = Math.max(
      0,
      Math.floor((viewportPositionsPx.top - viewportPositionsPx.first) / rowHeightPx),
    );
    const lastVisibleIndex = Math.max(
      firstVisibleIndex,
      Math.ceil((viewportPositionsPx.bottom - viewportPositionsPx.first) / rowHeightPx),
    );
    const newRenderedRange = {
      start: Math.max(
        0,
        Math.floor((firstVisibleIndex - OVERSCAN_ROWS) / RENDERED_RANGE_STEP_ROWS) * RENDERED_RANGE_STEP_ROWS,
      ),
      end: Math.ceil((lastVisibleIndex + OVERSCAN_ROWS) / RENDERED_RANGE_STEP_ROWS) * RENDERED_RANGE_STEP_ROWS,
    };
    setRenderedRange((before) =>
      before.start === newRenderedRange.start && before.end === newRenderedRange.end ? before : newRenderedRange,
    );
    if (pages.hasMore && !pages.error && lastVisibleIndex + READ_AHEAD_ROWS > pages.items.length) {
      pages.readUntil(Math.min(lastVisibleIndex + READ_AHEAD_ROWS, Math.max(pages.length, 1)));
    }
  };
  const updateRenderedRangeRef = useRef(updateRenderedRange);
  updateRenderedRangeRef.current = updateRenderedRange;

  useEffect(() => {
    const handleScrollOrResize = () => updateRenderedRangeRef.current();
    // The listener captures events, because scroll events of the region do not bubble. It also gets the scroll events
    // of the page, which scrolls instead of the region on a phone.
    addEventListener("scroll", handleScrollOrResize, { capture: true, passive: true });
    addEventListener("resize", handleScrollOrResize);
    return () => {
      removeEventListener("scroll", handleScrollOrResize, { capture: true });
      removeEventListener("resize", handleScrollOrResize);
    };
  }, []);
  useEffect(() => {
    const scrollRegion = scrollRegionRef.current;
    if (!scrollRegion) return undefined;
    const resizeObserver = new ResizeObserver(() => {
      const pxPerRem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      setAvailableRem(scrollRegion.clientWidth / pxPerRem);
      updateRenderedRangeRef.current();
    });
    resizeObserver.observe(scrollRegion);
    return () => resizeObserver.disconnect();
  }, []);

  useLayoutEffect(() => {
    const firstRowElement = tableBodyRef.current?.querySelector("tr");
    if (firstRowElement && firstRowElement.offsetHeight > 0) rowHeightPxRef.current = firstRowElement.offsetHeight;
    // The page's CSP forbids `style` attributes, but not styles that a script sets.
    spaceAboveCellRef.current?.style.setProperty("height", `${firstRenderedRowIndex * rowHeightPxRef.current}px`);
    spaceBelowCellRef.current?.style.setProperty(
      "height",
      `${(length - renderedRowsEndIndex) * rowHeightPxRef.current}px`,
    );
    const leadIdToFocus = leadIdToFocusRef.current;
    if (leadIdToFocus === undefined) return;
    const rowLinkElement = tableBodyRef.current?.querySelector<HTMLElement>(`[data-lead="${leadIdToFocus}"] a`);
    if (!rowLinkElement) return;
    leadIdToFocusRef.current = undefined;
    rowLinkElement.focus({ preventScroll: true });
  });
  useEffect(() => updateRenderedRangeRef.current(), [pages.listVersion.value, length]);

  // When virtual scrolling removes the focused row, the scroll region takes the focus, so that the next key still acts on this
  // list.
  const hadRowFocusRef = useRef(false);
  useLayoutEffect(() => {
    if (hadRowFocusRef.current && document.activeElement === document.body)
      scrollRegionRef.current?.focus({ preventScroll: true });
    hadRowFocusRef.current = tableBodyRef.current?.contains(document.activeElement) ?? false;
  }, [firstRenderedRowIndex, renderedRowsEndIndex]);

  handleRef.current = {
    focusRow: (rowIndex) => {
      const lead = pages.items[rowIndex];
      const viewportPositionsPx = measureViewport();
      if (!lead || !viewportPositionsPx) return;
      lastFocusedLeadIdRef.current = lead.id;
      const rowHeightPx = rowHeightPxRef.current;
      const rowTopPx = viewportPositionsPx.first + rowIndex * rowHeightPx;
      const tableHeadHeightPx = scrollRegionRef.current?.querySelector("thead")?.getBoundingClientRect().height ?? 0;
      // Approximate height of the selection toolbar, which covers the last rows. It is reserved even while nothing is
      // selected.
      const toolbarHeightPx = 2 * rowHeightPx;
      if (rowTopPx < viewportPositionsPx.top + tableHeadHeightPx)
        findScrollingElement().scrollBy(0, rowTopPx - viewportPositionsPx.top - tableHeadHeightPx);
      else if (rowTopPx + rowHeightPx > viewportPositionsPx.bottom - toolbarHeightPx)
        findScrollingElement().scrollBy(0, rowTopPx + rowHeightPx - viewportPositionsPx.bottom + toolbarHeightPx);
      leadIdToFocusRef.current = lead.id;
      updateRenderedRangeRef.current();
      const rowLinkElement = tableBodyRef.current?.querySelector<HTMLElement>(`[data-lead="${lead.id}"] a`);
      if (rowLinkElement) {
        leadIdToFocusRef.current = undefined;
        rowLinkElement.focus({ preventScroll: true });
      }
    },
    getCurrentLeadId: () => lastFocusedLeadIdRef.current,
    openStatusMenu: (id) => tableBodyRef.current?.querySelector<HTMLElement>(`[data-lead="${id}"] .pill`)?.click(),
    getScrollTop: () => findScrollingElement().scrollTop,
    scrollTo: (top) => {
      findScrollingElement().scrollTop = top;
      updateRenderedRangeRef.current();
    },
    isInUse: () => tableBodyRef.current?.matches(":hover, :focus-within") ?? false,
  };

  const columnCount = shownColumnNames.length + (mayWrite ? 2 : 1);
  return (
    <section class="scroll" ref={scrollRegionRef} tabIndex={0} aria-label="Leads, a table that scrolls">
      <table class="list" aria-rowcount={length + 1} aria-busy={pages.isBusy}>
        <thead>
          <tr aria-rowindex={1}>
            {mayWrite ? (
              <th scope="col" class="w-box">
                <SelectAllCheckbox selection={selection} />
              </th>
            ) : null}
            <th scope="col" class="w-l">
              Name
            </th>
            {shownColumnNames.map((column) =>
              column === "createdAt" && !pages.source.search ? (
                <th
                  key={column}
                  scope="col"
                  class={COLUMN_DEFINITIONS[column].style}
                  aria-sort={sort === "createdAt" ? "ascending" : "descending"}
                >
                  <button type="button" title={sort === "createdAt" ? "Newest first" : "Oldest first"} onClick={onSort}>
                    Created
                    <Icon name={sort === "createdAt" ? "arrow-up" : "arrow-down"} />
                  </button>
                </th>
              ) : (
                <th key={column} scope="col" class={COLUMN_DEFINITIONS[column].style}>
                  {COLUMN_DEFINITIONS[column].title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody class="gap" aria-hidden="true">
          <tr>
            <td ref={spaceAboveCellRef} colSpan={columnCount} />
          </tr>
        </tbody>
        <tbody
          ref={tableBodyRef}
          onFocusIn={({ target }) => {
            const id = (target as Element).closest<HTMLElement>("[data-lead]")?.dataset.lead;
            if (id) lastFocusedLeadIdRef.current = Number(id);
          }}
        >
          {Array.from({ length: renderedRowsEndIndex - firstRenderedRowIndex }, (_, offset) => {
            const rowIndex = firstRenderedRowIndex + offset;
            const lead = pages.items[rowIndex];
            if (!lead)
              return (
                <SkeletonRow
                  key={`bones ${rowIndex}`}
                  columns={shownColumnNames}
                  hasBox={mayWrite}
                  rowIndex={rowIndex}
                />
              );
            return (
              <LeadRow
                key={lead.id}
                lead={lead}
                href={buildLeadUrl(lead.id)}
                rowIndex={rowIndex}
                columns={shownColumnNames}
                status={statuses.find(({ id }) => id === lead.statusId)}
                selection={mayWrite ? selection : undefined}
                isSelected={mayWrite && selection.has(lead.id)}
                isOpen={lead.id === openId}
                departure={pages.departedLeads.get(lead.id)}
                onMove={mayWrite ? onMove : undefined}
              />
            );
          })}
        </tbody>
        <tbody class="gap" aria-hidden="true">
          <tr>
            <td ref={spaceBelowCellRef} colSpan={columnCount} />
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function SelectAllCheckbox({ selection }: { selection: LeadSelection }): JSX.Element {
  const { extent } = selection;
  // `@preact/signals` skips the render of this component while its props are unchanged, even if its parent renders. Reading the
  // signal here makes the component render when the list changes.
  selection.pages.listVersion.value;
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

function SkeletonRow({
  columns,
  hasBox,
  rowIndex,
}: {
  columns: ColumnName[];
  hasBox: boolean;
  rowIndex: number;
}): JSX.Element {
  return (
    <tr class="bones" aria-rowindex={rowIndex + 2}>
      {hasBox ? <td /> : null}
      <td>
        <span class="who">
          <span class="bone face" />
          <span class={rowIndex % 3 === 2 ? "bone short" : "bone"} />
        </span>
      </td>
      {columns.map((column) => (
        <td key={column} class={CELL_CLASSES[column]}>
          <span class={(rowIndex + column.length) % 3 === 1 ? "bone short" : "bone"} />
        </td>
      ))}
    </tr>
  );
}

/** CSS classes of the cells, which place them on a phone. The class `c0` hides a cell on a phone. */
const CELL_CLASSES: Record<ColumnName, string> = {
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

interface LeadRowProps {
  lead: ListLead;
  href: string;
  rowIndex: number;
  columns: ColumnName[];
  status: LeadStatus | undefined;
  /** Absent for users who may not change leads. */
  selection: LeadSelection | undefined;
  isSelected: boolean;
  isOpen: boolean;
  departure: "deleted" | "left" | undefined;
  onMove: ((lead: ListLead, to: LeadStatus) => void) | undefined;
}

function formatCell(lead: ListLead, column: ColumnName): string {
  if (column === "phoneNumber") return lead.phoneNumber[0] ?? "";
  if (column === "business") return lead.business.map(({ name }) => name).join(", ");
  if (column === "status" || column === "createdAt") return "";
  return lead[column] ?? "";
}

/** A row of the list. It renders only if one of its props has changed. */
class LeadRow extends Component<LeadRowProps> {
  override shouldComponentUpdate(next: LeadRowProps): boolean {
    const propNames = Object.keys(next) as (keyof LeadRowProps)[];
    return propNames.some((name) =>
      // Arrays of columns are compared by content. `onMove` is ignored, because every render passes a new but
      // equivalent callback.
      name === "columns"
        ? next.columns.join() !== this.props.columns.join()
        : name !== "onMove" && next[name] !== this.props[name],
    );
  }

  override render({
    lead,
    href,
    rowIndex,
    columns,
    status,
    selection,
    isSelected,
    isOpen,
    departure,
    onMove,
  }: LeadRowProps): JSX.Element {
    const leadName = getDisplayName(lead);
    const shownStatus = status ?? { id: lead.statusId, name: lead.status, primaryColor: "gray" as const };
    return (
      <tr
        data-lead={lead.id}
        class={departure ? "gone" : isOpen ? "open" : ""}
        aria-rowindex={rowIndex + 2}
        title={departure === "deleted" ? "Deleted meanwhile" : departure ? "No longer in this list" : undefined}
      >
        {selection ? (
          <td>
            {departure === "deleted" ? null : (
              <label class="hit">
                <input
                  type="checkbox"
                  aria-label={`Select ${leadName}`}
                  checked={isSelected}
                  // Without this handler, a click with Shift would also select the text between the two rows.
                  onMouseDown={(event) => event.shiftKey && event.preventDefault()}
                  onClick={(event) => {
                    selection.toggle(lead.id, event.shiftKey);
                    // The browser toggles a clicked checkbox. After Shift+click the lead may keep its selection, so the
                    // checkbox is set to the lead's selection again.
                    event.currentTarget.checked = selection.has(lead.id);
                  }}
                />
              </label>
            )}
          </td>
        ) : null}
        <td>
          {departure === "deleted" ? (
            <span class="who">
              <Avatar person={lead} />
              <span class="cut" title={leadName}>
                <bdi>{leadName}</bdi>
              </span>
            </span>
          ) : (
            <a class="who" href={href}>
              <Avatar person={lead} />
              <span class="cut" title={leadName}>
                <bdi>{leadName}</bdi>
              </span>
            </a>
          )}
        </td>
        {columns.map((column) => {
          if (column === "createdAt") {
            return (
              <td key={column} class={CELL_CLASSES[column]}>
                <RelativeTime at={lead.createdAt} />
              </td>
            );
          }
          if (column === "status") {
            return (
              <td key={column} class={CELL_CLASSES[column]}>
                <StatusPill
                  status={shownStatus}
                  onChange={
                    onMove && departure !== "deleted" ? (to) => this.props.onMove?.(this.props.lead, to) : undefined
                  }
                />
              </td>
            );
          }
          const cellText = formatCell(lead, column);
          return (
            <td key={column} class={CELL_CLASSES[column]} title={cellText}>
              <bdi>{cellText}</bdi>
            </td>
          );
        })}
      </tr>
    );
  }
}
