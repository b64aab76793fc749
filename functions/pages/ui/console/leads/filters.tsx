// Filters of the list and the board: a chip for each active filter, which opens its editor, and a menu of all filters.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { Field, handleSubmit } from "../ui/field";
import { Icon } from "../ui/icon";
import { Popover } from "../ui/menu";
import { StatusDot } from "../ui/status";
import { formatDay } from "../ui/time";
import {
  activeFilters,
  FILTER_NAMES,
  type FilterName,
  firstOfLastDays,
  type ListQuery,
  withoutFilter,
} from "./list-query";

const TITLES: Record<FilterName, string> = {
  status: "Status",
  business: "Business",
  state: "State",
  source: "Source",
  created: "Created",
  archived: "Archived",
};

/** Periods that the filter by day of creation offers, in days up to today. */
const LAST_DAYS = [7, 30, 90] as const;
/** A chip lists up to this many names. For more it shows their number. */
const MAX_NAMES = 2;

interface FilterProps {
  query: ListQuery;
  change: (change: Partial<ListQuery>) => void;
}

function namesOf(chosen: number[], all: { id: number; name: string }[]): string {
  if (chosen.length === 0) return "";
  const names = all.filter(({ id }) => chosen.includes(id)).map(({ name }) => name);
  return names.length > 0 && names.length <= MAX_NAMES ? names.join(", ") : `${chosen.length} chosen`;
}

function createdText(from: string, to: string): string {
  if (from === "" && to === "") return "";
  const days = to === "" ? LAST_DAYS.find((days) => firstOfLastDays(days) === from) : undefined;
  if (days) return `last ${days} days`;
  if (from === to) return formatDay(from);
  if (to === "") return `since ${formatDay(from)}`;
  return from === "" ? `until ${formatDay(to)}` : `${formatDay(from)} to ${formatDay(to)}`;
}

/** Returns a function that formats the value of a filter. */
export function useFilterText(): (name: FilterName, query: ListQuery) => string {
  const { statuses, businesses } = useTeam();
  return (name, query) => {
    if (name === "status") return namesOf(query.status, statuses);
    if (name === "business") return namesOf(query.business, businesses);
    if (name === "created") return createdText(query.from, query.to);
    return name === "archived" ? "" : query[name];
  };
}

export function FilterChips({ query, change }: FilterProps): JSX.Element {
  const textOf = useFilterText();
  const [editing, setEditing] = useState<FilterName>();
  const place = useRef<HTMLSpanElement>(null);
  const active = activeFilters(query);
  const begin = (name: FilterName) => {
    setEditing(name);
    return () => setEditing(undefined);
  };
  // A chip disappears when its editor closes with an empty filter. Its focus then moves to the filter menu.
  const shown = FILTER_NAMES.filter((name) => active.includes(name) || name === editing);
  const edited = useRef(editing);
  useEffect(() => {
    const before = edited.current;
    edited.current = editing;
    if (before && !editing && !active.includes(before) && document.activeElement === document.body) {
      place.current?.closest("search")?.querySelector<HTMLElement>("[data-filter-menu]")?.focus();
    }
  }, [editing]);
  return (
    <>
      <span ref={place} hidden />
      {shown.map((name) => {
        const text = textOf(name, query);
        return (
          <span key={name} class="chip wide">
            <Popover
              popupRole="dialog"
              label={TITLES[name]}
              trigger={(props) => (
                <button type="button" {...props}>
                  <span class="cut" title={text}>
                    {text ? `${TITLES[name]}: ` : TITLES[name]}
                    <bdi>{text}</bdi>
                  </span>
                </button>
              )}
            >
              {(close) => <FilterEditor {...{ name, query, change, close, begin }} />}
            </Popover>
            <button
              type="button"
              aria-label={`Remove the filter ${TITLES[name]}`}
              title={`Remove the filter ${TITLES[name]}`}
              onClick={(event) => {
                // Removing the filter removes this button, so the focus moves to the filter menu.
                event.currentTarget.closest("search")?.querySelector<HTMLElement>("[data-filter-menu]")?.focus();
                change(withoutFilter(query, name));
              }}
            >
              <Icon name="x" />
            </button>
          </span>
        );
      })}
    </>
  );
}

interface MenuProps extends FilterProps {
  /** Number of leads that match, as text: `17 leads`. */
  found: string;
  clear: () => void;
}

/** A menu of all filters with their values. On a phone it is a sheet with its own Clear button. */
export function FilterMenu({ query, change, found, clear }: MenuProps): JSX.Element {
  const active = activeFilters(query).length;
  return (
    <Popover
      popupRole="dialog"
      label="Filter"
      trigger={(props) => (
        <button type="button" class="btn ghost" data-filter-menu {...props}>
          <Icon name="list-filter" />
          Filter
          {active > 0 ? <span class="count slim">{active}</span> : null}
        </button>
      )}
    >
      {(close) => <FilterSheet {...{ query, change, found, clear, close }} />}
    </Popover>
  );
}

function FilterSheet({ query, change, found, clear, close }: MenuProps & { close: () => void }): JSX.Element {
  const [chosen, setChosen] = useState<FilterName>();
  const [left, setLeft] = useState<FilterName>();
  const list = useRef<HTMLDivElement>(null);
  const textOf = useFilterText();
  const active = activeFilters(query);
  useEffect(() => {
    if (left) list.current?.querySelector<HTMLElement>(`[data-filter="${left}"]`)?.focus();
  }, [left]);
  if (chosen) {
    const back = () => {
      setLeft(chosen);
      setChosen(undefined);
    };
    return (
      <>
        <button type="button" class="item" onClick={back}>
          <Icon name="chevron-left" />
          <span class="cut">{TITLES[chosen]}</span>
        </button>
        <hr />
        <FilterEditor name={chosen} query={query} change={change} close={close} focused />
      </>
    );
  }
  return (
    <div ref={list}>
      {FILTER_NAMES.map((name) => (
        <button
          key={name}
          type="button"
          class="item"
          data-filter={name}
          aria-pressed={name === "archived" ? query.archived : undefined}
          onClick={() => (name === "archived" ? change({ archived: !query.archived }) : setChosen(name))}
        >
          <span>{TITLES[name]}</span>
          <span class="end quiet cut">
            {active.includes(name) ? (
              name === "archived" ? (
                <Icon name="check" />
              ) : (
                <bdi>{textOf(name, query)}</bdi>
              )
            ) : null}
          </span>
          {name === "archived" ? null : <Icon name="chevron-right" />}
        </button>
      ))}
      <div class="row slim">
        <button type="button" class="btn ghost" disabled={active.length === 0} onClick={clear}>
          Clear
        </button>
        <span class="push" />
        <button type="button" class="btn primary" onClick={close}>
          Show {found}
        </button>
      </div>
    </div>
  );
}

interface EditorProps extends FilterProps {
  name: FilterName;
  close: () => void;
  /** Focuses the editor's first control, for an editor that appears in an open popover. */
  focused?: boolean;
  /** Called when the editor opens. It returns the function that is called when the editor closes. */
  begin?: (name: FilterName) => () => void;
}

function FilterEditor({ name, query, change, close, focused = false, begin }: EditorProps): JSX.Element {
  const editor = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (focused) editor.current?.querySelector<HTMLElement>("input, button")?.focus();
    return begin?.(name);
  }, []);
  return (
    <div ref={editor}>
      {name === "status" || name === "business" ? <IdsEditor name={name} query={query} change={change} /> : null}
      {name === "state" ? <StateEditor query={query} change={change} /> : null}
      {name === "source" ? <SourceEditor query={query} change={change} close={close} /> : null}
      {name === "created" ? <CreatedEditor query={query} change={change} /> : null}
      {name === "archived" ? (
        <label class="item">
          <input
            type="checkbox"
            checked={query.archived}
            onInput={({ currentTarget }) => change({ archived: currentTarget.checked })}
          />
          Archived leads
        </label>
      ) : null}
    </div>
  );
}

function IdsEditor({ name, query, change }: FilterProps & { name: "status" | "business" }): JSX.Element {
  const { statuses, businesses } = useTeam();
  const chosen = query[name];
  const all = name === "status" ? statuses : businesses;
  if (all.length === 0) return <p class="quiet pad">There are none yet.</p>;
  return (
    <fieldset class="options">
      <legend class="unseen">{TITLES[name]}</legend>
      {all.map((one) => (
        <label key={one.id} class="item" data-color={"primaryColor" in one ? one.primaryColor : undefined}>
          <input
            type="checkbox"
            checked={chosen.includes(one.id)}
            onInput={({ currentTarget: { checked } }) => {
              const next = checked ? [...chosen, one.id] : chosen.filter((id) => id !== one.id);
              change({ [name]: next });
            }}
          />
          {"primaryColor" in one ? <StatusDot color={String(one.primaryColor)} /> : null}
          <span class="cut" title={one.name}>
            <bdi>{one.name}</bdi>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function StateEditor({ query, change }: FilterProps): JSX.Element {
  return (
    <fieldset>
      <legend class="unseen">State</legend>
      {(["", "Active", "Inactive"] as const).map((state) => (
        <label key={state} class="item">
          <input type="radio" name="state" checked={query.state === state} onInput={() => change({ state })} />
          {state || "Any"}
        </label>
      ))}
    </fieldset>
  );
}

function SourceEditor({ query, change, close }: FilterProps & { close: () => void }): JSX.Element {
  const [source, setSource] = useState(query.source);
  return (
    <form
      class="editor"
      onSubmit={handleSubmit(() => {
        change({ source: source.trim() });
        close();
      })}
    >
      <Field label="Source" hint="As it is written on the lead">
        {(ids) => (
          <input
            {...ids}
            class="input"
            maxLength={LIMITS.maxTextChars}
            value={source}
            onInput={({ currentTarget }) => setSource(currentTarget.value)}
          />
        )}
      </Field>
      <button type="submit" class="btn">
        Apply
      </button>
    </form>
  );
}

function CreatedEditor({ query, change }: FilterProps): JSX.Element {
  const day = (name: "from" | "to", label: string) => (
    <Field label={label}>
      {(ids) => (
        <input
          {...ids}
          class="input"
          type="date"
          value={query[name]}
          onChange={({ currentTarget }) => change({ [name]: currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      {LAST_DAYS.map((days) => {
        const from = firstOfLastDays(days);
        const isChosen = query.from === from && query.to === "";
        return (
          <button
            key={days}
            type="button"
            class="item"
            aria-pressed={isChosen}
            onClick={() => change({ from, to: "" })}
          >
            Last {days} days
            {isChosen ? (
              <span class="end">
                <Icon name="check" />
              </span>
            ) : null}
          </button>
        );
      })}
      <div class="editor">
        {day("from", "From")}
        {day("to", "To")}
        <small class="quiet">Days are counted in UTC.</small>
      </div>
    </>
  );
}
