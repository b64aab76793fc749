// One lead: its fields, edited where they stand, its photo, and what was said and done.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { answered, api, type Lead, ok, Refused, told } from "./api";
import { confirmed } from "./dialog";
import { submitting } from "./field";
import { draftOf, FIELDS, type LeadField, LeadInput, mergeOf } from "./lead-fields";
import { Loaded, type Loading, useLoading } from "./loading";
import { complain, say } from "./messages";
import { fullName, StatusName, Time } from "./person";
import { LeadPhoto } from "./photo";
import { go } from "./route";
import { useTeam } from "./team";
import { Timeline } from "./timeline";

/** A lead with the version that a change of it is made to. */
interface Version {
  lead: Lead;
  etag: string;
}

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
  const { mayWrite } = useTeam();
  const { lead } = version;
  // The history is read again with each change.
  const [changes, setChanges] = useState(0);
  const shown = (next: Version) => {
    loading.set(next);
    setChanges(changes + 1);
  };
  const again = () => read(lead.id).then(shown, (error) => complain(told(error)));
  useEffect(() => {
    document.title = `${fullName(lead)} · Leads`;
  }, [lead.firstName, lead.lastName]);
  const bulk = async (what: "archive" | "restore") => {
    try {
      const body = { ids: [lead.id] };
      await ok(what === "archive" ? api.PATCH("/leads/archive", { body }) : api.PATCH("/leads/restore", { body }));
      say(`${fullName(lead)} is ${what === "archive" ? "archived" : "restored"}.`);
      await again();
    } catch (error) {
      complain(told(error));
    }
  };
  const remove = async () => {
    const text = `${fullName(lead)} with comments, history and photo. This cannot be undone.`;
    if (!(await confirmed("Delete for good?", text, "Delete"))) return;
    try {
      await ok(api.DELETE("/leads/{id}", { params: { path: { id: lead.id } } }));
      say(`${fullName(lead)} is deleted.`);
      go("/table");
    } catch (error) {
      complain(told(error));
    }
  };
  return (
    <div class="lead">
      <div class="title">
        <LeadPhoto lead={lead} changed={again} />
        <div>
          <h1>{fullName(lead)}</h1>
          <p class="quiet">
            Lead {lead.id} · created <Time at={lead.createdAt} />
            {lead.archived ? <strong> · Archived</strong> : null}
          </p>
        </div>
        {mayWrite ? (
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
    </div>
  );
}

interface FactProps {
  field: LeadField;
  version: Version;
  shown: (version: Version) => void;
}

interface Editing {
  value: string;
  /** What stood there when editing began. */
  base: string;
  /** What somebody else has written there since. */
  theirs?: string;
  failed?: string;
  busy?: boolean;
}

function Fact({ field, version, shown }: FactProps): JSX.Element {
  const { mayWrite } = useTeam();
  const [editing, setEditing] = useState<Editing>();
  const { name, label, kind } = field;
  const current = draftOf(version.lead)[name];

  /** Tries to write, and again where what changed meanwhile is something else. */
  const write = async (value: string, base: string, from: Version): Promise<void> => {
    const params = { path: { id: from.lead.id }, header: { "If-Match": from.etag } };
    try {
      const patched = api.PATCH("/leads/{id}", { params, body: mergeOf(name, value) });
      const { data, response } = await answered(patched);
      setEditing(undefined);
      shown({ lead: data, etag: response.headers.get("etag") ?? "" });
    } catch (error) {
      if (!(error instanceof Refused && error.status === 412)) throw error;
      const newest = await read(from.lead.id);
      const theirs = draftOf(newest.lead)[name];
      if (theirs === base) return write(value, base, newest);
      shown(newest);
      setEditing({ value, base: theirs, theirs });
    }
  };
  const save = async ({ value, base }: Editing) => {
    setEditing({ value, base, busy: true });
    try {
      await write(value, base, version);
    } catch (error) {
      setEditing({ value, base, failed: told(error) });
    }
  };
  if (!editing) {
    return (
      <div>
        <dt>{label}</dt>
        <dd>
          <Value field={field} lead={version.lead} text={current} />
          {mayWrite ? (
            <button
              type="button"
              class="plain edit"
              aria-label={`Edit ${label}`}
              onClick={() => setEditing({ value: current, base: current })}
            >
              ✎
            </button>
          ) : null}
        </dd>
      </div>
    );
  }
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <form
          aria-label={label}
          onSubmit={submitting(() => save(editing))}
          onKeyDown={(event) => {
            if (event.key === "Escape") setEditing(undefined);
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
          <label>
            <span class="unseen">{label}</span>
            <LeadInput
              field={field}
              value={editing.value}
              change={(value) => setEditing({ ...editing, value })}
              focused
            />
          </label>
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
export function webAddress(text: string): string | undefined {
  const whole = /^https?:\/\//i.test(text)
    ? text
    : /^[\w.-]+\.[a-z]{2,}(\/|$)/i.test(text)
      ? `https://${text}`
      : undefined;
  return whole && URL.canParse(whole) ? whole : undefined;
}
