// A file of leads, as spreadsheets and other systems write it: read, and its columns recognised.

import Papa from "papaparse";
import { FIELDS } from "./lead-fields";

export interface Row {
  /** Where it stands in the file, as spreadsheets count: the names of the columns are row 1. */
  number: number;
  cells: string[];
}

export interface Sheet {
  name: string;
  columns: string[];
  rows: Row[];
}

/** Other names of a field, as other systems export it: letters and digits alone. */
const ALIASES: Record<string, string[]> = {
  firstName: ["first", "givenname", "vorname", "prenom", "nombre"],
  lastName: ["last", "surname", "familyname", "nachname", "nom", "apellido", "apellidos"],
  email: ["mail", "emailaddress", "emailaddresses", "primaryemail"],
  phoneNumber: ["phone", "phones", "telephone", "tel", "mobile", "mobilephone", "phonenumbers", "telefon"],
  company: ["organization", "organisation", "account", "accountname", "companyname", "firma"],
  position: ["title", "jobtitle", "role"],
  location: ["city", "address", "ort", "stadt"],
  source: ["leadsource", "origin"],
  description: ["notes", "note", "comment", "message"],
  business: ["businesses", "businessunit"],
};

const plain = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

/** Which field each column most likely is; none twice. */
export function guessed(columns: string[]): string[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    const name = plain(column);
    const field = FIELDS.find(
      (field) =>
        !taken.has(field.column) &&
        [field.column, field.name, field.label, ...(ALIASES[field.name] ?? [])].some((known) => plain(known) === name),
    );
    if (!field) return "";
    taken.add(field.column);
    return field.column;
  });
}

/** The text of a file: UTF-8, or what Excel writes instead. */
function decoded(bytes: ArrayBuffer): string {
  const [first, second] = new Uint8Array(bytes.slice(0, 2));
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Reads a file; throws what is wrong with it, in words for whoever has dropped it. */
export async function readSheet(file: File): Promise<Sheet> {
  const { data, errors } = Papa.parse<string[]>(decoded(await file.arrayBuffer()));
  // What follows an open quote would be one cell.
  const open = errors.find(({ type }) => type === "Quotes");
  if (open) throw new Error(`The quotes of row ${(open.row ?? 0) + 1} are not closed, or stand within a cell.`);
  const rows = data
    .map((cells, index) => ({ number: index + 1, cells }))
    .filter(({ cells }) => cells.some((cell) => cell.trim()));
  const [names, ...leads] = rows;
  if (!names || leads.length === 0) throw new Error("There are no rows in it.");
  const columns = names.cells.map((column) => column.trim());
  return { name: file.name, columns, rows: leads };
}

/** A file of the rows that failed, with what is wrong with each in a column of its own. */
export function failedRows({ columns, rows }: Sheet, failed: Map<number, string>): string {
  const data = rows
    .filter(({ number }) => failed.has(number))
    .map(({ number, cells }) => [...columns.map((_, at) => cells[at] ?? ""), failed.get(number)]);
  // Without the mark Excel takes it for another encoding.
  return `\uFEFF${Papa.unparse({ fields: [...columns, "error"], data })}`;
}
