// The columns of the list: which there are, which a person has chosen, and how many of them the list has room for.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "../ui/icon";
import { Popover } from "../ui/menu";

/** Named as the lead's fields are in the API; saved views store these names. */
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

/** Columns that `GET /leads` does not answer. */
const NEEDS_WHOLE_LEAD: readonly Column[] = ["position", "location", "source"];
export const needWholeLeads = (columns: readonly Column[]): boolean =>
  columns.some((column) => NEEDS_WHOLE_LEAD.includes(column));

/** The box and the name, which never leave. */
const FIXED_REM = 3.25 + 13.5;
/** Those that stay longest come first. */
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

/** Returns the chosen columns that fit into so much room, in the table's order. */
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

// The choice for a saved view is kept beside the one for no view (0), until the view is updated with it.
const storageKey = (view: number): string => (view ? `columns:${view}` : "columns");
const choices = signal<Record<number, Column[] | undefined>>({});

function stored(view: number): Column[] | undefined {
  const text = localStorage.getItem(storageKey(view));
  return text === null ? undefined : validColumns(text.split(","));
}

/** Returns what this browser has chosen for a view, or `undefined` where it shows what the view says. */
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
      popup="dialog"
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
