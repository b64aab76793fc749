// The table that maps the columns of a file to fields of a lead, and the unknown values of a column to names of the team.

import type { ComponentChildren, JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type Team, useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { formatCount } from "../ui/time";
import {
  findTarget,
  findUnknownValues,
  guessName,
  normalizeValue,
  TARGETS,
  type Target,
  type UnknownValue,
} from "./columns";
import type { CsvFile } from "./csv-file";
import { changeOptions, formatRowCount } from "./import-run";
import type { ImportOptions, ValueMap } from "./lead-rows";

/**
 * Maximum number of values that are mapped one by one. A column with more unknown values most likely belongs to another field.
 */
const MAX_VALUE_ROWS = 30;

interface ColumnValues {
  target: Target;
  unknown: UnknownValue[];
  /** Names for the unknown values, chosen by the user or guessed. */
  map: ValueMap;
  undecided: UnknownValue[];
}

/** The resolved mapping of a file, and what the user must still choose before the rows can be checked. */
export interface ColumnMapping {
  /** Values of each mapped column, by the column's index. */
  values: Map<number, ColumnValues>;
  undecided: number;
  /** Whether no column is mapped to an e-mail address or phone number, which a lead needs. */
  isContactMissing: boolean;
  /** The user's choices, completed with the guessed names. */
  options: ImportOptions;
  createsBusinesses: boolean;
}

type ValueOptions = { name: string; color?: string }[];

function valueOptionsOf(target: Target, { statuses, businesses }: Pick<Team, "statuses" | "businesses">): ValueOptions {
  if (target.valueKind === "status") return statuses.map(({ name, primaryColor }) => ({ name, color: primaryColor }));
  if (target.valueKind === "business") return businesses.map(({ name }) => ({ name }));
  return [{ name: "Active" }, { name: "Inactive" }];
}

export function useColumnMapping(
  csvFile: CsvFile | undefined,
  options: ImportOptions | undefined,
): ColumnMapping | undefined {
  const { statuses, businesses } = useTeam();
  const targets = options?.targets.join();
  // Memoized, because this reads every row of the file.
  const unknownByColumn = useMemo(() => {
    const unknownByColumnIndex = new Map<number, { target: Target; names: string[]; unknown: UnknownValue[] }>();
    for (const [index, column] of options?.targets.entries() ?? []) {
      const target = findTarget(column);
      if (!csvFile || !target?.valueKind) continue;
      const knownNames = valueOptionsOf(target, { statuses, businesses }).map(({ name }) => name);
      unknownByColumnIndex.set(index, {
        target,
        names: knownNames,
        unknown: findUnknownValues(csvFile.rows, index, target, knownNames),
      });
    }
    return unknownByColumnIndex;
  }, [csvFile, targets, statuses, businesses]);
  if (!options) return undefined;
  const valuesByColumn = new Map<number, ColumnValues>();
  const resolvedValues: ImportOptions["values"] = {};
  for (const [index, { target, names, unknown: found }] of unknownByColumn) {
    const namesByKey: ValueMap = {};
    for (const { text } of found) {
      const key = normalizeValue(text);
      const chosenName = options.values[target.column]?.[key];
      const mappedName = chosenName === undefined ? guessName(text, names) : chosenName;
      if (mappedName !== undefined) namesByKey[key] = mappedName;
    }
    valuesByColumn.set(index, {
      target,
      unknown: found,
      map: namesByKey,
      undecided: found.filter(({ text }) => !(normalizeValue(text) in namesByKey)),
    });
    resolvedValues[target.column] = namesByKey;
  }
  const businessKeys = new Set(businesses.map(({ name }) => normalizeValue(name)));
  const contactColumns = options.mode === "update" ? ["email"] : ["email", "phoneNumber"];
  return {
    values: valuesByColumn,
    undecided: [...valuesByColumn.values()].reduce((sum, { undecided }) => sum + undecided.length, 0),
    isContactMissing: !contactColumns.some((column) => options.targets.includes(column)),
    options: { ...options, values: resolvedValues },
    createsBusinesses: Object.values(resolvedValues.business ?? {}).some(
      (name) => name && !businessKeys.has(normalizeValue(name)),
    ),
  };
}

interface MappingTableProps {
  csvFile: CsvFile;
  mapping: ColumnMapping;
  disabled: boolean;
}

export function MappingTable({ csvFile, mapping, disabled }: MappingTableProps): JSX.Element {
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
            <Column key={`${index} ${heading}`} csvFile={csvFile} index={index} mapping={mapping} />
          ))}
        </tbody>
      </table>
    </fieldset>
  );
}

const columnTitle = (heading: string, index: number): string => heading || `Column ${index + 1}`;

/**
 * Returns the targets after the file's column at `index` is mapped to the field `column`. Other columns with the same field, or
 * with a conflicting name field, are unmapped, unless their field takes a list.
 */
function assignTarget(targets: string[], index: number, column: string): string[] {
  const conflictingTargets =
    column === "name" ? ["name", "firstName", "lastName"] : [column, ...(/Name$/.test(column) ? ["name"] : [])];
  return targets.map((other, at) => {
    if (at === index) return column;
    return other && conflictingTargets.includes(other) && !findTarget(other)?.isList ? "" : other;
  });
}

interface ColumnProps {
  csvFile: CsvFile;
  index: number;
  mapping: ColumnMapping;
}

function Column({ csvFile, index, mapping }: ColumnProps): JSX.Element {
  const { targets } = mapping.options;
  const name = columnTitle(csvFile.columns[index] ?? "", index);
  const values = mapping.values.get(index);
  const column = targets[index] ?? "";
  const samples = useMemo(() => {
    const cellSamples = new Set<string>();
    for (const { cells } of csvFile.rows) {
      const cell = cells[index]?.trim();
      if (cell) cellSamples.add(cell.slice(0, 60));
      if (cellSamples.size === 3) break;
    }
    return [...cellSamples].join(", ");
  }, [csvFile, index]);
  const columnNote = useMemo(() => describeColumn(csvFile, index, findTarget(column)), [csvFile, index, column]);
  const undecided = values?.undecided.length ?? 0;
  return (
    <>
      <tr>
        <th scope="row">
          <div class="cut" title={name}>
            <bdi>{name}</bdi>
          </div>
        </th>
        <td class="quiet cut c1" title={samples}>
          <bdi>{samples}</bdi>
        </td>
        <td>
          <span class="select">
            <select
              aria-label={`Field for ${name}`}
              value={column}
              onInput={({ currentTarget }) =>
                changeOptions({ targets: assignTarget(targets, index, currentTarget.value) })
              }
            >
              <option value="">Leave out</option>
              {TARGETS.map(({ column, label }) => (
                <option key={column} value={column}>
                  {label}
                </option>
              ))}
            </select>
            <Icon name="chevron-down" />
          </span>
        </td>
        <td class={undecided > 0 ? "small note-cell bad" : "small note-cell quiet"}>
          {undecided > 0
            ? `${formatCount(undecided)} of ${formatCount(values?.unknown.length ?? 0)} values to choose`
            : columnNote}
        </td>
      </tr>
      {values && values.unknown.length > 0 ? (
        <tr class="inner">
          <td colSpan={4}>
            <Values name={name} values={values} options={mapping.options} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** Returns a note about a column for the user, such as the number of rows without an e-mail address. */
function describeColumn({ rows }: CsvFile, index: number, target: Target | undefined): string {
  if (!target) return "";
  if (target.column === "name") return "Split at the last space";
  if (target.column === "email") {
    const emptyRows = rows.filter(({ cells }) => !cells[index]?.trim()).length;
    return emptyRows > 0 ? `${formatRowCount(emptyRows)} ${emptyRows === 1 ? "has" : "have"} none` : "";
  }
  const { maxChars } = target;
  const longRows = maxChars
    ? rows.filter(({ cells }) => Array.from(cells[index]?.trim() ?? "").length > maxChars).length
    : 0;
  if (longRows === 0) return "";
  const action =
    target.column === "description" ? "will be cut at" : longRows === 1 ? "is longer than" : "are longer than";
  return `${formatRowCount(longRows)} ${action} ${formatCount(maxChars ?? 0)}${target.column === "description" ? "" : " characters"}`;
}

interface ValuesProps {
  name: string;
  values: ColumnValues;
  options: ImportOptions;
}

function Values({ name, values, options }: ValuesProps): JSX.Element {
  const { isOwner, ...team } = useTeam();
  const { target, unknown, map, undecided } = values;
  const valueOptions = valueOptionsOf(target, team);
  const mayCreate = target.valueKind === "business" && isOwner;
  const shownValues = unknown.slice(0, MAX_VALUE_ROWS);
  const otherValues = unknown.slice(MAX_VALUE_ROWS);
  const chooseNames = (texts: string[], nameFor: (text: string) => string | null) => {
    const mappedNames = Object.fromEntries(texts.map((text) => [normalizeValue(text), nameFor(text)]));
    changeOptions({ values: { ...options.values, [target.column]: { ...map, ...mappedNames } } });
  };
  const listTexts = (values: UnknownValue[]) => values.map(({ text }) => text);
  return (
    <div class="values" role="group" aria-label={`Values of ${name}`}>
      {shownValues.map(({ text, rows }) => (
        <ValueRow key={normalizeValue(text)} text={<bdi>{text}</bdi>} title={text} count={formatRowCount(rows)}>
          <ValueMenu
            text={text}
            target={target}
            valueOptions={valueOptions}
            chosenName={map[normalizeValue(text)]}
            onCreate={mayCreate ? () => chooseNames([text], (text) => text) : undefined}
            onChoose={(name) => chooseNames([text], () => name)}
          />
        </ValueRow>
      ))}
      {otherValues.length > 0 ? (
        <ValueRow text={`${formatCount(otherValues.length)} more values`} count="">
          <ValueMenu
            text="all others"
            target={target}
            valueOptions={valueOptions}
            chosenName={otherValues.every(({ text }) => map[normalizeValue(text)] === null) ? null : undefined}
            onCreate={mayCreate ? () => chooseNames(listTexts(otherValues), (text) => text) : undefined}
            onChoose={(name) => chooseNames(listTexts(otherValues), () => name)}
          />
        </ValueRow>
      ) : null}
      {undecided.length > 1 ? (
        <div class="row all">
          {mayCreate ? (
            <button type="button" class="btn little" onClick={() => chooseNames(listTexts(undecided), (text) => text)}>
              Create {formatCount(undecided.length)} businesses
            </button>
          ) : null}
          <button type="button" class="btn little ghost" onClick={() => chooseNames(listTexts(undecided), () => null)}>
            Leave {formatCount(undecided.length)} out
          </button>
        </div>
      ) : null}
      {target.valueKind === "business" && !isOwner && undecided.length > 0 ? (
        <small class="quiet all">Only Owners create businesses. Choose one, or leave the value out.</small>
      ) : null}
    </div>
  );
}

interface ValueRowProps {
  text: ComponentChildren;
  title?: string;
  count: string;
  children: ComponentChildren;
}

function ValueRow({ text, title, count, children }: ValueRowProps): JSX.Element {
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

interface ValueMenuProps {
  text: string;
  target: Target;
  valueOptions: ValueOptions;
  /** The name that a value is mapped to. `null` if the value is skipped, `undefined` until the user chooses. */
  chosenName: string | null | undefined;
  onCreate: (() => void) | undefined;
  onChoose: (name: string | null) => void;
}

const KIND_LABELS = { status: "status", business: "business", state: "state" };

function ValueMenu({ text, target, valueOptions, chosenName, onCreate, onChoose }: ValueMenuProps): JSX.Element {
  const kindLabel = KIND_LABELS[target.valueKind ?? "status"];
  const chosenOption = valueOptions.find(({ name }) => name === chosenName);
  const isNewName = typeof chosenName === "string" && !chosenOption;
  const label =
    chosenName === null ? "Left out" : isNewName ? `New: ${chosenName}` : (chosenName ?? `Choose a ${kindLabel}`);
  return (
    <Menu
      label={`${kindLabel} for ${text}`}
      trigger={(props) => (
        <button
          type="button"
          class={chosenOption?.color ? "pill" : chosenName === null ? "btn little ghost hang" : "btn little"}
          data-color={chosenOption?.color}
          data-undecided={chosenName === undefined ? "" : undefined}
          {...props}
        >
          {chosenOption?.color ? <span class="dot" aria-hidden="true" /> : null}
          <span class="unseen">
            {kindLabel[0]?.toUpperCase()}
            {kindLabel.slice(1)} for {text}:{" "}
          </span>
          <span class="cut" title={label}>
            <bdi>{label}</bdi>
          </span>
          <Icon name="chevron-down" />
        </button>
      )}
    >
      {onCreate ? (
        <MenuItem icon="plus" isChecked={isNewName} onSelect={onCreate}>
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
