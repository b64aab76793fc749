// The columns of the list: their definitions, the user's choice of them, and the columns that fit the available width.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "../ui/icon";
import { Popover } from "../ui/menu";

/** Column definitions by the name of the lead's field in the API. Saved views store these names. */
export const COLUMNS = {
  company: { title: "Company", style: "", roomRem: 11 },
  status: { title: "Status", style: "w-m", roomRem: 8.75 },
  email: { title: "E-mail", style: "", roomRem: 13 },
  phoneNumber: { title: "Phone", style: "w-m", roomRem: 8.75 },
  position: { title: "Position", style: "w-m", roomRem: 8.75 },
  location: { title: "Location", style: "w-m", roomRem: 8.75 },
  source: { title: "Source", style: "w-m", roomRem: 8.75 },
  business: { title: "Business", style: "w-m", roomRem: 8.75 },
  createdAt: { title: "Created", style: "w-s", roomRem: 7.75 },
} as const;

export type Column = keyof typeof COLUMNS;
const ALL = Object.keys(COLUMNS) as Column[];
export const DEFAULT_COLUMNS: readonly Column[] = [
  "company",
  "status",
  "email",
  "phoneNumber",
  "business",
  "createdAt",
];

/** Fields that `GET /leads` does not return. A list with such a column reads its leads from the export. */
const NEEDS_WHOLE_LEAD: readonly Column[] = ["position", "location", "source"];
export const needWholeLeads = (columns: readonly Column[]): boolean =>
  columns.some((column) => NEEDS_WHOLE_LEAD.includes(column));

/** Width of the checkbox column and the name column, which are always shown. */
const FIXED_REM = 3.25 + 13.5;
/** Columns by importance: on a narrow screen the last ones are hidden first. */
const PRIORITY: readonly Column[] = [
  "status",
  "createdAt",
  "company",
  "email",
  "phoneNumber",
  "business",
  "source",
  "position",
  "location",
];

/** Returns the chosen columns that fit into `roomRem`, in the order of the table. */
export function fittingColumns(chosen: readonly Column[], roomRem: number): Column[] {
  let left = roomRem - FIXED_REM;
  const fitting = new Set<Column>();
  for (const column of PRIORITY) {
    if (!chosen.includes(column)) continue;
    left -= COLUMNS[column].roomRem;
    if (left < 0) break;
    fitting.add(column);
  }
  return ALL.filter((column) => fitting.has(column));
}

export const validColumns = (names: readonly string[]): Column[] => ALL.filter((column) => names.includes(column));

// Columns chosen in a saved view are stored in this browser under the view's id until the view is updated with them. The id 0
// stands for no view.
const storageKey = (view: number): string => (view ? `columns:${view}` : "columns");
const choices = signal<Record<number, Column[] | undefined>>({});

function stored(view: number): Column[] | undefined {
  const text = localStorage.getItem(storageKey(view));
  return text === null ? undefined : validColumns(text.split(","));
}

/** Returns the columns that were chosen for a view in this browser, or `undefined` if the view's own columns are shown. */
export const chosenColumns = (view: number): Column[] | undefined => choices.value[view] ?? stored(view);

export function chooseColumns(view: number, columns: Column[] | undefined): void {
  choices.value = { ...choices.value, [view]: columns };
  if (columns) localStorage.setItem(storageKey(view), columns.join(","));
  else localStorage.removeItem(storageKey(view));
}

interface MenuProps {
  chosen: readonly Column[];
  choose: (columns: Column[]) => void;
}

export function ColumnMenu({ chosen, choose }: MenuProps): JSX.Element {
  return (
    <Popover
      popupRole="dialog"
      label="Columns"
      trigger={(props) => (
        <button type="button" class="btn ghost icon wide" aria-label="Columns" title="Columns" {...props}>
          <Icon name="columns-3" />
        </button>
      )}
    >
      {() =>
        ALL.map((column) => (
          <label key={column} class="item">
            <input
              type="checkbox"
              checked={chosen.includes(column)}
              onInput={({ currentTarget: { checked } }) =>
                choose(ALL.filter((other) => (other === column ? checked : chosen.includes(other))))
              }
            />
            {COLUMNS[column].title}
          </label>
        ))
      }
    </Popover>
  );
}
