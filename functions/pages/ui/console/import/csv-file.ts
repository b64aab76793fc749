// Reads CSV files of spreadsheets and other systems, and writes the failed rows of an import in the format of the original
// file.

import Papa from "papaparse";

export interface CsvRow {
  /** Row number in a spreadsheet: the headings are row 1. */
  number: number;
  cells: string[];
}

export type FileEncoding = "UTF-8" | "UTF-16" | "Windows-1252";

export interface CsvFile {
  name: string;
  columns: string[];
  rows: CsvRow[];
  encoding: FileEncoding;
  separator: string;
  lineBreak: string;
  /** Whether the file starts with Excel's separator line, `sep=;`. */
  hasSeparatorLine: boolean;
}

/** Returns the English name of a separator. */
export function getSeparatorName(separator: string): string {
  const separatorNames: Record<string, string> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes" };
  return separatorNames[separator] ?? `separated by ${separator}`;
}

/**
 * Decodes files that are not valid UTF-8. `TextEncoder` cannot write Windows-1252, so `encodeText` decodes each of the
 * 256 bytes with this decoder to find the byte of each character.
 */
const windows1252Decoder = new TextDecoder("windows-1252");

const utf16LittleEndianDecoder = new TextDecoder("utf-16le");
const utf16BigEndianDecoder = new TextDecoder("utf-16be");

function detectEncodingAndDecodeText(bytes: Uint8Array): { text: string; encoding: FileEncoding } {
  const [firstByte, secondByte] = bytes;
  if (firstByte === 0xff && secondByte === 0xfe)
    return { text: utf16LittleEndianDecoder.decode(bytes), encoding: "UTF-16" };
  if (firstByte === 0xfe && secondByte === 0xff)
    return { text: utf16BigEndianDecoder.decode(bytes), encoding: "UTF-16" };
  // UTF-16 without a byte order mark: in text with Latin letters every second byte is zero.
  if (firstByte !== 0 && secondByte === 0 && bytes[3] === 0)
    return { text: utf16LittleEndianDecoder.decode(bytes), encoding: "UTF-16" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "UTF-8" };
  } catch {
    return { text: windows1252Decoder.decode(bytes), encoding: "Windows-1252" };
  }
}

function encodeText(text: string, encoding: FileEncoding): Uint8Array<ArrayBuffer> {
  // Without a byte order mark, Excel reads UTF-8 as Windows-1252.
  if (encoding === "UTF-8") return new TextEncoder().encode(`\uFEFF${text}`);
  if (encoding === "UTF-16") {
    const utf16Bytes = new Uint8Array(2 * text.length + 2);
    const dataView = new DataView(utf16Bytes.buffer);
    dataView.setUint16(0, 0xfeff, true);
    for (let index = 0; index < text.length; index++) dataView.setUint16(2 * index + 2, text.charCodeAt(index), true);
    return utf16Bytes;
  }
  const windows1252ByteByCharacter = new Map(
    Array.from({ length: 256 }, (_, byte) => [windows1252Decoder.decode(Uint8Array.of(byte)), byte]),
  );
  return Uint8Array.from(text, (character) => windows1252ByteByCharacter.get(character) ?? "?".charCodeAt(0));
}

/**
 * First bytes of workbooks, which cannot be imported. Excel, LibreOffice and Numbers write zip archives; old versions of Excel
 * wrote OLE files.
 */
const ZIP_SIGNATURE = [0x50, 0x4b, 0x03, 0x04];
const OLE_SIGNATURE = [0xd0, 0xcf, 0x11, 0xe0];
const bytesStartWithSignature = (bytes: Uint8Array, signature: number[]): boolean =>
  signature.every((byte, index) => bytes[index] === byte);

/**
 * Reads and parses a CSV file.
 *
 * Throws an `Error` whose message is shown to the user.
 */
export async function readCsvFile(file: File): Promise<CsvFile> {
  const fileBytes = new Uint8Array(await file.arrayBuffer());
  if (
    /\.(xlsx?|xlsm|ods|numbers)$/i.test(file.name) ||
    bytesStartWithSignature(fileBytes, ZIP_SIGNATURE) ||
    bytesStartWithSignature(fileBytes, OLE_SIGNATURE)
  ) {
    throw new Error(
      "It is a workbook, and only CSV can be imported. Open it in Excel, choose “Save as” and then “CSV UTF-8”, and drop that file here.",
    );
  }
  const { text, encoding } = detectEncodingAndDecodeText(fileBytes);
  if (text.includes("\0")) throw new Error("It is not a text file. Export the leads as CSV, and drop that file here.");
  const separatorLineMatch = /^\uFEFF?sep=(.)\r?\n/i.exec(text);
  const csvContent = separatorLineMatch ? text.slice(separatorLineMatch[0].length) : text.replace(/^\uFEFF/, "");
  const { data, errors, meta } = Papa.parse<string[]>(csvContent, { delimiter: separatorLineMatch?.[1] ?? "" });
  // A file with an unclosed quote is rejected, because the parser reads all rows after the quote as one cell.
  const unclosedQuoteError = errors.find(({ type }) => type === "Quotes");
  if (unclosedQuoteError)
    throw new Error(`The quotes of row ${(unclosedQuoteError.row ?? 0) + 1} are not closed, or stand within a cell.`);
  const nonEmptyRows = data
    .map((cells, index) => ({ number: index + 1, cells }))
    .filter(({ cells }) => cells.some((cell) => cell.trim()));
  const [headingRow, ...leadRows] = nonEmptyRows;
  if (!headingRow || leadRows.length === 0) throw new Error("It has no rows below its headings.");
  return {
    name: file.name,
    columns: headingRow.cells.map((column) => column.trim()),
    rows: leadRows,
    encoding,
    separator: meta.delimiter,
    lineBreak: meta.linebreak,
    hasSeparatorLine: separatorLineMatch !== null,
  };
}

/** Returns a CSV file of the failed rows, in the format of the original file, with the reasons in a last column. */
export function buildFailedRowsCsv(csvFile: CsvFile, reasons: ReadonlyMap<number, string>): Uint8Array<ArrayBuffer> {
  const { columns, rows, separator, lineBreak, encoding, hasSeparatorLine } = csvFile;
  const failedRowCells = rows
    .filter(({ number }) => reasons.has(number))
    .map(({ number, cells }) => [...columns.map((_, index) => cells[index] ?? ""), reasons.get(number)]);
  const failedRowsCsvText = Papa.unparse(
    { fields: [...columns, "error"], data: failedRowCells },
    { delimiter: separator, newline: lineBreak || "\r\n" },
  );
  return encodeText(
    hasSeparatorLine ? `sep=${separator}${lineBreak || "\r\n"}${failedRowsCsvText}` : failedRowsCsvText,
    encoding,
  );
}
