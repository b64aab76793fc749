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
import { COLUMN_DEFINITIONS, type LeadListColumnName, selectFittingColumns } from "./columns";
import type { LeadForTable, LeadPages } from "./list-pages";
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
const isPhoneScreenSignal = signal(phoneMediaQuery.matches);
phoneMediaQuery.addEventListener("change", ({ matches }) => {
  isPhoneScreenSignal.value = matches;
});
/** Columns on a phone, which shows each lead on two lines, whichever columns were chosen. */
const PHONE_SCREEN_COLUMN_NAMES: LeadListColumnName[] = ["company", "status", "createdAt"];

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
  chosenColumns: readonly LeadListColumnName[];
  openId: number | undefined;
  sort: "" | "createdAt";
  onSort: () => void;
  onMove: (lead: LeadForTable, to: LeadStatus) => void;
  handleRef: RefObject<LeadTableHandle | null>;
}

interface RowIndexRange {
  start: number;
  end: number;
}

export function LeadTable(props: LeadTableProps): JSX.Element {
  const { pages, selection, chosenColumns, openId, sort, onSort, onMove, handleRef } = props;
  const { mayWrite, statuses } = useTeam();
  pages.listVersion.value;
  const scrollRegionRef = useRef<HTMLElement>(null);
  const tableBodyRef = useRef<HTMLTableSectionElement>(null);
  const spacerCellAboveRowsRef = useRef<HTMLTableCellElement>(null);
  const spacerCellBelowRowsRef = useRef<HTMLTableCellElement>(null);
  const rowHeightPxRef = useRef(DEFAULT_ROW_HEIGHT_PX);
  const leadIdToFocusRef = useRef<number | undefined>(undefined);
  const lastFocusedLeadIdRef = useRef<number | undefined>(undefined);
  const [renderedRange, setRenderedRange] = useState<RowIndexRange>({ start: 0, end: INITIAL_RENDERED_ROWS });
  const [availableRem, setAvailableRem] = useState(70);
  const shownColumnNames = isPhoneScreenSignal.value
    ? PHONE_SCREEN_COLUMN_NAMES
    : selectFittingColumns(chosenColumns, availableRem);
  const { length } = pages;
  const renderedRowsEndIndex = Math.min(renderedRange.end, length);
  const firstRenderedRowIndex = Math.min(renderedRange.start, Math.max(0, renderedRowsEndIndex - 1));

  const findScrollingElement = (): Element => {
    const scrollRegionElement = scrollRegionRef.current;
    return scrollRegionElement && scrollRegionElement.scrollHeight > scrollRegionElement.clientHeight + 1
      ? scrollRegionElement
      : (document.scrollingElement ?? document.body);
  };
  /** Returns the top of the first row and the visible part of the viewport, in pixels. */
  const measureViewportPositionsPx = () => {
    const tableBodyElement = tableBodyRef.current;
    const scrollRegionElement = scrollRegionRef.current;
    if (!tableBodyElement || !scrollRegionElement) return undefined;
    const tableBodyRect = tableBodyElement.getBoundingClientRect();
    const scrollRegionRect = scrollRegionElement.getBoundingClientRect();
    const listTopInViewportPx = tableBodyRect.top - firstRenderedRowIndexRef.current * rowHeightPxRef.current;
    return {
      first: listTopInViewportPx,
      top: Math.max(0, scrollRegionRect.top),
      bottom: Math.min(innerHeight, scrollRegionRect.bottom),
    };
  };
  const firstRenderedRowIndexRef = useRef(firstRenderedRowIndex);
  firstRenderedRowIndexRef.current = firstRenderedRowIndex;

  const updateRenderedRowRange = () => {
    const viewportPositionsPx = measureViewportPositionsPx();
    if (!viewportPositionsPx) return;
    const rowHeightPx = rowHeightPxRef.current;
    const firstVisibleRowIndex = Math.max(
      0,
      Math.floor((viewportPositionsPx.top - viewportPositionsPx.first) / rowHeightPx),
    );
    const lastVisibleRowIndex = Math.max(
      firstVisibleRowIndex,
      Math.ceil((viewportPositionsPx.bottom - viewportPositionsPx.first) / rowHeightPx),
    );
    const newRenderedRowRange = {
      start: Math.max(
        0,
        Math.floor((firstVisibleRowIndex - OVERSCAN_ROWS) / RENDERED_RANGE_STEP_ROWS) * RENDERED_RANGE_STEP_ROWS,
      ),
      end: Math.ceil((lastVisibleRowIndex + OVERSCAN_ROWS) / RENDERED_RANGE_STEP_ROWS) * RENDERED_RANGE_STEP_ROWS,
    };
    setRenderedRange((before) =>
      before.start === newRenderedRowRange.start && before.end === newRenderedRowRange.end
        ? before
        : newRenderedRowRange,
    );
    if (pages.hasMore && !pages.error && lastVisibleRowIndex + READ_AHEAD_ROWS > pages.items.length) {
      pages.readUntil(Math.min(lastVisibleRowIndex + READ_AHEAD_ROWS, Math.max(pages.length, 1)));
    }
  };
  const updateRenderedRowRangeRef = useRef(updateRenderedRowRange);
  updateRenderedRowRangeRef.current = updateRenderedRowRange;

  useEffect(() => {
    const handleScrollOrResize = () => updateRenderedRowRangeRef.current();
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
    const scrollRegionElement = scrollRegionRef.current;
    if (!scrollRegionElement) return undefined;
    const resizeObserver = new ResizeObserver(() => {
      const pxPerRem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      setAvailableRem(scrollRegionElement.clientWidth / pxPerRem);
      updateRenderedRowRangeRef.current();
    });
    resizeObserver.observe(scrollRegionElement);
    return () => resizeObserver.disconnect();
  }, []);

  useLayoutEffect(() => {
    const firstRowElement = tableBodyRef.current?.querySelector("tr");
    if (firstRowElement && firstRowElement.offsetHeight > 0) rowHeightPxRef.current = firstRowElement.offsetHeight;
    // The page's CSP forbids `style` attributes, but not styles that a script sets.
    spacerCellAboveRowsRef.current?.style.setProperty("height", `${firstRenderedRowIndex * rowHeightPxRef.current}px`);
    spacerCellBelowRowsRef.current?.style.setProperty(
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
  useEffect(() => updateRenderedRowRangeRef.current(), [pages.listVersion.value, length]);

  // When virtual scrolling removes the focused row, the scroll region takes the focus, so that the next key still acts on this
  // list.
  const wasFocusInTableRowRef = useRef(false);
  useLayoutEffect(() => {
    if (wasFocusInTableRowRef.current && document.activeElement === document.body)
      scrollRegionRef.current?.focus({ preventScroll: true });
    wasFocusInTableRowRef.current = tableBodyRef.current?.contains(document.activeElement) ?? false;
  }, [firstRenderedRowIndex, renderedRowsEndIndex]);

  handleRef.current = {
    focusRow: (rowIndex) => {
      const leadToFocus = pages.items[rowIndex];
      const viewportPositionsPx = measureViewportPositionsPx();
      if (!leadToFocus || !viewportPositionsPx) return;
      lastFocusedLeadIdRef.current = leadToFocus.id;
      const rowHeightPx = rowHeightPxRef.current;
      const rowTopPx = viewportPositionsPx.first + rowIndex * rowHeightPx;
      const tableHeadHeightPx = scrollRegionRef.current?.querySelector("thead")?.getBoundingClientRect().height ?? 0;
      // Approximate height of the selection toolbar, which covers the last rows. The focused row is scrolled above it,
      // even while nothing is selected.
      const selectionToolbarHeightPx = 2 * rowHeightPx;
      if (rowTopPx < viewportPositionsPx.top + tableHeadHeightPx)
        findScrollingElement().scrollBy(0, rowTopPx - viewportPositionsPx.top - tableHeadHeightPx);
      else if (rowTopPx + rowHeightPx > viewportPositionsPx.bottom - selectionToolbarHeightPx)
        findScrollingElement().scrollBy(
          0,
          rowTopPx + rowHeightPx - viewportPositionsPx.bottom + selectionToolbarHeightPx,
        );
      leadIdToFocusRef.current = leadToFocus.id;
      updateRenderedRowRangeRef.current();
      const rowLinkElement = tableBodyRef.current?.querySelector<HTMLElement>(`[data-lead="${leadToFocus.id}"] a`);
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
      updateRenderedRowRangeRef.current();
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
            <td ref={spacerCellAboveRowsRef} colSpan={columnCount} />
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
            const leadOfRow = pages.items[rowIndex];
            if (!leadOfRow)
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
                key={leadOfRow.id}
                lead={leadOfRow}
                href={buildLeadUrl(leadOfRow.id)}
                rowIndex={rowIndex}
                columns={shownColumnNames}
                status={statuses.find(({ id }) => id === leadOfRow.statusId)}
                selection={mayWrite ? selection : undefined}
                isSelected={mayWrite && selection.has(leadOfRow.id)}
                isOpen={leadOfRow.id === openId}
                departure={pages.departedLeads.get(leadOfRow.id)}
                onMove={mayWrite ? onMove : undefined}
              />
            );
          })}
        </tbody>
        <tbody class="gap" aria-hidden="true">
          <tr>
            <td ref={spacerCellBelowRowsRef} colSpan={columnCount} />
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
  columns: LeadListColumnName[];
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
        <td key={column} class={CELL_CSS_CLASSES_BY_COLUMN[column]}>
          <span class={(rowIndex + column.length) % 3 === 1 ? "bone short" : "bone"} />
        </td>
      ))}
    </tr>
  );
}

/** CSS classes of the cells, which place them on a phone. The class `c0` hides a cell on a phone. */
const CELL_CSS_CLASSES_BY_COLUMN: Record<LeadListColumnName, string> = {
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
  lead: LeadForTable;
  href: string;
  rowIndex: number;
  columns: LeadListColumnName[];
  status: LeadStatus | undefined;
  /** Absent for users who may not change leads. */
  selection: LeadSelection | undefined;
  isSelected: boolean;
  isOpen: boolean;
  departure: "deleted" | "left" | undefined;
  onMove: ((lead: LeadForTable, to: LeadStatus) => void) | undefined;
}

function formatCellText(lead: LeadForTable, column: LeadListColumnName): string {
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
                    // The browser toggles a clicked checkbox by itself. A Shift+click changes a range of rows and may
                    // leave this lead as it was. The checkbox is therefore set to the lead's actual state.
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
              <td key={column} class={CELL_CSS_CLASSES_BY_COLUMN[column]}>
                <RelativeTime at={lead.createdAt} />
              </td>
            );
          }
          if (column === "status") {
            return (
              <td key={column} class={CELL_CSS_CLASSES_BY_COLUMN[column]}>
                <StatusPill
                  status={shownStatus}
                  onChange={
                    onMove && departure !== "deleted" ? (to) => this.props.onMove?.(this.props.lead, to) : undefined
                  }
                />
              </td>
            );
          }
          const cellText = formatCellText(lead, column);
          return (
            <td key={column} class={CELL_CSS_CLASSES_BY_COLUMN[column]} title={cellText}>
              <bdi>{cellText}</bdi>
            </td>
          );
        })}
      </tr>
    );
  }
}
