// CSV files as spreadsheets and other systems write them: decoded, parsed, and the failed rows written back in the same form.

import Papa from "papaparse";

export interface Row {
  /** Number of the row as a spreadsheet counts it: the headings are row 1. */
  number: number;
  cells: string[];
}

export type Encoding = "UTF-8" | "UTF-16" | "Windows-1252";

export interface Sheet {
  name: string;
  columns: string[];
  rows: Row[];
  encoding: Encoding;
  separator: string;
  lineBreak: string;
  /** Whether the file begins with Excel's line `sep=;`. */
  namesSeparator: boolean;
}

/** Name of a separator as people say it. */
export function separatorName(separator: string): string {
  const names: Record<string, string> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes" };
  return names[separator] ?? `separated by ${separator}`;
}

/** The characters that Windows-1252 has at 0x80 to 0x9F, by the byte that the WHATWG decoder maps to them. */
const WINDOWS_1252 = new TextDecoder("windows-1252");

const littleEndian = new TextDecoder("utf-16le");
const bigEndian = new TextDecoder("utf-16be");

function decode(bytes: Uint8Array): { text: string; encoding: Encoding } {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return { text: littleEndian.decode(bytes), encoding: "UTF-16" };
  if (first === 0xfe && second === 0xff) return { text: bigEndian.decode(bytes), encoding: "UTF-16" };
  // Latin headings in UTF-16 without a byte order mark: every second byte is zero.
  if (first !== 0 && second === 0 && bytes[3] === 0) return { text: littleEndian.decode(bytes), encoding: "UTF-16" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "UTF-8" };
  } catch {
    return { text: WINDOWS_1252.decode(bytes), encoding: "Windows-1252" };
  }
}

function encode(text: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  // Without a byte order mark Excel reads UTF-8 as Windows-1252.
  if (encoding === "UTF-8") return new TextEncoder().encode(`\uFEFF${text}`);
  if (encoding === "UTF-16") {
    const bytes = new Uint8Array(2 * text.length + 2);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xfeff, true);
    for (let at = 0; at < text.length; at++) view.setUint16(2 * at + 2, text.charCodeAt(at), true);
    return bytes;
  }
  const byteOf = new Map(Array.from({ length: 256 }, (_, byte) => [WINDOWS_1252.decode(Uint8Array.of(byte)), byte]));
  return Uint8Array.from(text, (character) => byteOf.get(character) ?? "?".charCodeAt(0));
}

/** First bytes of files that people take for a table. A zip archive is what Excel, LibreOffice and Numbers write. */
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const OLD_EXCEL = [0xd0, 0xcf, 0x11, 0xe0];
const startsWith = (bytes: Uint8Array, signature: number[]): boolean =>
  signature.every((byte, index) => bytes[index] === byte);

/**
 * Reads a file.
 *
 * Throws an `Error` with a sentence for the person who chose the file.
 */
export async function readSheet(file: File): Promise<Sheet> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (/\.(xlsx?|xlsm|ods|numbers)$/i.test(file.name) || startsWith(bytes, ZIP) || startsWith(bytes, OLD_EXCEL)) {
    throw new Error(
      "It is a workbook, and only CSV can be imported. Open it in Excel, choose “Save as” and then “CSV UTF-8”, and drop that file here.",
    );
  }
  const { text, encoding } = decode(bytes);
  if (text.includes("\0")) throw new Error("It is not a text file. Export the leads as CSV, and drop that file here.");
  const line = /^\uFEFF?sep=(.)\r?\n/i.exec(text);
  const content = line ? text.slice(line[0].length) : text.replace(/^\uFEFF/, "");
  const { data, errors, meta } = Papa.parse<string[]>(content, { delimiter: line?.[1] ?? "" });
  // Everything after an open quote would be one cell.
  const open = errors.find(({ type }) => type === "Quotes");
  if (open) throw new Error(`The quotes of row ${(open.row ?? 0) + 1} are not closed, or stand within a cell.`);
  const rows = data
    .map((cells, index) => ({ number: index + 1, cells }))
    .filter(({ cells }) => cells.some((cell) => cell.trim()));
  const [headings, ...leads] = rows;
  if (!headings || leads.length === 0) throw new Error("It has no rows below its headings.");
  return {
    name: file.name,
    columns: headings.cells.map((column) => column.trim()),
    rows: leads,
    encoding,
    separator: meta.delimiter,
    lineBreak: meta.linebreak,
    namesSeparator: line !== null,
  };
}

/** A file of the rows that failed, in the form of the original, with the reasons in a last column. */
export function failedRows(sheet: Sheet, reasons: ReadonlyMap<number, string>): Uint8Array<ArrayBuffer> {
  const { columns, rows, separator, lineBreak, encoding, namesSeparator } = sheet;
  const data = rows
    .filter(({ number }) => reasons.has(number))
    .map(({ number, cells }) => [...columns.map((_, index) => cells[index] ?? ""), reasons.get(number)]);
  const text = Papa.unparse(
    { fields: [...columns, "error"], data },
    { delimiter: separator, newline: lineBreak || "\r\n" },
  );
  return encode(namesSeparator ? `sep=${separator}${lineBreak || "\r\n"}${text}` : text, encoding);
}
