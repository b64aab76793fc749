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
  FILTER_NAMES,
  type FilterName,
  firstDayOfPeriod,
  type ListQuery,
  listActiveFilters,
  removeFilter,
} from "./list-query";

const FILTER_TITLES: Record<FilterName, string> = {
  status: "Status",
  business: "Business",
  state: "State",
  source: "Source",
  created: "Created",
  archived: "Archived",
};

/** Periods that the filter by day of creation offers, in days up to today. */
const PERIOD_DAYS = [7, 30, 90] as const;
/** A chip lists up to this many names. For more names the chip shows their number. */
const MAX_LISTED_NAMES = 2;

interface FilterProps {
  query: ListQuery;
  changeQuery: (change: Partial<ListQuery>) => void;
}

function formatNames(chosen: number[], all: { id: number; name: string }[]): string {
  if (chosen.length === 0) return "";
  const names = all.filter(({ id }) => chosen.includes(id)).map(({ name }) => name);
  return names.length > 0 && names.length <= MAX_LISTED_NAMES ? names.join(", ") : `${chosen.length} chosen`;
}

function formatCreatedPeriod(from: string, to: string): string {
  if (from === "" && to === "") return "";
  const days = to === "" ? PERIOD_DAYS.find((days) => firstDayOfPeriod(days) === from) : undefined;
  if (days) return `last ${days} days`;
  if (from === to) return formatDay(from);
  if (to === "") return `since ${formatDay(from)}`;
  return from === "" ? `until ${formatDay(to)}` : `${formatDay(from)} to ${formatDay(to)}`;
}

/** Returns a function that formats the value of a filter. */
export function useFilterFormatter(): (name: FilterName, query: ListQuery) => string {
  const { statuses, businesses } = useTeam();
  return (name, query) => {
    if (name === "status") return formatNames(query.status, statuses);
    if (name === "business") return formatNames(query.business, businesses);
    if (name === "created") return formatCreatedPeriod(query.from, query.to);
    return name === "archived" ? "" : query[name];
  };
}

export function FilterChips({ query, changeQuery }: FilterProps): JSX.Element {
  const formatFilter = useFilterFormatter();
  const [editing, setEditing] = useState<FilterName>();
  const barRef = useRef<HTMLSpanElement>(null);
  const activeFilterNames = listActiveFilters(query);
  const startEditing = (name: FilterName) => {
    setEditing(name);
    return () => setEditing(undefined);
  };
  // A chip disappears when its editor closes with an empty filter. Its focus then moves to the filter menu.
  const shownNames = FILTER_NAMES.filter((name) => activeFilterNames.includes(name) || name === editing);
  const previousEditingRef = useRef(editing);
  useEffect(() => {
    const previousName = previousEditingRef.current;
    previousEditingRef.current = editing;
    if (
      previousName &&
      !editing &&
      !activeFilterNames.includes(previousName) &&
      document.activeElement === document.body
    ) {
      barRef.current?.closest("search")?.querySelector<HTMLElement>("[data-filter-menu]")?.focus();
    }
  }, [editing]);
  return (
    <>
      <span ref={barRef} hidden />
      {shownNames.map((name) => {
        const valueText = formatFilter(name, query);
        return (
          <span key={name} class="chip wide">
            <Popover
              popupRole="dialog"
              label={FILTER_TITLES[name]}
              trigger={(props) => (
                <button type="button" {...props}>
                  <span class="cut" title={valueText}>
                    {valueText ? `${FILTER_TITLES[name]}: ` : FILTER_TITLES[name]}
                    <bdi>{valueText}</bdi>
                  </span>
                </button>
              )}
            >
              {(close) => <FilterEditor {...{ name, query, changeQuery, close, begin: startEditing }} />}
            </Popover>
            <button
              type="button"
              aria-label={`Remove the filter ${FILTER_TITLES[name]}`}
              title={`Remove the filter ${FILTER_TITLES[name]}`}
              onClick={(event) => {
                // Removing the filter removes this button, so the focus moves to the filter menu.
                event.currentTarget.closest("search")?.querySelector<HTMLElement>("[data-filter-menu]")?.focus();
                changeQuery(removeFilter(query, name));
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

interface FilterMenuProps extends FilterProps {
  /** Number of leads that match, as text: `17 leads`. */
  countText: string;
  clear: () => void;
}

/** A menu of all filters with their values. On a phone it is a sheet with its own Clear button. */
export function FilterMenu({ query, changeQuery, countText, clear }: FilterMenuProps): JSX.Element {
  const activeCount = listActiveFilters(query).length;
  return (
    <Popover
      popupRole="dialog"
      label="Filter"
      trigger={(props) => (
        <button type="button" class="btn ghost" data-filter-menu {...props}>
          <Icon name="list-filter" />
          Filter
          {activeCount > 0 ? <span class="count slim">{activeCount}</span> : null}
        </button>
      )}
    >
      {(close) => <FilterSheet {...{ query, changeQuery, countText, clear, close }} />}
    </Popover>
  );
}

function FilterSheet({
  query,
  changeQuery,
  countText,
  clear,
  close,
}: FilterMenuProps & { close: () => void }): JSX.Element {
  const [chosen, setChosen] = useState<FilterName>();
  const [left, setLeft] = useState<FilterName>();
  const listRef = useRef<HTMLDivElement>(null);
  const formatFilter = useFilterFormatter();
  const activeFilterNames = listActiveFilters(query);
  useEffect(() => {
    if (left) listRef.current?.querySelector<HTMLElement>(`[data-filter="${left}"]`)?.focus();
  }, [left]);
  if (chosen) {
    const showAllFilters = () => {
      setLeft(chosen);
      setChosen(undefined);
    };
    return (
      <>
        <button type="button" class="item" onClick={showAllFilters}>
          <Icon name="chevron-left" />
          <span class="cut">{FILTER_TITLES[chosen]}</span>
        </button>
        <hr />
        <FilterEditor name={chosen} query={query} changeQuery={changeQuery} close={close} isFocused />
      </>
    );
  }
  return (
    <div ref={listRef}>
      {FILTER_NAMES.map((name) => (
        <button
          key={name}
          type="button"
          class="item"
          data-filter={name}
          aria-pressed={name === "archived" ? query.archived : undefined}
          onClick={() => (name === "archived" ? changeQuery({ archived: !query.archived }) : setChosen(name))}
        >
          <span>{FILTER_TITLES[name]}</span>
          <span class="end quiet cut">
            {activeFilterNames.includes(name) ? (
              name === "archived" ? (
                <Icon name="check" />
              ) : (
                <bdi>{formatFilter(name, query)}</bdi>
              )
            ) : null}
          </span>
          {name === "archived" ? null : <Icon name="chevron-right" />}
        </button>
      ))}
      <div class="row slim">
        <button type="button" class="btn ghost" disabled={activeFilterNames.length === 0} onClick={clear}>
          Clear
        </button>
        <span class="push" />
        <button type="button" class="btn primary" onClick={close}>
          Show {countText}
        </button>
      </div>
    </div>
  );
}

interface FilterEditorProps extends FilterProps {
  name: FilterName;
  close: () => void;
  /** Focuses the editor's first control, for an editor that appears in an open popover. */
  isFocused?: boolean;
  /** Called when the editor opens. It returns the function that is called when the editor closes. */
  begin?: (name: FilterName) => () => void;
}

function FilterEditor({ name, query, changeQuery, close, isFocused = false, begin }: FilterEditorProps): JSX.Element {
  const editorRef = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isFocused) editorRef.current?.querySelector<HTMLElement>("input, button")?.focus();
    return begin?.(name);
  }, []);
  return (
    <div ref={editorRef}>
      {name === "status" || name === "business" ? (
        <IdsEditor name={name} query={query} changeQuery={changeQuery} />
      ) : null}
      {name === "state" ? <StateEditor query={query} changeQuery={changeQuery} /> : null}
      {name === "source" ? <SourceEditor query={query} changeQuery={changeQuery} close={close} /> : null}
      {name === "created" ? <CreatedEditor query={query} changeQuery={changeQuery} /> : null}
      {name === "archived" ? (
        <label class="item">
          <input
            type="checkbox"
            checked={query.archived}
            onInput={({ currentTarget }) => changeQuery({ archived: currentTarget.checked })}
          />
          Archived leads
        </label>
      ) : null}
    </div>
  );
}

function IdsEditor({ name, query, changeQuery }: FilterProps & { name: "status" | "business" }): JSX.Element {
  const { statuses, businesses } = useTeam();
  const chosenIds = query[name];
  const allItems = name === "status" ? statuses : businesses;
  if (allItems.length === 0) return <p class="quiet pad">There are none yet.</p>;
  return (
    <fieldset class="options">
      <legend class="unseen">{FILTER_TITLES[name]}</legend>
      {allItems.map((one) => (
        <label key={one.id} class="item" data-color={"primaryColor" in one ? one.primaryColor : undefined}>
          <input
            type="checkbox"
            checked={chosenIds.includes(one.id)}
            onInput={({ currentTarget: { checked } }) => {
              const newIds = checked ? [...chosenIds, one.id] : chosenIds.filter((id) => id !== one.id);
              changeQuery({ [name]: newIds });
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

function StateEditor({ query, changeQuery }: FilterProps): JSX.Element {
  return (
    <fieldset>
      <legend class="unseen">State</legend>
      {(["", "Active", "Inactive"] as const).map((state) => (
        <label key={state} class="item">
          <input type="radio" name="state" checked={query.state === state} onInput={() => changeQuery({ state })} />
          {state || "Any"}
        </label>
      ))}
    </fieldset>
  );
}

function SourceEditor({ query, changeQuery, close }: FilterProps & { close: () => void }): JSX.Element {
  const [source, setSource] = useState(query.source);
  return (
    <form
      class="editor"
      onSubmit={handleSubmit(() => {
        changeQuery({ source: source.trim() });
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

function CreatedEditor({ query, changeQuery }: FilterProps): JSX.Element {
  const renderDayField = (name: "from" | "to", label: string) => (
    <Field label={label}>
      {(ids) => (
        <input
          {...ids}
          class="input"
          type="date"
          value={query[name]}
          onChange={({ currentTarget }) => changeQuery({ [name]: currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      {PERIOD_DAYS.map((days) => {
        const from = firstDayOfPeriod(days);
        const isChosen = query.from === from && query.to === "";
        return (
          <button
            key={days}
            type="button"
            class="item"
            aria-pressed={isChosen}
            onClick={() => changeQuery({ from, to: "" })}
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
        {renderDayField("from", "From")}
        {renderDayField("to", "To")}
        <small class="quiet">Days are counted in UTC.</small>
      </div>
    </>
  );
}
