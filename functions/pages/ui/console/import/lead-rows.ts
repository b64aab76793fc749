// Makes the rows of POST /leads/batch from the rows of a file, in an order in which no request has an address twice.

import type { BatchRequest } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { joinList, splitList, splitName, targetOf, unescapeFormula, valueKey } from "./columns";
import type { Row, Sheet } from "./csv-file";

/** In characters; well below the limit of a request's body, whatever the encoding. */
const MAX_BATCH_CHARS = 1_000_000;

/** What each unknown value of a column becomes, by its key: a name, or `null` to leave it out. */
export type ValueMap = Record<string, string | null>;

export interface Choices {
  mode: BatchRequest["mode"];
  /** Whether only empty fields of leads that exist are written. */
  fill: boolean;
  /** Whether an empty cell empties the field of a lead that exists. */
  clears: boolean;
  /** The target of each column; an empty string leaves it out. */
  targets: string[];
  /** By the target's column. */
  values: Record<string, ValueMap>;
}

/** The cells of a lead by their column in an export. */
export type Cells = Record<string, string>;

export interface LeadRow {
  number: number;
  cells: Cells;
}

/** Cuts a text at a number of characters as the API counts them. */
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
      // Every lead has a status and a state.
      if (written || (clears && !cell && target.values === "business")) cells[target.column] = written;
    } else if (cell || clears) {
      const before = cells[target.column];
      if (target.list && before) cells[target.column] = `${unescapeFormula(before)};${unescapeFormula(cell)}`;
      else cells[target.column] = target.column === "description" ? cutTo(cell, target.limit ?? cell.length) : cell;
    }
  }
  return cells;
}

/** The address of a row as the API compares addresses. */
export const addressOf = ({ email = "" }: Cells): string => valueKey(unescapeFormula(email));

/**
 * The requests of an import. A request may have an address once, so the second row of an address comes after all first
 * rows, and changes the lead that the first one wrote: it does not matter where in the file the rows stand.
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
