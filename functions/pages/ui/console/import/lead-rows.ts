// Builds the rows of POST /leads/batch from a file's rows, ordered so that no request contains an e-mail address twice.

import type { BatchRequest } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { joinList, splitList, splitName, targetOf, unescapeFormula, valueKey } from "./columns";
import type { Row, Sheet } from "./csv-file";

/** Maximum size of a batch, in characters. The request stays well below the API's limit in any encoding. */
const MAX_BATCH_CHARS = 1_000_000;

/** The name to import for each unknown value of a column, by the value's key. `null` skips the value. */
export type ValueMap = Record<string, string | null>;

export interface Choices {
  mode: BatchRequest["mode"];
  /** Whether only empty fields of existing leads are written. */
  fill: boolean;
  /** Whether an empty cell clears the field of an existing lead. */
  clears: boolean;
  /** Field name of the target of each column. An empty string skips the column. */
  targets: string[];
  /** The chosen names for unknown values, by the field name of the target. */
  values: Record<string, ValueMap>;
}

/** The cells of one lead, by the name of their column in exports. */
export type Cells = Record<string, string>;

export interface LeadRow {
  number: number;
  cells: Cells;
}

/** Truncates a text to a number of Unicode characters, as the API counts them. */
const cutTo = (text: string, limit: number): string =>
  text.length > limit ? Array.from(text).slice(0, limit).join("") : text;

function cellsOf(row: Row, { targets, values, clears }: Choices): Cells {
  const cells: Cells = {};
  for (const [index, column] of targets.entries()) {
    const target = targetOf(column);
    const cell = (row.cells[index] ?? "").trim();
    if (!target) continue;
    if (target.column === "name") {
      const { firstName, lastName } = splitName(unescapeFormula(cell));
      if (firstName) cells.firstName = firstName;
      if (lastName) cells.lastName = lastName;
    } else if (target.values) {
      const chosen = values[target.column] ?? {};
      const items = target.values === "business" ? splitList(unescapeFormula(cell)) : [unescapeFormula(cell)];
      const names = items
        .map((item) => (valueKey(item) in chosen ? chosen[valueKey(item)] : item))
        .filter((name) => name !== null && name !== undefined && name !== "") as string[];
      const written = target.values === "business" ? joinList([...new Set(names)]) : (names[0] ?? "");
      // A status and a state cannot be cleared, so an empty cell clears only businesses.
      if (written || (clears && !cell && target.values === "business")) cells[target.column] = written;
    } else if (cell || clears) {
      const before = cells[target.column];
      if (target.list && before) cells[target.column] = `${unescapeFormula(before)};${unescapeFormula(cell)}`;
      else cells[target.column] = target.column === "description" ? cutTo(cell, target.limit ?? cell.length) : cell;
    }
  }
  return cells;
}

/** Returns the normalized e-mail address of a row, by which the API finds its lead. */
export const addressOf = ({ email = "" }: Cells): string => valueKey(unescapeFormula(email));

/**
 * Splits the rows of a file into the requests of an import. A request may contain an e-mail address once, so the second row of
 * an address is sent after all first rows, and changes the lead that the first row wrote. The rows of an address may be
 * anywhere in the file.
 */
export function batchesOf({ rows }: Sheet, choices: Choices): LeadRow[][] {
  const waves: LeadRow[][] = [];
  const occurrences = new Map<string, number>();
  for (const row of rows) {
    const cells = cellsOf(row, choices);
    const address = addressOf(cells);
    const earlier = address ? (occurrences.get(address) ?? 0) : 0;
    occurrences.set(address, earlier + 1);
    const wave = waves[earlier] ?? [];
    waves[earlier] = wave;
    wave.push({ number: row.number, cells });
  }
  return waves.flatMap(split);
}

function split(rows: LeadRow[]): LeadRow[][] {
  const batches: LeadRow[][] = [];
  let batch: LeadRow[] = [];
  let size = 0;
  for (const row of rows) {
    const length = Object.values(row.cells).reduce((sum, cell) => sum + cell.length + 20, 0);
    if (batch.length === LIMITS.maxBatchRows || (batch.length > 0 && size + length > MAX_BATCH_CHARS)) {
      batches.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(row);
    size += length;
  }
  return [...batches, batch];
}
