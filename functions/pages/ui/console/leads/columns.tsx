// The columns of the list: their definitions, the user's choice of them, and the columns that fit the available width.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "../ui/icon";
import { Popover } from "../ui/menu";

/** Column definitions by the name of the lead's field in the API. Saved views store these names. */
export const COLUMN_DEFINITIONS = {
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

export type LeadListColumnName = keyof typeof COLUMN_DEFINITIONS;
const ALL_COLUMN_NAMES = Object.keys(COLUMN_DEFINITIONS) as LeadListColumnName[];
export const DEFAULT_COLUMN_NAMES: readonly LeadListColumnName[] = [
  "company",
  "status",
  "email",
  "phoneNumber",
  "business",
  "createdAt",
];

/** Fields that `GET /leads` does not return. A list with such a column reads its leads from the export. */
const COLUMNS_NEEDING_WHOLE_LEADS: readonly LeadListColumnName[] = ["position", "location", "source"];
export const doColumnsNeedWholeLeads = (columns: readonly LeadListColumnName[]): boolean =>
  columns.some((column) => COLUMNS_NEEDING_WHOLE_LEADS.includes(column));

/** Width of the checkbox column and the name column, which are always shown. */
const FIXED_COLUMNS_WIDTH_REM = 3.25 + 13.5;
/** Columns by importance: a narrow screen hides the last columns of this array first. */
const COLUMN_NAMES_IN_PRIORITY_ORDER: readonly LeadListColumnName[] = [
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

/** Returns the chosen columns that fit into `availableRem`, in the order of the table. */
export function selectFittingColumns(
  chosenColumns: readonly LeadListColumnName[],
  availableRem: number,
): LeadListColumnName[] {
  let remainingRem = availableRem - FIXED_COLUMNS_WIDTH_REM;
  const fittingColumns = new Set<LeadListColumnName>();
  for (const columnName of COLUMN_NAMES_IN_PRIORITY_ORDER) {
    if (!chosenColumns.includes(columnName)) continue;
    remainingRem -= COLUMN_DEFINITIONS[columnName].roomRem;
    if (remainingRem < 0) break;
    fittingColumns.add(columnName);
  }
  return ALL_COLUMN_NAMES.filter((column) => fittingColumns.has(column));
}

export const filterKnownColumnNames = (names: readonly string[]): LeadListColumnName[] =>
  ALL_COLUMN_NAMES.filter((column) => names.includes(column));

// Columns chosen in a saved view are stored in this browser under the view's id until the view is updated with them. The id 0
// stands for no view.
const buildColumnsStorageKey = (view: number): string => (view ? `columns:${view}` : "columns");
const chosenColumnsByViewIdSignal = signal<Record<number, LeadListColumnName[] | undefined>>({});

function readStoredColumns(view: number): LeadListColumnName[] | undefined {
  const storedColumnsText = localStorage.getItem(buildColumnsStorageKey(view));
  return storedColumnsText === null ? undefined : filterKnownColumnNames(storedColumnsText.split(","));
}

/** Returns the columns that were chosen for a view in this browser, or `undefined` if the view's own columns are shown. */
export const readChosenColumns = (view: number): LeadListColumnName[] | undefined =>
  chosenColumnsByViewIdSignal.value[view] ?? readStoredColumns(view);

export function storeChosenColumns(view: number, columns: LeadListColumnName[] | undefined): void {
  chosenColumnsByViewIdSignal.value = { ...chosenColumnsByViewIdSignal.value, [view]: columns };
  if (columns) localStorage.setItem(buildColumnsStorageKey(view), columns.join(","));
  else localStorage.removeItem(buildColumnsStorageKey(view));
}

interface ColumnMenuProps {
  chosen: readonly LeadListColumnName[];
  onChoose: (columns: LeadListColumnName[]) => void;
}

export function ColumnMenu({ chosen, onChoose }: ColumnMenuProps): JSX.Element {
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
        ALL_COLUMN_NAMES.map((column) => (
          <label key={column} class="item">
            <input
              type="checkbox"
              checked={chosen.includes(column)}
              onInput={({ currentTarget: { checked } }) =>
                onChoose(ALL_COLUMN_NAMES.filter((other) => (other === column ? checked : chosen.includes(other))))
              }
            />
            {COLUMN_DEFINITIONS[column].title}
          </label>
        ))
      }
    </Popover>
  );
}
