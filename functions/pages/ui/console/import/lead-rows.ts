// Builds the rows of POST /leads/batch from a file's rows, ordered so that no request contains an e-mail address twice.

import type { BatchRequest } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { findImportTarget, formatList, normalizeValue, splitList, splitName, unescapeFormula } from "./columns";
import type { CsvFile, CsvRow } from "./csv-file";

/** Maximum size of a batch, in characters. The request stays well below the API's limit in any encoding. */
const MAX_BATCH_CHARS = 1_000_000;

/** The name to import for each unknown value of a column, by the value's key. `null` skips the value. */
export type NamesByValueKey = Record<string, string | null>;

export interface ImportOptions {
  mode: BatchRequest["mode"];
  /** Whether only empty fields of existing leads are written. */
  fill: boolean;
  /** Whether an empty cell clears the field of an existing lead. */
  clearsFields: boolean;
  /** Field name of the target of each column. An empty string skips the column. */
  targets: string[];
  /** The chosen names for unknown values, by the field name of the target. */
  values: Record<string, NamesByValueKey>;
}

/** The cells of one lead, by the name of their column in exports. */
export type LeadCells = Record<string, string>;

export interface LeadRow {
  number: number;
  cells: LeadCells;
}

/** Truncates a text to a number of Unicode characters, as the API counts them. */
const truncateText = (text: string, limit: number): string =>
  text.length > limit ? Array.from(text).slice(0, limit).join("") : text;

function buildLeadCells(row: CsvRow, { targets, values, clearsFields }: ImportOptions): LeadCells {
  const cells: LeadCells = {};
  for (const [index, column] of targets.entries()) {
    const target = findImportTarget(column);
    const cell = (row.cells[index] ?? "").trim();
    if (!target) continue;
    if (target.column === "name") {
      const { firstName, lastName } = splitName(unescapeFormula(cell));
      if (firstName) cells.firstName = firstName;
      if (lastName) cells.lastName = lastName;
    } else if (target.valueKind) {
      const namesByValue = values[target.column] ?? {};
      const cellValues = target.valueKind === "business" ? splitList(unescapeFormula(cell)) : [unescapeFormula(cell)];
      const mappedNames = cellValues
        .map((item) => (normalizeValue(item) in namesByValue ? namesByValue[normalizeValue(item)] : item))
        .filter((name) => name !== null && name !== undefined && name !== "") as string[];
      const cellText = target.valueKind === "business" ? formatList([...new Set(mappedNames)]) : (mappedNames[0] ?? "");
      // A status and a state cannot be cleared, so an empty cell clears only businesses.
      if (cellText || (clearsFields && !cell && target.valueKind === "business")) cells[target.column] = cellText;
    } else if (cell || clearsFields) {
      const earlierCell = cells[target.column];
      if (target.isList && earlierCell)
        cells[target.column] = `${unescapeFormula(earlierCell)};${unescapeFormula(cell)}`;
      else
        cells[target.column] =
          target.column === "description" ? truncateText(cell, target.maxChars ?? cell.length) : cell;
    }
  }
  return cells;
}

/** Returns the normalized e-mail address of a row, by which the API finds its lead. */
export const getEmailKey = ({ email = "" }: LeadCells): string => normalizeValue(unescapeFormula(email));

/**
 * Splits the rows of a file into the requests of an import. A request may contain an e-mail address once, so the second row of
 * an address is sent after all first rows, and changes the lead that the first row wrote. The rows of an address may be
 * anywhere in the file.
 */
export function buildBatches({ rows }: CsvFile, options: ImportOptions): LeadRow[][] {
  const rowsByOccurrence: LeadRow[][] = [];
  const rowCountsByEmail = new Map<string, number>();
  for (const row of rows) {
    const cells = buildLeadCells(row, options);
    const emailKey = getEmailKey(cells);
    const earlierRowCount = emailKey ? (rowCountsByEmail.get(emailKey) ?? 0) : 0;
    rowCountsByEmail.set(emailKey, earlierRowCount + 1);
    const occurrenceRows = rowsByOccurrence[earlierRowCount] ?? [];
    rowsByOccurrence[earlierRowCount] = occurrenceRows;
    occurrenceRows.push({ number: row.number, cells });
  }
  return rowsByOccurrence.flatMap(splitBatches);
}

function splitBatches(rows: LeadRow[]): LeadRow[][] {
  const batches: LeadRow[][] = [];
  let currentBatch: LeadRow[] = [];
  let batchChars = 0;
  for (const row of rows) {
    const rowChars = Object.values(row.cells).reduce((sum, cell) => sum + cell.length + 20, 0);
    if (
      currentBatch.length === LIMITS.maxBatchRows ||
      (currentBatch.length > 0 && batchChars + rowChars > MAX_BATCH_CHARS)
    ) {
      batches.push(currentBatch);
      currentBatch = [];
      batchChars = 0;
    }
    currentBatch.push(row);
    batchChars += rowChars;
  }
  return [...batches, currentBatch];
}
