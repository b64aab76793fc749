// The table that maps the columns of a file to fields of a lead, and unknown cell values to statuses, businesses or
// lead states.

import type { ComponentChildren, JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type TeamContextValue, useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { formatCount } from "../ui/time";
import {
  findImportTargetFieldByName,
  findMatchSystem,
  findUnknownCellValues,
  guessKnownNameForValue,
  IMPORT_TARGET_FIELDS,
  type ImportTargetField,
  normalizeValueForComparison,
  type UnknownCellValue,
} from "./columns";
import type { CsvFile } from "./csv-file";
import { formatRowCount, updateImportOptions } from "./import-run";
import type { ImportOptions, MappedNamesByNormalizedValue } from "./lead-rows";

/**
 * Maximum number of unknown values that get a row each. The others share one row and are mapped together, because a
 * column with so many unknown values most likely belongs to another field.
 */
const MAX_INDIVIDUALLY_MAPPED_VALUES = 30;

interface ColumnValueMapping {
  target: ImportTargetField;
  unknownValues: UnknownCellValue[];
  /** Names for the unknown values, chosen by the user or guessed. */
  namesByKey: MappedNamesByNormalizedValue;
  undecidedValues: UnknownCellValue[];
}

/** The resolved mapping of a file, and what the user must still choose before the rows can be checked. */
export interface CsvFileMapping {
  /** Values of each mapped column, by the column's index. */
  values: Map<number, ColumnValueMapping>;
  undecidedCount: number;
  /** Whether no column is mapped to an e-mail address or phone number, which a lead needs. */
  isContactMissing: boolean;
  /** The user's choices, completed with the guessed names. */
  options: ImportOptions;
  createsBusinesses: boolean;
}

type ValueMappingChoices = { name: string; color?: string }[];

function listValueMappingChoices(
  target: ImportTargetField,
  { statuses, businesses }: Pick<TeamContextValue, "statuses" | "businesses">,
): ValueMappingChoices {
  if (target.valueKind === "status") return statuses.map(({ name, primaryColor }) => ({ name, color: primaryColor }));
  if (target.valueKind === "business") return businesses.map(({ name }) => ({ name }));
  return [{ name: "Active" }, { name: "Inactive" }];
}

export function useCsvFileMapping(
  csvFile: CsvFile | undefined,
  options: ImportOptions | undefined,
): CsvFileMapping | undefined {
  const { statuses, businesses } = useTeam();
  const targetFieldsMemoKey = options?.targets.join();
  // The unknown values are memoized, because finding them reads every row of the file.
  const valueMappingDataByColumnIndex = useMemo(() => {
    const mappingDataByColumnIndex = new Map<
      number,
      { target: ImportTargetField; names: string[]; unknown: UnknownCellValue[] }
    >();
    for (const [index, fieldName] of options?.targets.entries() ?? []) {
      const targetField = findImportTargetFieldByName(fieldName);
      if (!csvFile || !targetField?.valueKind) continue;
      const knownStatusOrBusinessNames = listValueMappingChoices(targetField, { statuses, businesses }).map(
        ({ name }) => name,
      );
      mappingDataByColumnIndex.set(index, {
        target: targetField,
        names: knownStatusOrBusinessNames,
        unknown: findUnknownCellValues(csvFile.rows, index, targetField, knownStatusOrBusinessNames),
      });
    }
    return mappingDataByColumnIndex;
  }, [csvFile, targetFieldsMemoKey, statuses, businesses]);
  if (!options) return undefined;
  const valueMappingsByColumnIndex = new Map<number, ColumnValueMapping>();
  const mappedNamesByFieldAndValue: ImportOptions["values"] = {};
  for (const [index, { target, names, unknown: foundValues }] of valueMappingDataByColumnIndex) {
    const mappedNamesByNormalizedValue: MappedNamesByNormalizedValue = {};
    for (const { text } of foundValues) {
      const normalizedCellValue = normalizeValueForComparison(text);
      const chosenNameForValue = options.values[target.fieldName]?.[normalizedCellValue];
      const chosenOrGuessedNameForValue =
        chosenNameForValue === undefined ? guessKnownNameForValue(text, names) : chosenNameForValue;
      if (chosenOrGuessedNameForValue !== undefined)
        mappedNamesByNormalizedValue[normalizedCellValue] = chosenOrGuessedNameForValue;
    }
    valueMappingsByColumnIndex.set(index, {
      target,
      unknownValues: foundValues,
      namesByKey: mappedNamesByNormalizedValue,
      undecidedValues: foundValues.filter(
        ({ text }) => !(normalizeValueForComparison(text) in mappedNamesByNormalizedValue),
      ),
    });
    mappedNamesByFieldAndValue[target.fieldName] = mappedNamesByNormalizedValue;
  }
  const normalizedBusinessNames = new Set(businesses.map(({ name }) => normalizeValueForComparison(name)));
  const matchSystem = findMatchSystem(options.targets);
  const isMatchedByExternalId = options.mode === "update" && matchSystem !== undefined;
  const contactFieldNames = options.mode === "update" ? ["email"] : ["email", "phoneNumber"];
  return {
    values: valueMappingsByColumnIndex,
    undecidedCount: [...valueMappingsByColumnIndex.values()].reduce(
      (sum, { undecidedValues }) => sum + undecidedValues.length,
      0,
    ),
    isContactMissing:
      !isMatchedByExternalId && !contactFieldNames.some((fieldName) => options.targets.includes(fieldName)),
    options: { ...options, values: mappedNamesByFieldAndValue },
    createsBusinesses: Object.values(mappedNamesByFieldAndValue.business ?? {}).some(
      (name) => name && !normalizedBusinessNames.has(normalizeValueForComparison(name)),
    ),
  };
}

interface ColumnMappingTableProps {
  csvFile: CsvFile;
  mapping: CsvFileMapping;
  disabled: boolean;
}

export function ColumnMappingTable({ csvFile, mapping, disabled }: ColumnMappingTableProps): JSX.Element {
  return (
    <fieldset disabled={disabled}>
      <legend class="unseen">Columns</legend>
      <table class="plain map">
        <thead>
          <tr>
            <th scope="col" class="w-l">
              In the file
            </th>
            <th scope="col" class="c1">
              First rows
            </th>
            <th scope="col" class="w-l">
              Becomes
            </th>
            <th scope="col" class="w-m">
              <span class="unseen">Notes</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {csvFile.columns.map((heading, index) => (
            <SingleColumnMappingRows key={`${index} ${heading}`} csvFile={csvFile} index={index} mapping={mapping} />
          ))}
        </tbody>
      </table>
    </fieldset>
  );
}

const getColumnTitle = (heading: string, index: number): string => heading || `Column ${index + 1}`;

/**
 * Returns the fields of all columns after the column at `index` was mapped to `fieldName`. A column that had the same
 * field is skipped, unless the field is a list. Mapping a full name also skips the columns of the first and the last
 * name, and mapping one of those skips the column of the full name.
 */
function computeNewTargetFieldNames(targets: string[], index: number, fieldName: string): string[] {
  const conflictingFieldNames =
    fieldName === "name"
      ? ["name", "firstName", "lastName"]
      : [fieldName, ...(/Name$/.test(fieldName) ? ["name"] : [])];
  return targets.map((other, at) => {
    if (at === index) return fieldName;
    return other && conflictingFieldNames.includes(other) && !findImportTargetFieldByName(other)?.isList ? "" : other;
  });
}

interface SingleColumnMappingRowsProps {
  csvFile: CsvFile;
  index: number;
  mapping: CsvFileMapping;
}

function SingleColumnMappingRows({ csvFile, index, mapping }: SingleColumnMappingRowsProps): JSX.Element {
  const { targets } = mapping.options;
  const columnTitle = getColumnTitle(csvFile.columns[index] ?? "", index);
  const columnValueMapping = mapping.values.get(index);
  const targetFieldName = targets[index] ?? "";
  const sampleCellsText = useMemo(() => {
    const sampleCellTexts = new Set<string>();
    for (const { cells } of csvFile.rows) {
      const cellText = cells[index]?.trim();
      if (cellText) sampleCellTexts.add(cellText.slice(0, 60));
      if (sampleCellTexts.size === 3) break;
    }
    return [...sampleCellTexts].join(", ");
  }, [csvFile, index]);
  const columnNoteText = useMemo(
    () => buildColumnNoteText(csvFile, index, findImportTargetFieldByName(targetFieldName)),
    [csvFile, index, targetFieldName],
  );
  const undecidedValueCount = columnValueMapping?.undecidedValues.length ?? 0;
  return (
    <>
      <tr>
        <th scope="row">
          <div class="cut" title={columnTitle}>
            <bdi>{columnTitle}</bdi>
          </div>
        </th>
        <td class="quiet cut c1" title={sampleCellsText}>
          <bdi>{sampleCellsText}</bdi>
        </td>
        <td>
          <span class="select">
            <select
              aria-label={`Field for ${columnTitle}`}
              value={targetFieldName}
              onInput={({ currentTarget }) =>
                updateImportOptions({ targets: computeNewTargetFieldNames(targets, index, currentTarget.value) })
              }
            >
              <option value="">Leave out</option>
              {IMPORT_TARGET_FIELDS.map(({ fieldName, label }) => (
                <option key={fieldName} value={fieldName}>
                  {label}
                </option>
              ))}
            </select>
            <Icon name="chevron-down" />
          </span>
        </td>
        <td class={undecidedValueCount > 0 ? "small note-cell bad" : "small note-cell quiet"}>
          {undecidedValueCount > 0
            ? `${formatCount(undecidedValueCount)} of ${formatCount(columnValueMapping?.unknownValues.length ?? 0)} values to choose`
            : columnNoteText}
        </td>
      </tr>
      {columnValueMapping && columnValueMapping.unknownValues.length > 0 ? (
        <tr class="inner">
          <td colSpan={4}>
            <UnknownValueRows name={columnTitle} values={columnValueMapping} options={mapping.options} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** Returns a note about a column for the user, such as the number of rows without an e-mail address. */
function buildColumnNoteText({ rows }: CsvFile, index: number, target: ImportTargetField | undefined): string {
  if (!target) return "";
  if (target.fieldName === "name") return "Split at the last space";
  if (target.fieldName === "email") {
    const emptyCellCount = rows.filter(({ cells }) => !cells[index]?.trim()).length;
    return emptyCellCount > 0 ? `${formatRowCount(emptyCellCount)} ${emptyCellCount === 1 ? "has" : "have"} none` : "";
  }
  const { maxChars } = target;
  const tooLongCellCount = maxChars
    ? rows.filter(({ cells }) => Array.from(cells[index]?.trim() ?? "").length > maxChars).length
    : 0;
  if (tooLongCellCount === 0) return "";
  const lengthNoteVerbPhrase =
    target.fieldName === "description"
      ? "will be cut at"
      : tooLongCellCount === 1
        ? "is longer than"
        : "are longer than";
  return `${formatRowCount(tooLongCellCount)} ${lengthNoteVerbPhrase} ${formatCount(maxChars ?? 0)}${target.fieldName === "description" ? "" : " characters"}`;
}

interface UnknownValueRowsProps {
  name: string;
  values: ColumnValueMapping;
  options: ImportOptions;
}

function UnknownValueRows({ name, values, options }: UnknownValueRowsProps): JSX.Element {
  const { isOwner, ...team } = useTeam();
  const { target, unknownValues, namesByKey, undecidedValues } = values;
  const valueMappingChoices = listValueMappingChoices(target, team);
  const mayCreateBusinesses = target.valueKind === "business" && isOwner;
  const individuallyMappedValues = unknownValues.slice(0, MAX_INDIVIDUALLY_MAPPED_VALUES);
  const remainingUnknownValues = unknownValues.slice(MAX_INDIVIDUALLY_MAPPED_VALUES);
  const setMappedNamesOfValues = (texts: string[], nameFor: (text: string) => string | null) => {
    const newNamesByNormalizedValue = Object.fromEntries(
      texts.map((text) => [normalizeValueForComparison(text), nameFor(text)]),
    );
    updateImportOptions({
      values: { ...options.values, [target.fieldName]: { ...namesByKey, ...newNamesByNormalizedValue } },
    });
  };
  const getTextsOfUnknownValues = (values: UnknownCellValue[]) => values.map(({ text }) => text);
  return (
    <div class="values" role="group" aria-label={`Values of ${name}`}>
      {individuallyMappedValues.map(({ text, rows }) => (
        <ValueMappingRow
          key={normalizeValueForComparison(text)}
          text={<bdi>{text}</bdi>}
          title={text}
          count={formatRowCount(rows)}
        >
          <ValueMappingMenu
            text={text}
            target={target}
            valueOptions={valueMappingChoices}
            chosenName={namesByKey[normalizeValueForComparison(text)]}
            onCreate={mayCreateBusinesses ? () => setMappedNamesOfValues([text], (text) => text) : undefined}
            onChoose={(name) => setMappedNamesOfValues([text], () => name)}
          />
        </ValueMappingRow>
      ))}
      {remainingUnknownValues.length > 0 ? (
        <ValueMappingRow text={`${formatCount(remainingUnknownValues.length)} more values`} count="">
          <ValueMappingMenu
            text="all others"
            target={target}
            valueOptions={valueMappingChoices}
            chosenName={
              remainingUnknownValues.every(({ text }) => namesByKey[normalizeValueForComparison(text)] === null)
                ? null
                : undefined
            }
            onCreate={
              mayCreateBusinesses
                ? () => setMappedNamesOfValues(getTextsOfUnknownValues(remainingUnknownValues), (text) => text)
                : undefined
            }
            onChoose={(name) => setMappedNamesOfValues(getTextsOfUnknownValues(remainingUnknownValues), () => name)}
          />
        </ValueMappingRow>
      ) : null}
      {undecidedValues.length > 1 ? (
        <div class="row all">
          {mayCreateBusinesses ? (
            <button
              type="button"
              class="btn little"
              onClick={() => setMappedNamesOfValues(getTextsOfUnknownValues(undecidedValues), (text) => text)}
            >
              Create {formatCount(undecidedValues.length)} businesses
            </button>
          ) : null}
          <button
            type="button"
            class="btn little ghost"
            onClick={() => setMappedNamesOfValues(getTextsOfUnknownValues(undecidedValues), () => null)}
          >
            Leave {formatCount(undecidedValues.length)} out
          </button>
        </div>
      ) : null}
      {target.valueKind === "business" && !isOwner && undecidedValues.length > 0 ? (
        <small class="quiet all">Only Owners create businesses. Choose one, or leave the value out.</small>
      ) : null}
    </div>
  );
}

interface ValueMappingRowProps {
  text: ComponentChildren;
  title?: string;
  count: string;
  children: ComponentChildren;
}

function ValueMappingRow({ text, title, count, children }: ValueMappingRowProps): JSX.Element {
  return (
    <>
      <span class="row">
        <span class="cut" title={title}>
          {text}
        </span>
        <span class="count push">{count}</span>
      </span>
      <span class="choice">{children}</span>
    </>
  );
}

interface ValueMappingMenuProps {
  text: string;
  target: ImportTargetField;
  valueOptions: ValueMappingChoices;
  /** The name that a value is mapped to. `null` if the value is skipped, `undefined` until the user chooses. */
  chosenName: string | null | undefined;
  onCreate: (() => void) | undefined;
  onChoose: (name: string | null) => void;
}

const VALUE_KIND_LABELS = { status: "status", business: "business", state: "state" };

function ValueMappingMenu({
  text,
  target,
  valueOptions,
  chosenName,
  onCreate,
  onChoose,
}: ValueMappingMenuProps): JSX.Element {
  const valueKindLabel = VALUE_KIND_LABELS[target.valueKind ?? "status"];
  const selectedMappingChoice = valueOptions.find(({ name }) => name === chosenName);
  const isNewBusinessName = typeof chosenName === "string" && !selectedMappingChoice;
  const menuButtonText =
    chosenName === null
      ? "Left out"
      : isNewBusinessName
        ? `New: ${chosenName}`
        : (chosenName ?? `Choose a ${valueKindLabel}`);
  return (
    <Menu
      label={`${valueKindLabel} for ${text}`}
      trigger={(props) => (
        <button
          type="button"
          class={selectedMappingChoice?.color ? "pill" : chosenName === null ? "btn little ghost hang" : "btn little"}
          data-color={selectedMappingChoice?.color}
          data-undecided={chosenName === undefined ? "" : undefined}
          {...props}
        >
          {selectedMappingChoice?.color ? <span class="dot" aria-hidden="true" /> : null}
          <span class="unseen">
            {valueKindLabel[0]?.toUpperCase()}
            {valueKindLabel.slice(1)} for {text}:{" "}
          </span>
          <span class="cut" title={menuButtonText}>
            <bdi>{menuButtonText}</bdi>
          </span>
          <Icon name="chevron-down" />
        </button>
      )}
    >
      {onCreate ? (
        <MenuItem icon="plus" isChecked={isNewBusinessName} onSelect={onCreate}>
          {text === "all others" ? "Create them" : `Create “${text}”`}
        </MenuItem>
      ) : null}
      {valueOptions.map(({ name, color }) => (
        <MenuItem key={name} isChecked={name === chosenName} onSelect={() => onChoose(name)}>
          <span class="row">
            {color ? <span class="dot" data-color={color} aria-hidden="true" /> : null}
            <bdi>{name}</bdi>
          </span>
        </MenuItem>
      ))}
      <MenuItem icon="x" isChecked={chosenName === null} onSelect={() => onChoose(null)}>
        Leave out
      </MenuItem>
    </Menu>
  );
}
