// One lead: its fields, edited where they stand, its photo, and what was said and done.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { answered, api, type Event, type Lead, ok, Refused, told } from "./api";
import { confirmed } from "./dialog";
import { useFeed } from "./feed";
import { submitting } from "./field";
import { useFocusBack } from "./focus";
import { draftOf, FIELDS, type LeadField, LeadInput, mergeOf } from "./lead-fields";
import { Loaded, type Loading, useLoading } from "./loading";
import { attempted, complain } from "./messages";
import { fullName, StatusName, Time } from "./person";
import { LeadPhoto } from "./photo";
import { go } from "./route";
import { useTeam } from "./team";
import { newsOf, Timeline } from "./timeline";

/** A lead with the version that a change of it is made to. */
interface Version {
  lead: Lead;
  etag: string;
}

/** It grows with every change of the lead; the rest of its tag is about what is shown beside it. */
const versionOf = ({ etag }: Version): number => Number(/\d+/.exec(etag)?.[0]);

async function read(id: number): Promise<Version> {
  const { data, response } = await answered(api.GET("/leads/{id}", { params: { path: { id } } }));
  return { lead: data, etag: response.headers.get("etag") ?? "" };
}

export function LeadScreen({ id }: { id: number }): JSX.Element {
  const loading = useLoading(() => read(id), [id]);
  const gone = loading.error instanceof Refused && loading.error.status === 404;
  if (gone) {
    return (
      <>
        <h1>No such lead</h1>
        <p>
          It was deleted, or never was. <a href="#/table">Go to the leads</a>
        </p>
      </>
    );
  }
  return <Loaded of={loading}>{(version) => <Shown version={version} loading={loading} />}</Loaded>;
}

function Shown({ version, loading }: { version: Version; loading: Loading<Version> }): JSX.Element {
  const { user, mayWrite } = useTeam();
  const { lead } = version;
  const latest = useRef(version);
  latest.current = version;
  // The history is read again with each change.
  const [changes, setChanges] = useState(0);
  const shown = (next: Version) => {
    // An answer may be overtaken by a later change.
    if (versionOf(next) >= versionOf(latest.current)) loading.set(next);
    setChanges((changes) => changes + 1);
  };
  const again = () => read(lead.id).then(shown, (error) => complain(told(error)));
  const [news, setNews] = useState("");
  const [deleted, setDeleted] = useState<string>();
  const heard = (events: Event[]) => {
    const here = events.filter(({ leadId }) => leadId === lead.id);
    if (here.length === 0) return;
    const end = here.find(({ type }) => type === "lead.deleted");
    if (end) {
      setDeleted(newsOf(end));
      return;
    }
    const next = here.at(-1)?.lead;
    const newer = next && next.version > versionOf(version);
    if (!newer) setChanges((changes) => changes + 1);
    // Where a photo can be seen, no event tells.
    else if (next.photo !== lead.photo) again();
    else shown({ lead: { ...lead, ...next }, etag: `"${next.version}"` });
    const others = here.filter(({ actor }) => actor.user.id !== user.id || actor.key || actor.form);
    if (others.length > 0) setNews([...new Set(others.map(newsOf))].slice(-3).join("; "));
  };
  useFeed(deleted === undefined, heard, again);
  useEffect(() => {
    document.title = `${fullName(lead)} · Leads`;
  }, [lead.firstName, lead.lastName]);
  const bulk = async (what: "archive" | "restore") => {
    const body = { ids: [lead.id] };
    const change = what === "archive" ? api.PATCH("/leads/archive", { body }) : api.PATCH("/leads/restore", { body });
    await attempted(ok(change), `${fullName(lead)} is ${what}d.`);
    await again();
  };
  const remove = async () => {
    const text = `${fullName(lead)} with comments, history and photo. This cannot be undone.`;
    if (!(await confirmed("Delete for good?", text, "Delete"))) return;
    const change = ok(api.DELETE("/leads/{id}", { params: { path: { id: lead.id } } }));
    if (await attempted(change, `${fullName(lead)} is deleted.`)) go("/table");
  };
  return (
    <>
      {deleted ? (
        <div class="failure" role="alert">
          <p>{deleted}. What is shown was read before.</p>
          <a class="button" href="#/table">
            Close the lead
          </a>
        </div>
      ) : null}
      <div class="title">
        <LeadPhoto lead={lead} changed={again} />
        <div>
          <h1>{fullName(lead)}</h1>
          <p class="quiet">
            Lead {lead.id} · created <Time at={lead.createdAt} />
            {lead.archived ? <strong> · Archived</strong> : null}
            {news ? " · " : null}
            <span role="status">{news}</span>
          </p>
        </div>
        {mayWrite && !deleted ? (
          <div class="actions">
            <button type="button" onClick={() => bulk(lead.archived ? "restore" : "archive")}>
              {lead.archived ? "Restore" : "Archive"}
            </button>
            <button type="button" class="danger" onClick={remove}>
              Delete
            </button>
          </div>
        ) : null}
      </div>
      <div class="halves">
        <section aria-label="Fields">
          <h2>Fields</h2>
          <dl class="facts">
            {FIELDS.map((field) => (
              <Fact key={field.name} field={field} version={version} shown={shown} />
            ))}
            {lead.attribution ? (
              <div>
                <dt>Attribution</dt>
                <dd>
                  {Object.entries(lead.attribution).map(([name, value]) => (
                    <span key={name} class="pair">
                      {name}: {String(value)}
                    </span>
                  ))}
                </dd>
              </div>
            ) : null}
          </dl>
        </section>
        <section aria-label="Comments and history">
          <h2>Comments and history</h2>
          <Timeline lead={lead.id} changes={changes} />
        </section>
      </div>
    </>
  );
}

interface FactProps {
  field: LeadField;
  version: Version;
  shown: (version: Version) => void;
}

interface Editing {
  value: string;
  /** The version that is edited: what stood there when it began. */
  from: Version;
  /** What somebody else has written there since. */
  theirs?: string;
  failed?: string;
  busy?: boolean;
}

function Fact({ field, version, shown }: FactProps): JSX.Element {
  const { mayWrite } = useTeam();
  const [editing, setEditing] = useState<Editing>();
  const opener = useFocusBack<HTMLButtonElement>(editing !== undefined);
  const { name, label, kind } = field;
  const of = ({ lead }: Version) => draftOf(lead)[name];

  /** The version that has the value: written, or written before by this very change whose answer was lost. */
  const written = async (value: string, from: Version): Promise<Version | { theirs: Version }> => {
    const params = { path: { id: from.lead.id }, header: { "If-Match": from.etag } };
    try {
      const { data, response } = await answered(api.PATCH("/leads/{id}", { params, body: mergeOf(name, value) }));
      return { lead: data, etag: response.headers.get("etag") ?? "" };
    } catch (error) {
      if (!(error instanceof Refused && error.status === 412)) throw error;
      const newest = await read(from.lead.id);
      if (of(newest) === value) return newest;
      // What has changed meanwhile is something else.
      if (of(newest) === of(from)) return written(value, newest);
      return { theirs: newest };
    }
  };
  const save = async ({ value, from, busy }: Editing) => {
    if (busy) return;
    // What is typed while it is on its way is edited on.
    const settle = (next: (typed: string) => Editing | undefined) =>
      setEditing((now) => now && (now.value === value ? next(value) : { value: now.value, from }));
    setEditing({ value, from, busy: true });
    try {
      const outcome = await written(value, from);
      if ("theirs" in outcome) {
        shown(outcome.theirs);
        settle((value) => ({ value, from: outcome.theirs, theirs: of(outcome.theirs) }));
      } else {
        shown(outcome);
        setEditing((now) => (now && now.value !== value ? { value: now.value, from: outcome } : undefined));
      }
    } catch (error) {
      settle((value) => ({ value, from, failed: told(error) }));
    }
  };
  if (!editing) {
    return (
      <div>
        <dt>{label}</dt>
        <dd>
          <Value field={field} lead={version.lead} text={of(version)} />
          {mayWrite ? (
            <button
              ref={opener}
              type="button"
              class="plain"
              aria-label={`Edit ${label}`}
              onClick={() => setEditing({ value: of(version), from: version })}
            >
              ✎
            </button>
          ) : null}
        </dd>
      </div>
    );
  }
  const change = (value: string) => setEditing({ ...editing, value });
  const input = <LeadInput field={field} value={editing.value} change={change} focused />;
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <form
          aria-label={label}
          onSubmit={submitting(() => save(editing))}
          onKeyDown={(event) => {
            if (event.key === "Escape" && !event.isComposing) setEditing(undefined);
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save(editing);
          }}
        >
          {editing.theirs === undefined ? null : (
            <div class="conflict" role="alert">
              <p>Somebody else has changed this meanwhile.</p>
              <p>
                Theirs: <strong>{readable(field, version.lead, editing.theirs)}</strong>
                <br />
                Yours: <strong>{readable(field, version.lead, editing.value)}</strong>
              </p>
              <button type="button" onClick={() => setEditing(undefined)}>
                Keep theirs
              </button>
              <button type="submit" class="primary">
                Write mine
              </button>
            </div>
          )}
          {/* A group of checkboxes has its name by itself. */}
          {kind === "businesses" ? (
            input
          ) : (
            <label>
              <span class="unseen">{label}</span>
              {input}
            </label>
          )}
          {editing.failed ? (
            <p class="failure" role="alert">
              {editing.failed}
            </p>
          ) : null}
          <div class="actions">
            <button type="submit" class="primary" disabled={editing.busy}>
              Save
            </button>
            <button type="button" onClick={() => setEditing(undefined)}>
              Cancel
            </button>
            {kind === "paragraph" || kind === "lines" ? <small class="quiet">Ctrl+Enter saves</small> : null}
          </div>
        </form>
      </dd>
    </div>
  );
}

function readable(field: LeadField, lead: Lead, text: string): ComponentChildren {
  return text === "" ? "empty" : <Value field={field} lead={lead} text={text} />;
}

/** A value as it is read; what looks like an address can be followed, and nothing else. */
function Value({ field, lead, text }: { field: LeadField; lead: Lead; text: string }): JSX.Element {
  const { statuses, businesses } = useTeam();
  if (text === "") return <span class="quiet">–</span>;
  switch (field.kind) {
    case "status": {
      const status = statuses.find(({ id }) => String(id) === text);
      return status ? <StatusName status={status} /> : <span>{lead.status}</span>;
    }
    case "businesses": {
      const names = text
        .split(",")
        .map((id) => [...businesses, ...lead.business].find((one) => String(one.id) === id)?.name ?? id);
      return <span>{names.join(", ")}</span>;
    }
    case "email":
      return <a href={`mailto:${encodeURIComponent(text).replace("%40", "@")}`}>{text}</a>;
    case "lines":
      return (
        <span class="lines">
          {text.split("\n").map((line) => (
            <a key={line} href={`tel:${line.replace(/[^\d+*#]/g, "")}`}>
              {line}
            </a>
          ))}
        </span>
      );
    case "paragraph":
      return <span class="paragraph">{text}</span>;
    default: {
      const address = field.column.startsWith("socialMedia.") ? webAddress(text) : undefined;
      return address ? (
        <a href={address} target="_blank" rel="noreferrer">
          {text}
        </a>
      ) : (
        <span>{text}</span>
      );
    }
  }
}

/** The address of a page, also without its scheme; nothing that a browser would run. */
function webAddress(text: string): string | undefined {
  const whole = /^https?:\/\//i.test(text)
    ? text
    : /^[\w.-]+\.[a-z]{2,}(\/|$)/i.test(text)
      ? `https://${text}`
      : undefined;
  return whole && URL.canParse(whole) ? whole : undefined;
}
