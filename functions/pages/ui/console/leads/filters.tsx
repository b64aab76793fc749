// Filters of the list and the board: a chip for each active filter, which opens its editor, and a menu of all filters.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { createSubmitHandler, FormField } from "../ui/field";
import { Icon } from "../ui/icon";
import { Popover } from "../ui/menu";
import { StatusDot } from "../ui/status";
import { formatDay } from "../ui/time";
import {
  buildQueryWithoutFilter,
  FILTER_NAMES,
  type FilterName,
  getActiveFilterNames,
  getFirstDayOfPeriodUntilToday,
  type LeadListUrlQuery,
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
const CREATED_PERIOD_LENGTHS_DAYS = [7, 30, 90] as const;
/** A chip lists up to this many names. For more names the chip shows their number. */
const MAX_NAMES_IN_CHIP = 2;

interface SharedFilterProps {
  query: LeadListUrlQuery;
  updateListQuery: (change: Partial<LeadListUrlQuery>) => void;
}

function formatNamesOfChosenIds(chosen: number[], all: { id: number; name: string }[]): string {
  if (chosen.length === 0) return "";
  const chosenStatusOrBusinessNames = all.filter(({ id }) => chosen.includes(id)).map(({ name }) => name);
  return chosenStatusOrBusinessNames.length > 0 && chosenStatusOrBusinessNames.length <= MAX_NAMES_IN_CHIP
    ? chosenStatusOrBusinessNames.join(", ")
    : `${chosen.length} chosen`;
}

function formatCreatedPeriod(from: string, to: string): string {
  if (from === "" && to === "") return "";
  const matchingPeriodDays =
    to === "" ? CREATED_PERIOD_LENGTHS_DAYS.find((days) => getFirstDayOfPeriodUntilToday(days) === from) : undefined;
  if (matchingPeriodDays) return `last ${matchingPeriodDays} days`;
  if (from === to) return formatDay(from);
  if (to === "") return `since ${formatDay(from)}`;
  return from === "" ? `until ${formatDay(to)}` : `${formatDay(from)} to ${formatDay(to)}`;
}

/** Returns a formatter of filter values, with the names of the team's statuses and businesses. */
export function useFilterFormatter(): (name: FilterName, query: LeadListUrlQuery) => string {
  const { statuses, businesses } = useTeam();
  return (name, query) => {
    if (name === "status") return formatNamesOfChosenIds(query.status, statuses);
    if (name === "business") return formatNamesOfChosenIds(query.business, businesses);
    if (name === "created") return formatCreatedPeriod(query.from, query.to);
    return name === "archived" ? "" : query[name];
  };
}

export function FilterChips({ query, updateListQuery }: SharedFilterProps): JSX.Element {
  const formatFilterValue = useFilterFormatter();
  const [editedFilter, setEditedFilter] = useState<FilterName>();
  const hiddenElementInSearchBarRef = useRef<HTMLSpanElement>(null);
  const activeFilterNames = getActiveFilterNames(query);
  const startEditingFilter = (name: FilterName) => {
    setEditedFilter(name);
    return () => setEditedFilter(undefined);
  };
  // The filter that is being edited keeps its chip even while the filter is empty. When the editor closes with an empty filter,
  // the chip disappears, and the effect below moves the focus to the filter menu.
  const shownFilterNames = FILTER_NAMES.filter((name) => activeFilterNames.includes(name) || name === editedFilter);
  const previousEditedFilterNameRef = useRef(editedFilter);
  useEffect(() => {
    const previousEditedFilterName = previousEditedFilterNameRef.current;
    previousEditedFilterNameRef.current = editedFilter;
    if (
      previousEditedFilterName &&
      !editedFilter &&
      !activeFilterNames.includes(previousEditedFilterName) &&
      document.activeElement === document.body
    ) {
      hiddenElementInSearchBarRef.current?.closest("search")?.querySelector<HTMLElement>("[data-filter-menu]")?.focus();
    }
  }, [editedFilter]);
  return (
    <>
      <span ref={hiddenElementInSearchBarRef} hidden />
      {shownFilterNames.map((name) => {
        const filterValueText = formatFilterValue(name, query);
        return (
          <span key={name} class="chip wide">
            <Popover
              popupRole="dialog"
              label={FILTER_TITLES[name]}
              trigger={(props) => (
                <button type="button" {...props}>
                  <span class="cut" title={filterValueText}>
                    {filterValueText ? `${FILTER_TITLES[name]}: ` : FILTER_TITLES[name]}
                    <bdi>{filterValueText}</bdi>
                  </span>
                </button>
              )}
            >
              {(close) => (
                <FilterEditor {...{ name, query, updateListQuery, close, onEditorOpen: startEditingFilter }} />
              )}
            </Popover>
            <button
              type="button"
              aria-label={`Remove the filter ${FILTER_TITLES[name]}`}
              title={`Remove the filter ${FILTER_TITLES[name]}`}
              onClick={(event) => {
                // Removing the filter removes this button, so the focus moves to the filter menu.
                event.currentTarget.closest("search")?.querySelector<HTMLElement>("[data-filter-menu]")?.focus();
                updateListQuery(buildQueryWithoutFilter(query, name));
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

interface FilterMenuProps extends SharedFilterProps {
  /** Number of leads that match, as text: `17 leads`. */
  countText: string;
  clear: () => void;
}

/** A menu of all filters with their values. On a phone it is a sheet with its own Clear button. */
export function FilterMenu({ query, updateListQuery, countText, clear }: FilterMenuProps): JSX.Element {
  const activeFilterCount = getActiveFilterNames(query).length;
  return (
    <Popover
      popupRole="dialog"
      label="Filter"
      trigger={(props) => (
        <button type="button" class="btn ghost" data-filter-menu {...props}>
          <Icon name="list-filter" />
          Filter
          {activeFilterCount > 0 ? <span class="count slim">{activeFilterCount}</span> : null}
        </button>
      )}
    >
      {(close) => <FilterMenuContent {...{ query, updateListQuery, countText, clear, close }} />}
    </Popover>
  );
}

function FilterMenuContent({
  query,
  updateListQuery,
  countText,
  clear,
  close,
}: FilterMenuProps & { close: () => void }): JSX.Element {
  const [chosenFilter, setChosenFilter] = useState<FilterName>();
  const [leftFilter, setLeftFilter] = useState<FilterName>();
  const filterListRef = useRef<HTMLDivElement>(null);
  const formatFilterValue = useFilterFormatter();
  const activeFilterNames = getActiveFilterNames(query);
  useEffect(() => {
    if (leftFilter) filterListRef.current?.querySelector<HTMLElement>(`[data-filter="${leftFilter}"]`)?.focus();
  }, [leftFilter]);
  if (chosenFilter) {
    const returnToFilterList = () => {
      setLeftFilter(chosenFilter);
      setChosenFilter(undefined);
    };
    return (
      <>
        <button type="button" class="item" onClick={returnToFilterList}>
          <Icon name="chevron-left" />
          <span class="cut">{FILTER_TITLES[chosenFilter]}</span>
        </button>
        <hr />
        <FilterEditor name={chosenFilter} query={query} updateListQuery={updateListQuery} close={close} takesFocus />
      </>
    );
  }
  return (
    <div ref={filterListRef}>
      {FILTER_NAMES.map((name) => (
        <button
          key={name}
          type="button"
          class="item"
          data-filter={name}
          aria-pressed={name === "archived" ? query.archived : undefined}
          onClick={() => (name === "archived" ? updateListQuery({ archived: !query.archived }) : setChosenFilter(name))}
        >
          <span>{FILTER_TITLES[name]}</span>
          <span class="end quiet cut">
            {activeFilterNames.includes(name) ? (
              name === "archived" ? (
                <Icon name="check" />
              ) : (
                <bdi>{formatFilterValue(name, query)}</bdi>
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

interface FilterEditorProps extends SharedFilterProps {
  name: FilterName;
  close: () => void;
  /** Focuses the editor's first control, for an editor that appears in an open popover. */
  takesFocus?: boolean;
  /** Called when the editor opens. Returns the callback for its closing. */
  onEditorOpen?: (name: FilterName) => () => void;
}

function FilterEditor({
  name,
  query,
  updateListQuery,
  close,
  takesFocus = false,
  onEditorOpen,
}: FilterEditorProps): JSX.Element {
  const editorRef = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (takesFocus) editorRef.current?.querySelector<HTMLElement>("input, button")?.focus();
    return onEditorOpen?.(name);
  }, []);
  return (
    <div ref={editorRef}>
      {name === "status" || name === "business" ? (
        <StatusOrBusinessFilterEditor name={name} query={query} updateListQuery={updateListQuery} />
      ) : null}
      {name === "state" ? <StateFilterEditor query={query} updateListQuery={updateListQuery} /> : null}
      {name === "source" ? <SourceFilterEditor query={query} updateListQuery={updateListQuery} close={close} /> : null}
      {name === "created" ? <CreatedFilterEditor query={query} updateListQuery={updateListQuery} /> : null}
      {name === "archived" ? (
        <label class="item">
          <input
            type="checkbox"
            checked={query.archived}
            onInput={({ currentTarget }) => updateListQuery({ archived: currentTarget.checked })}
          />
          Archived leads
        </label>
      ) : null}
    </div>
  );
}

function StatusOrBusinessFilterEditor({
  name,
  query,
  updateListQuery,
}: SharedFilterProps & { name: "status" | "business" }): JSX.Element {
  const { statuses, businesses } = useTeam();
  const chosenStatusOrBusinessIds = query[name];
  const statusesOrBusinesses = name === "status" ? statuses : businesses;
  if (statusesOrBusinesses.length === 0) return <p class="quiet pad">There are none yet.</p>;
  return (
    <fieldset class="options">
      <legend class="unseen">{FILTER_TITLES[name]}</legend>
      {statusesOrBusinesses.map((one) => (
        <label key={one.id} class="item" data-color={"primaryColor" in one ? one.primaryColor : undefined}>
          <input
            type="checkbox"
            checked={chosenStatusOrBusinessIds.includes(one.id)}
            onInput={({ currentTarget: { checked } }) => {
              const newChosenStatusOrBusinessIds = checked
                ? [...chosenStatusOrBusinessIds, one.id]
                : chosenStatusOrBusinessIds.filter((id) => id !== one.id);
              updateListQuery({ [name]: newChosenStatusOrBusinessIds });
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

function StateFilterEditor({ query, updateListQuery }: SharedFilterProps): JSX.Element {
  return (
    <fieldset>
      <legend class="unseen">State</legend>
      {(["", "Active", "Inactive"] as const).map((state) => (
        <label key={state} class="item">
          <input type="radio" name="state" checked={query.state === state} onInput={() => updateListQuery({ state })} />
          {state || "Any"}
        </label>
      ))}
    </fieldset>
  );
}

function SourceFilterEditor({ query, updateListQuery, close }: SharedFilterProps & { close: () => void }): JSX.Element {
  const [typedSource, setTypedSource] = useState(query.source);
  return (
    <form
      class="editor"
      onSubmit={createSubmitHandler(() => {
        updateListQuery({ source: typedSource.trim() });
        close();
      })}
    >
      <FormField label="Source" hint="As it is written on the lead">
        {(ids) => (
          <input
            {...ids}
            class="input"
            maxLength={LIMITS.maxTextChars}
            value={typedSource}
            onInput={({ currentTarget }) => setTypedSource(currentTarget.value)}
          />
        )}
      </FormField>
      <button type="submit" class="btn">
        Apply
      </button>
    </form>
  );
}

function CreatedFilterEditor({ query, updateListQuery }: SharedFilterProps): JSX.Element {
  const renderDayField = (name: "from" | "to", label: string) => (
    <FormField label={label}>
      {(ids) => (
        <input
          {...ids}
          class="input"
          type="date"
          value={query[name]}
          onChange={({ currentTarget }) => updateListQuery({ [name]: currentTarget.value })}
        />
      )}
    </FormField>
  );
  return (
    <>
      {CREATED_PERIOD_LENGTHS_DAYS.map((days) => {
        const firstDayOfPeriod = getFirstDayOfPeriodUntilToday(days);
        const isThisPeriodChosen = query.from === firstDayOfPeriod && query.to === "";
        return (
          <button
            key={days}
            type="button"
            class="item"
            aria-pressed={isThisPeriodChosen}
            onClick={() => updateListQuery({ from: firstDayOfPeriod, to: "" })}
          >
            Last {days} days
            {isThisPeriodChosen ? (
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
