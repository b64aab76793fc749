// Builds the rows of POST /leads/batch from a file's rows, ordered so that no request names a lead twice.

import type { LeadBatchRequestBody } from "../app/api";
import { LIMITS } from "../app/contract-values";
import {
  findImportTargetFieldByName,
  findMatchSystem,
  joinItemsIntoListCell,
  normalizeValueForComparison,
  splitFullName,
  splitListCell,
  unescapeFormulaCell,
} from "./columns";
import type { CsvFile, CsvRow } from "./csv-file";

/** Maximum size of a batch, in characters. The request stays well below the API's limit in any encoding. */
const MAX_BATCH_CHARS = 1_000_000;

/** The name to import for each unknown value of a column, by the value's key. `null` skips the value. */
export type MappedNamesByNormalizedValue = Record<string, string | null>;

export interface ImportOptions {
  mode: LeadBatchRequestBody["mode"];
  /** Whether only empty fields of existing leads are written. */
  fill: boolean;
  /** Whether an empty cell clears the field of an existing lead. */
  clearsFields: boolean;
  /** Field name of the target of each column. An empty string skips the column. */
  targets: string[];
  /** The chosen names for unknown values, by the field name of the target. */
  values: Record<string, MappedNamesByNormalizedValue>;
}

/** The cells of one lead, by the name of their column in exports. */
export type LeadCellsByColumnName = Record<string, string>;

export interface LeadRow {
  number: number;
  cells: LeadCellsByColumnName;
}

/** Truncates a text to a number of Unicode characters, as the API counts them. */
const truncateText = (text: string, limit: number): string =>
  text.length > limit ? Array.from(text).slice(0, limit).join("") : text;

function buildLeadCells(row: CsvRow, { targets, values, clearsFields }: ImportOptions): LeadCellsByColumnName {
  const leadCells: LeadCellsByColumnName = {};
  for (const [index, fieldName] of targets.entries()) {
    const targetField = findImportTargetFieldByName(fieldName);
    const csvCellText = (row.cells[index] ?? "").trim();
    if (!targetField) continue;
    if (targetField.fieldName === "name") {
      const { firstName, lastName } = splitFullName(unescapeFormulaCell(csvCellText));
      if (firstName) leadCells.firstName = firstName;
      if (lastName) leadCells.lastName = lastName;
    } else if (targetField.valueKind) {
      const mappedNamesByNormalizedValue = values[targetField.fieldName] ?? {};
      const cellValues =
        targetField.valueKind === "business"
          ? splitListCell(unescapeFormulaCell(csvCellText))
          : [unescapeFormulaCell(csvCellText)];
      const mappedNames = cellValues
        .map((item) =>
          normalizeValueForComparison(item) in mappedNamesByNormalizedValue
            ? mappedNamesByNormalizedValue[normalizeValueForComparison(item)]
            : item,
        )
        .filter((name) => name !== null && name !== undefined && name !== "") as string[];
      const mappedCellText =
        targetField.valueKind === "business"
          ? joinItemsIntoListCell([...new Set(mappedNames)])
          : (mappedNames[0] ?? "");
      // An empty cell can clear the businesses of a lead, but not the status or the state, because every lead has one.
      if (mappedCellText || (clearsFields && !csvCellText && targetField.valueKind === "business"))
        leadCells[targetField.fieldName] = mappedCellText;
    } else if (csvCellText || clearsFields) {
      const textFromEarlierColumn = leadCells[targetField.fieldName];
      if (targetField.isList && textFromEarlierColumn)
        leadCells[targetField.fieldName] =
          `${unescapeFormulaCell(textFromEarlierColumn)};${unescapeFormulaCell(csvCellText)}`;
      else
        leadCells[targetField.fieldName] =
          targetField.fieldName === "description"
            ? truncateText(csvCellText, targetField.maxChars ?? csvCellText.length)
            : csvCellText;
    }
  }
  return leadCells;
}

/** Returns the normalized e-mail address of a row, by which the API finds its lead. */
export const getNormalizedEmail = ({ email = "" }: LeadCellsByColumnName): string =>
  normalizeValueForComparison(unescapeFormulaCell(email));

/** The keys by which the API finds the lead of a row: the e-mail address, and the id in the system that rows are matched by. */
function listLeadKeys(cells: LeadCellsByColumnName, matchSystem: string | undefined): string[] {
  const normalizedEmail = getNormalizedEmail(cells);
  const externalId = matchSystem ? (cells[`externalIds.${matchSystem}`] ?? "").trim() : "";
  return [normalizedEmail && `email ${normalizedEmail}`, externalId && `id ${externalId}`].filter(Boolean);
}

/**
 * Splits the rows of a file into the requests of an import. No request may name a lead twice. The first rows of all leads are
 * sent first, then the second rows, which change the leads that the first rows wrote, and so on. Rows of the same lead need
 * not be adjacent.
 */
export function buildLeadRowBatches({ rows }: CsvFile, options: ImportOptions): LeadRow[][] {
  const distinctLeadRowGroups: LeadRow[][] = [];
  const rowCountsByLeadKey = new Map<string, number>();
  const matchSystem = findMatchSystem(options.targets);
  for (const csvRow of rows) {
    const leadCells = buildLeadCells(csvRow, options);
    const leadKeys = listLeadKeys(leadCells, matchSystem);
    const earlierSameLeadRowCount = Math.max(0, ...leadKeys.map((leadKey) => rowCountsByLeadKey.get(leadKey) ?? 0));
    for (const leadKey of leadKeys) rowCountsByLeadKey.set(leadKey, earlierSameLeadRowCount + 1);
    const distinctLeadRowGroup = distinctLeadRowGroups[earlierSameLeadRowCount] ?? [];
    distinctLeadRowGroups[earlierSameLeadRowCount] = distinctLeadRowGroup;
    distinctLeadRowGroup.push({ number: csvRow.number, cells: leadCells });
  }
  return distinctLeadRowGroups.flatMap(splitRowsIntoBatches);
}

function splitRowsIntoBatches(rows: LeadRow[]): LeadRow[][] {
  const leadRowBatches: LeadRow[][] = [];
  let currentBatch: LeadRow[] = [];
  let batchChars = 0;
  for (const leadRow of rows) {
    const leadRowCharCount = Object.values(leadRow.cells).reduce((sum, cell) => sum + cell.length + 20, 0);
    if (
      currentBatch.length === LIMITS.maxBatchRows ||
      (currentBatch.length > 0 && batchChars + leadRowCharCount > MAX_BATCH_CHARS)
    ) {
      leadRowBatches.push(currentBatch);
      currentBatch = [];
      batchChars = 0;
    }
    currentBatch.push(leadRow);
    batchChars += leadRowCharCount;
  }
  return [...leadRowBatches, currentBatch];
}
