// Builds the rows of POST /leads/batch from a file's rows, ordered so that no request contains an e-mail address twice.

import type { BatchRequest } from "../app/api";
import { LIMITS } from "../app/contract-values";
import {
  findImportTargetByField,
  joinListCell,
  normalizeValue,
  splitListCell,
  splitName,
  unescapeFormula,
} from "./columns";
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
    const target = findImportTargetByField(column);
    const cell = (row.cells[index] ?? "").trim();
    if (!target) continue;
    if (target.fieldName === "name") {
      const { firstName, lastName } = splitName(unescapeFormula(cell));
      if (firstName) cells.firstName = firstName;
      if (lastName) cells.lastName = lastName;
    } else if (target.valueKind) {
      const namesByValue = values[target.fieldName] ?? {};
      const cellValues =
        target.valueKind === "business" ? splitListCell(unescapeFormula(cell)) : [unescapeFormula(cell)];
      const mappedNames = cellValues
        .map((item) => (normalizeValue(item) in namesByValue ? namesByValue[normalizeValue(item)] : item))
        .filter((name) => name !== null && name !== undefined && name !== "") as string[];
      const cellText =
        target.valueKind === "business" ? joinListCell([...new Set(mappedNames)]) : (mappedNames[0] ?? "");
      // An empty cell can clear the businesses of a lead, but not the status or the state, because every lead has one.
      if (cellText || (clearsFields && !cell && target.valueKind === "business")) cells[target.fieldName] = cellText;
    } else if (cell || clearsFields) {
      const earlierColumnText = cells[target.fieldName];
      if (target.isList && earlierColumnText)
        cells[target.fieldName] = `${unescapeFormula(earlierColumnText)};${unescapeFormula(cell)}`;
      else
        cells[target.fieldName] =
          target.fieldName === "description" ? truncateText(cell, target.maxChars ?? cell.length) : cell;
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
    const rowsOfSameOccurrence = rowsByOccurrence[earlierRowCount] ?? [];
    rowsByOccurrence[earlierRowCount] = rowsOfSameOccurrence;
    rowsOfSameOccurrence.push({ number: row.number, cells });
  }
  return rowsByOccurrence.flatMap(splitIntoBatches);
}

function splitIntoBatches(rows: LeadRow[]): LeadRow[][] {
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
