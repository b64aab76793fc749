// The table that maps the columns of a file to fields of a lead, and the unknown values of a column to names of the team.

import type { ComponentChildren, JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type Team, useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { formatCount } from "../ui/time";
import { guessValue, TARGETS, type Target, targetOf, type UnknownValue, unknownValues, valueKey } from "./columns";
import type { Sheet } from "./csv-file";
import { choose, rowsCount } from "./import-run";
import type { Choices, ValueMap } from "./lead-rows";

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
export interface Decisions {
  /** Values of each mapped column, by the column's index. */
  values: Map<number, ColumnValues>;
  undecided: number;
  /** Whether no column is mapped to an e-mail address or phone number, which a lead needs. */
  contactMissing: boolean;
  /** The user's choices, completed with the guessed names. */
  choices: Choices;
  createsBusinesses: boolean;
}

type Options = { name: string; color?: string }[];

function optionsOf(target: Target, { statuses, businesses }: Pick<Team, "statuses" | "businesses">): Options {
  if (target.values === "status") return statuses.map(({ name, primaryColor }) => ({ name, color: primaryColor }));
  if (target.values === "business") return businesses.map(({ name }) => ({ name }));
  return [{ name: "Active" }, { name: "Inactive" }];
}

export function useDecisions(sheet: Sheet | undefined, choices: Choices | undefined): Decisions | undefined {
  const { statuses, businesses } = useTeam();
  const targets = choices?.targets.join();
  // Memoized, because this reads every row of the file.
  const unknown = useMemo(() => {
    const found = new Map<number, { target: Target; names: string[]; unknown: UnknownValue[] }>();
    for (const [index, column] of choices?.targets.entries() ?? []) {
      const target = targetOf(column);
      if (!sheet || !target?.values) continue;
      const names = optionsOf(target, { statuses, businesses }).map(({ name }) => name);
      found.set(index, { target, names, unknown: unknownValues(sheet.rows, index, target, names) });
    }
    return found;
  }, [sheet, targets, statuses, businesses]);
  if (!choices) return undefined;
  const values = new Map<number, ColumnValues>();
  const resolved: Choices["values"] = {};
  for (const [index, { target, names, unknown: found }] of unknown) {
    const map: ValueMap = {};
    for (const { text } of found) {
      const key = valueKey(text);
      const chosen = choices.values[target.column]?.[key];
      const name = chosen === undefined ? guessValue(text, names) : chosen;
      if (name !== undefined) map[key] = name;
    }
    values.set(index, { target, unknown: found, map, undecided: found.filter(({ text }) => !(valueKey(text) in map)) });
    resolved[target.column] = map;
  }
  const known = new Set(businesses.map(({ name }) => valueKey(name)));
  const contacts = choices.mode === "update" ? ["email"] : ["email", "phoneNumber"];
  return {
    values,
    undecided: [...values.values()].reduce((sum, { undecided }) => sum + undecided.length, 0),
    contactMissing: !contacts.some((column) => choices.targets.includes(column)),
    choices: { ...choices, values: resolved },
    createsBusinesses: Object.values(resolved.business ?? {}).some((name) => name && !known.has(valueKey(name))),
  };
}

interface MappingProps {
  sheet: Sheet;
  decisions: Decisions;
  disabled: boolean;
}

export function Mapping({ sheet, decisions, disabled }: MappingProps): JSX.Element {
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
          {sheet.columns.map((heading, index) => (
            <Column key={`${index} ${heading}`} sheet={sheet} index={index} decisions={decisions} />
          ))}
        </tbody>
      </table>
    </fieldset>
  );
}

const nameOf = (heading: string, index: number): string => heading || `Column ${index + 1}`;

/** Returns the targets after a column is mapped to `column`. Other columns lose that target, unless it is a list. */
function withTarget(targets: string[], index: number, column: string): string[] {
  const rivals =
    column === "name" ? ["name", "firstName", "lastName"] : [column, ...(/Name$/.test(column) ? ["name"] : [])];
  return targets.map((other, at) => {
    if (at === index) return column;
    return other && rivals.includes(other) && !targetOf(other)?.list ? "" : other;
  });
}

interface ColumnProps {
  sheet: Sheet;
  index: number;
  decisions: Decisions;
}

function Column({ sheet, index, decisions }: ColumnProps): JSX.Element {
  const { targets } = decisions.choices;
  const name = nameOf(sheet.columns[index] ?? "", index);
  const values = decisions.values.get(index);
  const column = targets[index] ?? "";
  const samples = useMemo(() => {
    const found = new Set<string>();
    for (const { cells } of sheet.rows) {
      const cell = cells[index]?.trim();
      if (cell) found.add(cell.slice(0, 60));
      if (found.size === 3) break;
    }
    return [...found].join(", ");
  }, [sheet, index]);
  const note = useMemo(() => noteOf(sheet, index, targetOf(column)), [sheet, index, column]);
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
              onInput={({ currentTarget }) => choose({ targets: withTarget(targets, index, currentTarget.value) })}
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
            : note}
        </td>
      </tr>
      {values && values.unknown.length > 0 ? (
        <tr class="inner">
          <td colSpan={4}>
            <Values name={name} values={values} choices={decisions.choices} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** Returns a note about a column for the user, such as the number of rows without an e-mail address. */
function noteOf({ rows }: Sheet, index: number, target: Target | undefined): string {
  if (!target) return "";
  if (target.column === "name") return "Split at the last space";
  if (target.column === "email") {
    const empty = rows.filter(({ cells }) => !cells[index]?.trim()).length;
    return empty > 0 ? `${rowsCount(empty)} ${empty === 1 ? "has" : "have"} none` : "";
  }
  const { limit } = target;
  const long = limit ? rows.filter(({ cells }) => Array.from(cells[index]?.trim() ?? "").length > limit).length : 0;
  if (long === 0) return "";
  const action = target.column === "description" ? "will be cut at" : long === 1 ? "is longer than" : "are longer than";
  return `${rowsCount(long)} ${action} ${formatCount(limit ?? 0)}${target.column === "description" ? "" : " characters"}`;
}

interface ValuesProps {
  name: string;
  values: ColumnValues;
  choices: Choices;
}

function Values({ name, values, choices }: ValuesProps): JSX.Element {
  const { isOwner, ...team } = useTeam();
  const { target, unknown, map, undecided } = values;
  const options = optionsOf(target, team);
  const canCreate = target.values === "business" && isOwner;
  const shown = unknown.slice(0, MAX_VALUE_ROWS);
  const rest = unknown.slice(MAX_VALUE_ROWS);
  const decide = (texts: string[], nameFor: (text: string) => string | null) => {
    const chosen = Object.fromEntries(texts.map((text) => [valueKey(text), nameFor(text)]));
    choose({ values: { ...choices.values, [target.column]: { ...map, ...chosen } } });
  };
  const texts = (values: UnknownValue[]) => values.map(({ text }) => text);
  return (
    <div class="values" role="group" aria-label={`Values of ${name}`}>
      {shown.map(({ text, rows }) => (
        <Value key={valueKey(text)} text={<bdi>{text}</bdi>} title={text} count={rowsCount(rows)}>
          <Choice
            text={text}
            target={target}
            options={options}
            chosen={map[valueKey(text)]}
            create={canCreate ? () => decide([text], (text) => text) : undefined}
            choose={(name) => decide([text], () => name)}
          />
        </Value>
      ))}
      {rest.length > 0 ? (
        <Value text={`${formatCount(rest.length)} more values`} count="">
          <Choice
            text="all others"
            target={target}
            options={options}
            chosen={rest.every(({ text }) => map[valueKey(text)] === null) ? null : undefined}
            create={canCreate ? () => decide(texts(rest), (text) => text) : undefined}
            choose={(name) => decide(texts(rest), () => name)}
          />
        </Value>
      ) : null}
      {undecided.length > 1 ? (
        <div class="row all">
          {canCreate ? (
            <button type="button" class="btn little" onClick={() => decide(texts(undecided), (text) => text)}>
              Create {formatCount(undecided.length)} businesses
            </button>
          ) : null}
          <button type="button" class="btn little ghost" onClick={() => decide(texts(undecided), () => null)}>
            Leave {formatCount(undecided.length)} out
          </button>
        </div>
      ) : null}
      {target.values === "business" && !isOwner && undecided.length > 0 ? (
        <small class="quiet all">Only Owners create businesses. Choose one, or leave the value out.</small>
      ) : null}
    </div>
  );
}

interface ValueProps {
  text: ComponentChildren;
  title?: string;
  count: string;
  children: ComponentChildren;
}

function Value({ text, title, count, children }: ValueProps): JSX.Element {
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

interface ChoiceProps {
  text: string;
  target: Target;
  options: Options;
  /** The name that a value is mapped to. `null` if the value is skipped, `undefined` until the user chooses. */
  chosen: string | null | undefined;
  create: (() => void) | undefined;
  choose: (name: string | null) => void;
}

const NOUNS = { status: "status", business: "business", state: "state" };

function Choice({ text, target, options, chosen, create, choose }: ChoiceProps): JSX.Element {
  const noun = NOUNS[target.values ?? "status"];
  const option = options.find(({ name }) => name === chosen);
  const isNew = typeof chosen === "string" && !option;
  const shown = chosen === null ? "Left out" : isNew ? `New: ${chosen}` : (chosen ?? `Choose a ${noun}`);
  return (
    <Menu
      label={`${noun} for ${text}`}
      trigger={(props) => (
        <button
          type="button"
          class={option?.color ? "pill" : chosen === null ? "btn little ghost hang" : "btn little"}
          data-color={option?.color}
          data-undecided={chosen === undefined ? "" : undefined}
          {...props}
        >
          {option?.color ? <span class="dot" aria-hidden="true" /> : null}
          <span class="unseen">
            {noun[0]?.toUpperCase()}
            {noun.slice(1)} for {text}:{" "}
          </span>
          <span class="cut" title={shown}>
            <bdi>{shown}</bdi>
          </span>
          <Icon name="chevron-down" />
        </button>
      )}
    >
      {create ? (
        <MenuItem icon="plus" isChecked={isNew} onSelect={create}>
          {text === "all others" ? "Create them" : `Create “${text}”`}
        </MenuItem>
      ) : null}
      {options.map(({ name, color }) => (
        <MenuItem key={name} isChecked={name === chosen} onSelect={() => choose(name)}>
          <span class="row">
            {color ? <span class="dot" data-color={color} aria-hidden="true" /> : null}
            <bdi>{name}</bdi>
          </span>
        </MenuItem>
      ))}
      <MenuItem icon="x" isChecked={chosen === null} onSelect={() => choose(null)}>
        Leave out
      </MenuItem>
    </Menu>
  );
}
