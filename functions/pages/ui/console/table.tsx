// Leads as a table: filtered and counted, or searched as one types, and many of them changed at once.

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { answered, api, type LeadFilter, type LeadSummary, leadPage, ok, Refused, told } from "./api";
import { Checks, Options } from "./choices";
import { confirmed, Dialog } from "./dialog";
import { Export } from "./export";
import { Field, submitting } from "./field";
import { useFocusBack } from "./focus";
import { Failure, More, useLoading, usePages, Waiting } from "./loading";
import { Menu } from "./menu";
import { complain, say } from "./messages";
import { fullName, number, Photo, StatusName, Time } from "./person";
import { keep } from "./route";
import { useTeam } from "./team";

const PAGE = 50;
/** How many ids a request takes. */
const CHUNK = 100;
/** Waits for the end of a word, in milliseconds. */
const PAUSE = 200;

/** What is shown, as the address has it. */
export interface Shown {
  search: string;
  status: number[];
  business: number[];
  archived: boolean;
  state: string;
  source: string;
  from: string;
  to: string;
  sort: string;
}

function shownBy(query: URLSearchParams): Shown {
  const ids = (name: string) => query.getAll(name).map(Number).filter(Boolean);
  const text = (name: string) => query.get(name) ?? "";
  return {
    search: text("search"),
    status: ids("status"),
    business: ids("business"),
    archived: query.get("archived") === "true",
    state: text("state"),
    source: text("source"),
    from: text("from"),
    to: text("to"),
    sort: text("sort"),
  };
}

function queryOf(shown: Shown): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(shown)) {
    if (Array.isArray(value)) for (const id of value) query.append(name, String(id));
    else if (value) query.set(name, String(value));
  }
  return query;
}

function filterOf({ search: _, state, sort, archived, ...shown }: Shown): LeadFilter {
  const given = Object.entries(shown).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value !== ""));
  return {
    ...Object.fromEntries(given),
    ...(archived ? { archived } : {}),
    ...(state === "Active" || state === "Inactive" ? { state } : {}),
    ...(sort === "createdAt" ? { sort } : {}),
  };
}

export function Table({ query }: { query: URLSearchParams }): JSX.Element {
  const [shown, setShown] = useState(() => shownBy(query));
  useEffect(() => setShown(shownBy(query)), [query]);
  const change = (by: Partial<Shown>) => {
    const next = { ...shown, ...by };
    setShown(next);
    keep("table", queryOf(next));
  };
  const searching = useSettled(shown.search.trim());
  const filter = useMemo(() => filterOf(shown), [shown]);
  const [exporting, setExporting] = useState(false);
  return (
    <>
      <div class="title">
        <h1>Leads</h1>
        <button type="button" onClick={() => setExporting(true)} disabled={searching !== ""}>
          Export
        </button>
      </div>
      <Filters shown={shown} change={change} />
      {searching ? <Found search={searching} /> : <Filtered key={JSON.stringify(filter)} filter={filter} />}
      {exporting ? <Export filter={filter} onClose={() => setExporting(false)} /> : null}
    </>
  );
}

/** A text as it is when nobody has typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function Filters({ shown, change }: { shown: Shown; change: (by: Partial<Shown>) => void }): JSX.Element {
  const { statuses, businesses } = useTeam();
  const searched = shown.search.trim() !== "";
  const chosen =
    [shown.state, shown.source, shown.from, shown.to, shown.sort].filter(Boolean).length + Number(shown.archived);
  const text = (name: "source" | "from" | "to") => ({
    value: shown[name],
    // While a source is being typed, each letter would be a request.
    onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) => change({ [name]: currentTarget.value }),
  });
  return (
    <search class="filters">
      <label class="field wide">
        <span>Search</span>
        <input
          type="search"
          placeholder="Name, company, e-mail, phone"
          value={shown.search}
          onInput={({ currentTarget }) => change({ search: currentTarget.value })}
        />
      </label>
      <fieldset disabled={searched}>
        <legend class="unseen">Filters</legend>
        <Choice label="Status" of={statuses} chosen={shown.status} choose={(status) => change({ status })} />
        <Choice label="Business" of={businesses} chosen={shown.business} choose={(business) => change({ business })} />
        <Menu style="choice" name={`More filters${chosen > 0 ? ` (${chosen})` : ""}`}>
          <Field label="State">
            <select value={shown.state} onInput={({ currentTarget }) => change({ state: currentTarget.value })}>
              <option value="">Any</option>
              <option>Active</option>
              <option>Inactive</option>
            </select>
          </Field>
          <Field label="Source">
            <input {...text("source")} />
          </Field>
          <Field label="Created from (UTC)">
            <input type="date" {...text("from")} />
          </Field>
          <Field label="to">
            <input type="date" {...text("to")} />
          </Field>
          <Field label="Order">
            <select value={shown.sort} onInput={({ currentTarget }) => change({ sort: currentTarget.value })}>
              <option value="">Newest first</option>
              <option value="createdAt">Oldest first</option>
            </select>
          </Field>
          <label class="check">
            <input
              type="checkbox"
              checked={shown.archived}
              onInput={({ currentTarget }) => change({ archived: currentTarget.checked })}
            />
            Archived
          </label>
        </Menu>
      </fieldset>
    </search>
  );
}

interface ChoiceProps {
  label: string;
  of: { id: number; name: string }[];
  chosen: number[];
  choose: (ids: number[]) => void;
}

function Choice({ label, of, chosen, choose }: ChoiceProps): JSX.Element {
  const names = of.filter(({ id }) => chosen.includes(id)).map(({ name }) => name);
  return (
    <Menu style="choice" name={names.length > 0 ? `${label}: ${names.join(", ")}` : label}>
      {of.length === 0 ? <p class="quiet">None yet.</p> : null}
      <Checks of={of} chosen={chosen} choose={choose} />
    </Menu>
  );
}

function Found({ search }: { search: string }): JSX.Element {
  const found = useLoading(async () => {
    const { data, response } = await answered(api.GET("/leads/search", { params: { query: { search, limit: 100 } } }));
    return { leads: data, complete: response.headers.get("search-complete") !== "false" };
  }, [search]);
  // What was found of another word is no answer to this one.
  if (found.error) {
    const short = found.error instanceof Refused && found.error.status === 400;
    return short ? <p class="quiet">{told(found.error)}</p> : <Failure error={found.error} retry={found.reload} />;
  }
  if (!found.value) return <Waiting lines={5} />;
  const { leads, complete } = found.value;
  return (
    <>
      <p class="counted" role="status">
        {leads.length === 0
          ? "Nothing begins like that."
          : `${number.format(leads.length)}${leads.length === 100 ? " or more" : ""} found`}
        {complete ? "" : " · Not everything was read: another word would narrow it."}
      </p>
      <Rows key={search} leads={leads} changed={found.reload} all={undefined} count={leads.length} archived={false} />
    </>
  );
}

function Filtered({ filter }: { filter: LeadFilter }): JSX.Element {
  const { mayWrite } = useTeam();
  const leads = usePages<LeadSummary>((cursor) => leadPage({ ...filter, limit: PAGE }, cursor), []);
  const all = async () => {
    const ids: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await leadPage({ ...filter, limit: CHUNK }, cursor);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    return ids;
  };
  return (
    <>
      <p class="counted" role="status">
        {leads.count === undefined ? "" : leads.count === 1 ? "1 lead" : `${number.format(leads.count)} leads`}
      </p>
      {leads.count === 0 && !leads.busy ? (
        <p class="empty">
          {Object.keys(filter).length > 0 ? (
            "No lead is like that."
          ) : mayWrite ? (
            <>
              There are no leads yet. <a href="#/new">Make the first</a> or <a href="#/import">import some</a>.
            </>
          ) : (
            "There are no leads yet."
          )}
        </p>
      ) : (
        <Rows
          leads={leads.items}
          changed={leads.reload}
          all={all}
          count={leads.count ?? 0}
          archived={filter.archived ?? false}
        />
      )}
      <More of={leads} />
    </>
  );
}

interface RowsProps {
  leads: LeadSummary[];
  changed: () => void;
  /** The ids of all that match, read or not. */
  all: (() => Promise<number[]>) | undefined;
  count: number;
  archived: boolean;
}

function Rows({ leads, changed, all, count, archived }: RowsProps): JSX.Element {
  const { statuses, mayWrite } = useTeam();
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const select = (ids: Iterable<number>) => setSelected(new Set(ids));
  const toggle = (id: number) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    select(next);
  };
  const first = useFocusBack<HTMLInputElement>(selected.size > 0);
  const every = leads.length > 0 && leads.every(({ id }) => selected.has(id));
  const some = leads.some(({ id }) => selected.has(id));
  return (
    <>
      {selected.size > 0 ? (
        <Bulk
          ids={[...selected]}
          archived={archived}
          rest={all && selected.size < count ? count : 0}
          selectAll={() => all?.().then(select, (error) => complain(told(error)))}
          select={select}
          changed={changed}
        />
      ) : null}
      <table class="leads">
        <thead>
          <tr>
            {mayWrite ? (
              <th>
                <input
                  ref={first}
                  type="checkbox"
                  aria-label="Select all that are shown"
                  checked={every}
                  indeterminate={some && !every}
                  onInput={() => select(every ? [] : [...selected, ...leads.map(({ id }) => id)])}
                />
              </th>
            ) : null}
            <th>Name</th>
            <th>E-mail</th>
            <th>Phone</th>
            <th>Status</th>
            <th>Business</th>
            <th>Created</th>
          </tr>
        </thead>
        <tbody>
          {leads.map((lead) => (
            <tr key={lead.id} class={selected.has(lead.id) ? "selected" : ""}>
              {mayWrite ? (
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Select ${fullName(lead)}`}
                    checked={selected.has(lead.id)}
                    onInput={() => toggle(lead.id)}
                  />
                </td>
              ) : null}
              <td>
                <div class="who">
                  <Photo of={lead} />
                  <div>
                    <a href={`#/leads/${lead.id}`}>{fullName(lead)}</a>
                    {lead.company ? <span class="quiet">{lead.company}</span> : null}
                  </div>
                </div>
              </td>
              <td>{lead.email}</td>
              <td class="whole">{lead.phoneNumber[0] ?? ""}</td>
              <td class="whole">
                <StatusName
                  status={
                    statuses.find(({ id }) => id === lead.statusId) ?? { name: lead.status, primaryColor: "gray" }
                  }
                />
              </td>
              <td>{lead.business.map(({ name }) => name).join(", ")}</td>
              <td class="whole">
                <Time at={lead.createdAt} day />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

interface BulkProps {
  ids: number[];
  archived: boolean;
  /** How many there are in all, if not all are selected. */
  rest: number;
  selectAll: () => void;
  select: (ids: number[]) => void;
  changed: () => void;
}

/** The ids that a refusal says there are none of. */
function unknownIds(error: unknown): number[] {
  const faults = error instanceof Refused ? error.errors.filter(({ field }) => field === "ids") : [];
  return faults.flatMap(({ message }) => (message.match(/\d+/g) ?? []).map(Number));
}

function Bulk({ ids, archived, rest, selectAll, select, changed }: BulkProps): JSX.Element {
  const { statuses } = useTeam();
  const [done, setDone] = useState<number>();
  const leads = ids.length === 1 ? "1 lead" : `${number.format(ids.length)} leads`;
  const apply = async (what: string, change: (ids: number[]) => Promise<unknown>) => {
    setDone(0);
    let left = ids;
    try {
      while (left.length > 0) {
        await change(left.slice(0, CHUNK));
        left = left.slice(CHUNK);
        setDone(ids.length - left.length);
      }
      say(`${leads} ${what}.`);
    } catch (error) {
      // Those that somebody else has deleted are in nobody's way when it is tried again.
      const unknown = new Set(unknownIds(error));
      left = left.filter((id) => !unknown.has(id));
      complain(`${number.format(ids.length - left.length - unknown.size)} of ${leads} ${what}. ${told(error)}`);
    }
    select(left);
    setDone(undefined);
    changed();
  };
  const [status, setStatus] = useState(statuses[0]?.id ?? 0);
  const changeStatus = () => {
    const name = statuses.find(({ id }) => id === status)?.name;
    return apply(`made ${name}`, (ids) => ok(api.PUT("/leads/change-status", { body: { ids, statusId: status } })));
  };
  const archive = () => apply("archived", (ids) => ok(api.PATCH("/leads/archive", { body: { ids } })));
  const restore = () => apply("restored", (ids) => ok(api.PATCH("/leads/restore", { body: { ids } })));
  const remove = async () => {
    const text = `${leads} with comments, history and photo. This cannot be undone.`;
    if (await confirmed("Delete for good?", text, `Delete ${leads}`)) {
      await apply("deleted", (ids) => ok(api.DELETE("/leads", { body: { ids } })));
    }
  };
  return (
    <div class="bulk" role="region" aria-label="Selected leads">
      <strong>{leads} selected</strong>
      {rest > 0 ? (
        <button type="button" class="plain" onClick={selectAll}>
          Select all {number.format(rest)}
        </button>
      ) : null}
      <form onSubmit={submitting(changeStatus)}>
        <select
          aria-label="New status"
          value={status}
          onInput={({ currentTarget }) => setStatus(Number(currentTarget.value))}
        >
          <Options of={statuses} />
        </select>
        <button type="submit">Change status</button>
      </form>
      {archived ? (
        <button type="button" onClick={restore}>
          Restore
        </button>
      ) : (
        <button type="button" onClick={archive}>
          Archive
        </button>
      )}
      <button type="button" class="danger" onClick={remove}>
        Delete
      </button>
      <button type="button" class="plain" onClick={() => select([])}>
        Clear
      </button>
      {done === undefined ? null : (
        <Dialog title="One moment">
          <progress max={ids.length} value={done} aria-label="Changed" />
          <p>
            {number.format(done)} of {leads}
          </p>
        </Dialog>
      )}
    </div>
  );
}
