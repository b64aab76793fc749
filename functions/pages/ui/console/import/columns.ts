// Maps the columns of a CSV file to fields of a lead by their headings in four languages, and the values of a column to the
// team's statuses, businesses and states.

import { LIMITS } from "../app/contract-values";
import type { CsvFile, CsvRow } from "./csv-file";

export const HEADING_LANGUAGE_NAMES = { en: "English", de: "German", fr: "French", es: "Spanish" } as const;
type HeadingLanguage = keyof typeof HEADING_LANGUAGE_NAMES;

/** A field of a lead that a column of the file can be imported to. `name` is a full name, which is split. */
export interface ImportTargetField {
  /** Name of the field's column in exports and in `POST /leads/batch`. `name` is split before the request. */
  fieldName: string;
  label: string;
  /** Maximum length of the field, in characters. */
  maxChars?: number;
  /** Whether the field is a list, to which several columns may be imported. */
  isList?: boolean;
  /** The kind of names in the column's cells, for a column whose values must exist in the team. */
  valueKind?: "status" | "business" | "state";
  headings: Partial<Record<HeadingLanguage, string[]>>;
}

/** Known headings of each field. They are compared without case, accents, spaces and punctuation. */
export const IMPORT_TARGET_FIELDS: ImportTargetField[] = [
  {
    fieldName: "firstName",
    label: "First name",
    maxChars: LIMITS.maxNameChars,
    headings: {
      en: ["first", "firstName", "given name", "forename"],
      de: ["Vorname", "Rufname"],
      fr: ["prénom", "prénoms"],
      es: ["primer nombre", "nombre de pila"],
    },
  },
  {
    fieldName: "lastName",
    label: "Last name",
    maxChars: LIMITS.maxNameChars,
    headings: {
      en: ["last", "lastName", "surname", "family name"],
      de: ["Nachname", "Familienname", "Zuname"],
      fr: ["nom de famille"],
      es: ["apellido", "apellidos", "primer apellido"],
    },
  },
  {
    fieldName: "name",
    label: "First and last name",
    headings: {
      en: ["name", "full name", "contact", "contact name", "lead name", "person"],
      de: ["name", "vollständiger Name", "Ansprechpartner", "Ansprechpartnerin", "Kontakt", "Kontaktname"],
      fr: ["nom", "nom complet", "nom et prénom", "contact"],
      es: ["nombre", "nombre completo", "nombre y apellidos", "contacto"],
    },
  },
  {
    fieldName: "email",
    label: "E-mail",
    maxChars: LIMITS.maxEmailChars,
    headings: {
      en: ["email", "mail", "email address", "email addresses", "primary email", "work email"],
      de: ["email", "mail", "E-Mail-Adresse", "Mailadresse"],
      fr: [
        "email",
        "mail",
        "courriel",
        "adresse mail",
        "adresse e-mail",
        "adresse de courriel",
        "adresse électronique",
      ],
      es: ["email", "correo", "correo electrónico", "dirección de correo", "dirección de correo electrónico"],
    },
  },
  {
    fieldName: "phoneNumber",
    label: "Phone",
    isList: true,
    headings: {
      en: [
        "phone",
        "phones",
        "phoneNumber",
        "phone numbers",
        "telephone",
        "tel",
        "mobile",
        "mobile phone",
        "cell",
        "cell phone",
        "work phone",
      ],
      de: [
        "Telefon",
        "Telefonnummer",
        "tel",
        "Handy",
        "Handynummer",
        "Mobil",
        "Mobiltelefon",
        "Mobilnummer",
        "Rufnummer",
        "Festnetz",
      ],
      fr: ["téléphone", "numéro de téléphone", "tél", "portable", "téléphone portable", "mobile", "fixe"],
      es: ["teléfono", "número de teléfono", "tel", "móvil", "celular", "teléfono móvil"],
    },
  },
  {
    fieldName: "company",
    label: "Company",
    maxChars: LIMITS.maxTextChars,
    headings: {
      en: ["company", "company name", "organization", "organisation", "account", "account name", "employer"],
      de: ["Firma", "Firmenname", "Unternehmen", "Betrieb"],
      fr: ["société", "entreprise", "raison sociale", "nom de l’entreprise"],
      es: ["empresa", "compañía", "organización", "razón social"],
    },
  },
  {
    fieldName: "position",
    label: "Position",
    maxChars: LIMITS.maxTextChars,
    headings: {
      en: ["position", "title", "job title", "role"],
      de: ["Position", "Funktion", "Stelle", "Beruf"],
      fr: ["poste", "fonction", "titre"],
      es: ["cargo", "puesto"],
    },
  },
  {
    fieldName: "status",
    label: "Status",
    valueKind: "status",
    headings: {
      en: ["status", "stage", "lead status", "lead stage", "deal stage", "pipeline stage"],
      de: ["Status", "Phase", "Stufe"],
      fr: ["statut", "étape", "phase"],
      es: ["estado", "etapa", "fase"],
    },
  },
  { fieldName: "statusId", label: "Status by its id", headings: { en: ["statusId"] } },
  { fieldName: "state", label: "State", valueKind: "state", headings: { en: ["state"] } },
  {
    fieldName: "business",
    label: "Businesses",
    valueKind: "business",
    headings: {
      en: ["business", "businesses", "business unit"],
      de: ["Geschäftsbereich", "Geschaeftsbereich", "Geschäft", "Sparte", "Unternehmensbereich"],
      fr: ["activité", "établissement", "unité"],
      es: ["negocio", "negocios", "unidad de negocio"],
    },
  },
  {
    fieldName: "source",
    label: "Source",
    maxChars: LIMITS.maxTextChars,
    headings: {
      en: ["source", "lead source", "origin", "channel"],
      de: ["Quelle", "Leadquelle", "Herkunft", "Kanal"],
      fr: ["source", "origine", "provenance", "canal"],
      es: ["fuente", "origen", "procedencia", "canal"],
    },
  },
  {
    fieldName: "location",
    label: "Location",
    maxChars: LIMITS.maxTextChars,
    headings: {
      en: ["location", "city", "town", "address"],
      de: ["Ort", "Stadt", "Standort", "Wohnort", "Adresse"],
      fr: ["ville", "lieu", "localité", "adresse"],
      es: ["ciudad", "localidad", "ubicación", "dirección"],
    },
  },
  {
    fieldName: "description",
    label: "Description",
    maxChars: LIMITS.maxDescriptionChars,
    headings: {
      en: ["description", "notes", "note", "comment", "comments", "remarks", "message"],
      de: [
        "Beschreibung",
        "Notiz",
        "Notizen",
        "Bemerkung",
        "Bemerkungen",
        "Kommentar",
        "Anmerkung",
        "Anmerkungen",
        "Nachricht",
      ],
      fr: ["description", "remarque", "remarques", "commentaire", "commentaires", "message"],
      es: ["descripción", "nota", "notas", "comentario", "comentarios", "observaciones", "mensaje"],
    },
  },
  {
    fieldName: "socialMedia.youtube",
    label: "YouTube",
    maxChars: LIMITS.maxTextChars,
    headings: { en: ["socialMedia.youtube", "youtube"] },
  },
  {
    fieldName: "socialMedia.facebook",
    label: "Facebook",
    maxChars: LIMITS.maxTextChars,
    headings: { en: ["socialMedia.facebook", "facebook"] },
  },
  {
    fieldName: "socialMedia.instagram",
    label: "Instagram",
    maxChars: LIMITS.maxTextChars,
    headings: { en: ["socialMedia.instagram", "instagram"] },
  },
  {
    fieldName: "socialMedia.twitter",
    label: "X (Twitter)",
    maxChars: LIMITS.maxTextChars,
    headings: { en: ["socialMedia.twitter", "twitter", "x"] },
  },
  { fieldName: "externalIds", label: "Ids in other systems", headings: { en: ["externalIds"] } },
  {
    fieldName: "externalIds.hubspot",
    label: "Id in HubSpot",
    maxChars: LIMITS.maxExternalIdChars,
    headings: { en: ["externalIds.hubspot", "hubspot id", "record id - contact"] },
  },
  {
    fieldName: "externalIds.salesforce",
    label: "Id in Salesforce",
    maxChars: LIMITS.maxExternalIdChars,
    headings: { en: ["externalIds.salesforce", "salesforce id"] },
  },
  {
    fieldName: "externalIds.pipedrive",
    label: "Id in Pipedrive",
    maxChars: LIMITS.maxExternalIdChars,
    headings: { en: ["externalIds.pipedrive", "pipedrive id", "person - id"] },
  },
];

/** Returns the system by whose ids rows are matched: the system of the only column with ids of one system. */
export function findMatchSystem(targetFieldNames: string[]): string | undefined {
  const systems = targetFieldNames.flatMap((fieldName) => /^externalIds\.(.+)$/.exec(fieldName)?.[1] ?? []);
  return systems.length === 1 ? systems[0] : undefined;
}

export const findImportTargetFieldByName = (fieldName: string | undefined): ImportTargetField | undefined =>
  IMPORT_TARGET_FIELDS.find((target) => target.fieldName === fieldName);

/** Returns the label of a field that an error of the API names. */
export const getImportFieldLabel = (field: string): string => findImportTargetFieldByName(field)?.label ?? field;

const normalizeToLettersAndDigits = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

interface RecognisedColumnTargetFields {
  /** Field name of the target of each column. An empty string skips the column. */
  targets: string[];
  /** The language of most headings, counted over headings that exist in only one language. */
  language: string | undefined;
}

/** Guesses the target of each column from its heading, and the language of the headings. */
export function recogniseColumnTargetFields({
  columns,
  rows,
}: Pick<CsvFile, "columns" | "rows">): RecognisedColumnTargetFields {
  const headingCountsByLanguage: Record<HeadingLanguage, number> = { en: 0, de: 0, fr: 0, es: 0 };
  const usedFieldNames = new Set<string>();
  const normalizedHeadings = columns.map(normalizeToLettersAndDigits);
  const findHeadingLanguages = (target: ImportTargetField, name: string): HeadingLanguage[] =>
    (Object.keys(HEADING_LANGUAGE_NAMES) as HeadingLanguage[]).filter((language) =>
      target.headings[language]?.some((heading) => normalizeToLettersAndDigits(heading) === name),
    );
  const targetFieldNames = normalizedHeadings.map((name, index) => {
    if (!name) return "";
    const matchingTargetField = IMPORT_TARGET_FIELDS.find(
      (target) =>
        (target.isList || !usedFieldNames.has(target.fieldName)) && findHeadingLanguages(target, name).length > 0,
    );
    if (!matchingTargetField) return "";
    const matchingLanguages = findHeadingLanguages(matchingTargetField, name);
    if (matchingLanguages[0] && matchingLanguages.length === 1) headingCountsByLanguage[matchingLanguages[0]] += 1;
    // In US postal addresses “state” is a region, so the column is imported only if its values are lead states.
    if (matchingTargetField.fieldName === "state" && !columnHasOnlyLeadStates(rows, index)) return "";
    usedFieldNames.add(matchingTargetField.fieldName);
    return matchingTargetField.fieldName;
  });
  // A column headed “name” need not have the full name. Beside a column of first names it has the last name (“Name,
  // Vorname”; “Nom, Prénom”). Beside a column of last names it has the first name (“Nombre, Apellidos”). Beside both it
  // is skipped.
  const fullNameColumnIndex = targetFieldNames.indexOf("name");
  if (fullNameColumnIndex >= 0) {
    if (usedFieldNames.has("firstName"))
      targetFieldNames[fullNameColumnIndex] = usedFieldNames.has("lastName") ? "" : "lastName";
    else if (usedFieldNames.has("lastName")) targetFieldNames[fullNameColumnIndex] = "firstName";
  }
  // A status id is valid only in the team that exported the file, so the column with status names is preferred.
  if (usedFieldNames.has("status") && usedFieldNames.has("statusId"))
    targetFieldNames[targetFieldNames.indexOf("statusId")] = "";
  const [mainLanguage] = (Object.keys(headingCountsByLanguage) as HeadingLanguage[]).sort(
    (one, other) => headingCountsByLanguage[other] - headingCountsByLanguage[one],
  );
  return {
    targets: targetFieldNames,
    language:
      mainLanguage && headingCountsByLanguage[mainLanguage] > 0 ? HEADING_LANGUAGE_NAMES[mainLanguage] : undefined,
  };
}

const columnHasOnlyLeadStates = (rows: CsvRow[], index: number): boolean =>
  rows.every(({ cells }) => ["", "active", "inactive"].includes(normalizeToLettersAndDigits(cells[index] ?? "")));

/** Splits a full name at its last space. A name such as “Lovelace, Ada” is split at the comma. */
export function splitFullName(name: string): { firstName: string; lastName: string } {
  const [, last, first] = /^([^,]+),\s*([^,]+)$/.exec(name) ?? [];
  if (first && last) return { firstName: first.trim(), lastName: last.trim() };
  const [, firstNames = name, lastWord = ""] = /^(.*\S)\s+(\S+)$/su.exec(name) ?? [];
  return { firstName: firstNames, lastName: lastWord };
}

/** Splits a cell with a list at each `;`, as the API does. A backslash escapes a semicolon. */
export function splitListCell(cell: string): string[] {
  const listItems = [""];
  for (const [part] of cell.matchAll(/\\?./gsu)) {
    if (part === ";") listItems.push("");
    else listItems[listItems.length - 1] += part.length > 1 && part.startsWith("\\") ? part.slice(1) : part;
  }
  return listItems.map((item) => item.trim()).filter(Boolean);
}

export const joinItemsIntoListCell = (listItems: string[]): string =>
  listItems.map((item) => item.replace(/[\\;]/g, "\\$&")).join(";");

/** Removes the apostrophe that exports put before a cell that a spreadsheet would evaluate as a formula. */
export const unescapeFormulaCell = (cell: string): string => (/^''*[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell);

/** Normalizes a value for comparison with names: case and Unicode form are ignored. */
export const normalizeValueForComparison = (value: string): string => value.trim().normalize("NFC").toLowerCase();

export interface UnknownCellValue {
  text: string;
  rows: number;
}

/** Returns the values of a column that are not in `knownNames`, the most frequent first. */
export function findUnknownCellValues(
  rows: CsvRow[],
  index: number,
  target: ImportTargetField,
  knownNames: string[],
): UnknownCellValue[] {
  const normalizedKnownNames = new Set(knownNames.map(normalizeValueForComparison));
  const unknownValuesByNormalizedText = new Map<string, UnknownCellValue>();
  for (const { cells } of rows) {
    const cellText = unescapeFormulaCell((cells[index] ?? "").trim());
    for (const cellValueText of target.valueKind === "business" ? splitListCell(cellText) : [cellText]) {
      const normalizedCellValue = normalizeValueForComparison(cellValueText);
      if (!normalizedCellValue || normalizedKnownNames.has(normalizedCellValue)) continue;
      const unknownValue = unknownValuesByNormalizedText.get(normalizedCellValue);
      if (unknownValue) unknownValue.rows += 1;
      else unknownValuesByNormalizedText.set(normalizedCellValue, { text: cellValueText, rows: 1 });
    }
  }
  return [...unknownValuesByNormalizedText.values()].sort((one, other) => other.rows - one.rows);
}

/** Groups of words in the four languages that mean the same status or state. */
const STATUS_SYNONYM_GROUPS = [
  ["new", "open", "neu", "offen", "nouveau", "nouvelle", "nuevo", "nueva", "abierto"],
  ["contacted", "in contact", "kontaktiert", "angerufen", "contacté", "contactée", "contactado", "contactada"],
  ["qualified", "qualifiziert", "qualifié", "qualifiée", "calificado", "cualificado"],
  [
    "offer",
    "proposal",
    "quote",
    "angebot",
    "angebot verschickt",
    "offre",
    "devis",
    "proposition",
    "oferta",
    "propuesta",
    "presupuesto",
  ],
  ["negotiation", "verhandlung", "in verhandlung", "négociation", "negociación"],
  ["won", "closed won", "gewonnen", "gagné", "gagnée", "ganado", "ganada"],
  ["lost", "closed lost", "verloren", "perdu", "perdue", "perdido", "perdida"],
  ["closed", "done", "geschlossen", "abgeschlossen", "erledigt", "fermé", "clos", "clôturé", "cerrado", "cerrada"],
  ["active", "aktiv", "actif", "activo"],
  ["inactive", "inaktiv", "inactif", "inactivo"],
].map((words) => new Set(words.map(normalizeToLettersAndDigits)));

/** Returns the name in `knownNames` that equals a value or is a synonym of the value in another language. */
export function guessKnownNameForValue(value: string, knownNames: string[]): string | undefined {
  const normalizedCellValue = normalizeToLettersAndDigits(value);
  const exactlyMatchingKnownName = knownNames.find((name) => normalizeToLettersAndDigits(name) === normalizedCellValue);
  if (exactlyMatchingKnownName) return exactlyMatchingKnownName;
  const synonymGroup = STATUS_SYNONYM_GROUPS.find((words) => words.has(normalizedCellValue));
  return synonymGroup && knownNames.find((name) => synonymGroup.has(normalizeToLettersAndDigits(name)));
}
