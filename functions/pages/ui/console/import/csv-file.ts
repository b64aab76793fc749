// Reads CSV files of spreadsheets and other systems, and writes the failed rows of an import in the format of the original
// file.

import Papa from "papaparse";

export interface Row {
  /** Row number in a spreadsheet: the headings are row 1. */
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
  /** Whether the file starts with Excel's separator line, `sep=;`. */
  namesSeparator: boolean;
}

/** Returns the English name of a separator. */
export function separatorName(separator: string): string {
  const names: Record<string, string> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes" };
  return names[separator] ?? `separated by ${separator}`;
}

/** Decoder for files that are not valid UTF-8. `encode` inverts this decoder, because `TextEncoder` only writes UTF-8. */
const WINDOWS_1252 = new TextDecoder("windows-1252");

const littleEndian = new TextDecoder("utf-16le");
const bigEndian = new TextDecoder("utf-16be");

function decode(bytes: Uint8Array): { text: string; encoding: Encoding } {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return { text: littleEndian.decode(bytes), encoding: "UTF-16" };
  if (first === 0xfe && second === 0xff) return { text: bigEndian.decode(bytes), encoding: "UTF-16" };
  // UTF-16 without a byte order mark: in text with Latin letters every second byte is zero.
  if (first !== 0 && second === 0 && bytes[3] === 0) return { text: littleEndian.decode(bytes), encoding: "UTF-16" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "UTF-8" };
  } catch {
    return { text: WINDOWS_1252.decode(bytes), encoding: "Windows-1252" };
  }
}

function encode(text: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  // Without a byte order mark, Excel reads UTF-8 as Windows-1252.
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

/**
 * First bytes of workbooks, which cannot be imported. Excel, LibreOffice and Numbers write zip archives; old versions of Excel
 * wrote OLE files.
 */
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const OLD_EXCEL = [0xd0, 0xcf, 0x11, 0xe0];
const startsWith = (bytes: Uint8Array, signature: number[]): boolean =>
  signature.every((byte, index) => bytes[index] === byte);

/**
 * Reads and parses a CSV file.
 *
 * Throws an `Error` whose message is shown to the user.
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
  // Rejects the file: after an unclosed quote, the parser reads all remaining rows as one cell.
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

/** Returns a CSV file of the failed rows, in the format of the original file, with the reasons in a last column. */
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
