// The content of a lead, on its page and in the panel: head, details, and activity. `useOpenLead` reads the lead and applies
// events from the feed.

import type { JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { api, describeError, type Event, hasStatus, unwrap } from "../app/api";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { readDraft } from "../ui/draft";
import { fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import { type Loadable, Skeleton, useLoading } from "../ui/loading";
import { ErrorPlaceholder } from "../ui/states";
import { RelativeTime } from "../ui/time";
import { notify, reportFailure, reportOutcome } from "../ui/toast";
import { useLeadChanges } from "./lead-changes";
import { draftKey } from "./lead-edit";
import { FIELDS, textOf } from "./lead-fields";
import { LeadHead } from "./lead-head";
import { type LeadVersion, readLead, versionNumber } from "./lead-save";
import { LeadValue } from "./lead-value";
import { closeLead, lastList } from "./open-lead";
import { commentDraftKey, Timeline } from "./timeline";
import { authorOf, newsOf } from "./timeline-groups";

export interface OpenLead {
  id: number;
  loading: Loadable<LeadVersion>;
  /** The lead with its ETag. `undefined` until the lead is read. */
  version: LeadVersion | undefined;
  /** Shows a version of the lead that was saved or read, unless a newer one is shown. */
  adopt: (version: LeadVersion) => void;
  refresh: () => Promise<void>;
  /** Number of known changes of the lead. The activity is read again when it grows. */
  changes: number;
  /** The latest changes by other users, as text for screen readers. */
  news: string;
  /** The event of the lead's deletion, if the lead was deleted while it was shown. */
  deletion: Event | undefined;
  archive: () => Promise<void>;
  restore: () => Promise<void>;
  remove: () => Promise<void>;
}

/** Reads a lead, and applies the changes that other users make to it. */
export function useOpenLead(id: number): OpenLead {
  const { user } = useTeam();
  const [changes, setChanges] = useState(0);
  const [news, setNews] = useState({ id, text: "" });
  const [deletion, setDeletion] = useState<Event>();
  const latest = useRef<LeadVersion | undefined>(undefined);

  const adopt = (next: LeadVersion) => {
    setChanges((count) => count + 1);
    const shown = latest.current;
    if (next.lead.id !== shown?.lead.id) return;
    // Responses may arrive out of order, so an older version is ignored.
    if (versionNumber(next.etag) >= versionNumber(shown.etag)) loading.setValue(next);
  };
  const refresh = () =>
    readLead(id).then(adopt, (error) => {
      if (!hasStatus(error, 404)) reportFailure(describeError(error));
      else loading.reload();
    });
  const heard = (events: Event[]) => {
    const here = events.filter(({ leadId }) => leadId === id);
    const shown = latest.current;
    if (here.length === 0 || !shown) return;
    const end = here.find(({ type }) => type === "lead.deleted");
    if (end) {
      setDeletion(end);
      return;
    }
    const next = here.at(-1)?.lead;
    if (!next || next.version <= versionNumber(shown.etag)) setChanges((count) => count + 1);
    // Events carry no photo URL, so a changed photo is read with its lead.
    else if (next.photo !== shown.lead.photo) refresh();
    else adopt({ lead: { ...shown.lead, ...next }, etag: `"${next.version}"` });
    const others = here.filter(({ actor }) => actor.user.id !== user.id || actor.key || actor.form);
    if (others.length > 0) setNews({ id, text: [...new Set(others.map(newsOf))].slice(-3).join("; ") });
  };
  useLeadChanges(heard, () => void (latest.current && refresh()), { readsLater: true });
  const loading = useLoading(() => readLead(id), [id]);
  const version = loading.value?.lead.id === id ? loading.value : undefined;
  latest.current = version;

  const body = { ids: [id] };
  const name = version ? fullName(version.lead) : "";
  const restore = async () => {
    if (
      await reportOutcome(unwrap(api.PATCH("/leads/restore", { body })), `${name} restored`, "Nothing was restored.")
    ) {
      await refresh();
    }
  };
  const archive = async () => {
    try {
      await unwrap(api.PATCH("/leads/archive", { body }));
      notify(`${name} archived`, { undo: () => unwrap(api.PATCH("/leads/restore", { body })).then(refresh) });
      await refresh();
    } catch (error) {
      reportFailure(`${name} was not archived. ${describeError(error)}`);
    }
  };
  const remove = async () => {
    const text = "Comments, history and photo go with the lead. This cannot be undone.";
    if (!(await confirmAction(`Delete ${name}?`, text, "Delete lead"))) return;
    const change = unwrap(api.DELETE("/leads/{id}", { params: { path: { id } } }));
    if (await reportOutcome(change, `${name} deleted`, `${name} was not deleted.`)) closeLead();
  };
  return {
    id,
    loading,
    version,
    adopt,
    refresh,
    changes,
    news: news.id === id ? news.text : "",
    deletion: deletion?.leadId === id ? deletion : undefined,
    archive,
    restore,
    remove,
  };
}

/** Fields that the panel shows before the user unfolds the others. */
const FIRST_FIELDS = ["email", "phoneNumber", "company", "position", "location", "business"];
/** Fields that the head shows, so that the details omit them. */
const HEAD_FIELDS = ["firstName", "lastName", "statusId"];
const DETAILS = [
  ...FIRST_FIELDS.flatMap((name) => FIELDS.filter((field) => field.name === name)),
  ...FIELDS.filter(({ name }) => !FIRST_FIELDS.includes(name) && !HEAD_FIELDS.includes(name)),
];

interface BodyProps {
  open: OpenLead;
  /** Level of the name's heading: 1 on the lead's own page, 2 in the panel. */
  level: 1 | 2;
}

export function LeadBody({ open, level }: BodyProps): JSX.Element {
  const { loading, version, deletion } = open;
  if (deletion || hasStatus(loading.error, 404)) return <LeadGone open={open} level={level} />;
  if (!version) {
    return loading.error ? (
      <ErrorPlaceholder title="The lead could not be read" error={loading.error} retry={loading.reload} />
    ) : (
      <div class="lead">
        <Skeleton lines={6} />
      </div>
    );
  }
  return <LeadShown key={open.id} open={open} version={version} level={level} />;
}

function LeadShown({ open, version, level }: BodyProps & { version: LeadVersion }): JSX.Element {
  const { mayWrite } = useTeam();
  const tabs = useId();
  const { lead } = version;
  return (
    <div class="lead">
      <p class="unseen" role="status">
        {open.news}
      </p>
      {lead.archived ? (
        <div class="note archived">
          <Icon name="archive" />
          <p>This lead is archived: lists and searches leave it out.</p>
          {mayWrite ? (
            <button type="button" class="btn little push" onClick={open.restore}>
              Restore
            </button>
          ) : null}
        </div>
      ) : null}
      <LeadHead version={version} onSaved={open.adopt} refresh={open.refresh} level={level} />
      <div class="tabs seg" role="group" aria-label="Show">
        <label>
          <input class="unseen" type="radio" name={tabs} defaultChecked />
          Activity
        </label>
        <label>
          <input class="unseen" type="radio" name={tabs} />
          Details
        </label>
      </div>
      <div class="parts">
        <section class="details" aria-label="Details">
          <Details open={open} version={version} level={level} />
        </section>
        <section class="activity" aria-label="Activity">
          <Timeline lead={lead.id} changes={open.changes} level={level === 1 ? 2 : 3} />
        </section>
      </div>
    </div>
  );
}

function Details({ open, version, level }: BodyProps & { version: LeadVersion }): JSX.Element {
  const { mayWrite } = useTeam();
  const { lead } = version;
  const isPage = level === 1;
  const shown = DETAILS.filter(({ name }) => mayWrite || textOf(lead, name) !== "");
  const first = shown.filter(({ name }) => FIRST_FIELDS.includes(name));
  const others = shown.filter(({ name }) => !FIRST_FIELDS.includes(name));
  // Starts unfolded if a folded field has a draft, which would be hidden otherwise.
  const [isOpen, setOpen] = useState(() => others.some(({ name }) => readDraft(draftKey(lead.id, name)) !== undefined));
  const list = useRef<HTMLDListElement>(null);
  const attribution = Object.entries(lead.attribution ?? {});
  const unfold = () => {
    setOpen(true);
    requestAnimationFrame(() => {
      list.current?.querySelector<HTMLElement>(`div:nth-child(${first.length + 1}) .value`)?.focus();
    });
  };
  const Heading = isPage ? "h2" : "h3";
  return (
    <>
      <div class="sec">
        <Heading>Details</Heading>
      </div>
      <dl class="fields" ref={list}>
        {[...first, ...(isPage || isOpen ? others : [])].map((field) => (
          <LeadValue key={field.name} field={field} version={version} onSaved={open.adopt} />
        ))}
        {isPage || isOpen ? (
          <>
            <div>
              <dt>Created</dt>
              <dd>
                <span class="value fixed">
                  <RelativeTime at={lead.createdAt} />
                </span>
              </dd>
            </div>
            {attribution.map(([name, value]) => (
              <div key={name}>
                <dt class="cut" title={name}>
                  {name}
                </dt>
                <dd>
                  <span class="value fixed">
                    <bdi>{value}</bdi>
                  </span>
                </dd>
              </div>
            ))}
          </>
        ) : null}
      </dl>
      {isPage || isOpen ? null : (
        <button type="button" class="btn ghost hang" onClick={unfold}>
          <Icon name="chevron-down" />
          {others.length + 1 + attribution.length} more fields
        </button>
      )}
    </>
  );
}

/** Message for a lead that was deleted or never existed. An unsent comment can still be copied. */
function LeadGone({ open, level }: BodyProps): JSX.Element {
  const { deletion, id } = open;
  const comment = readDraft<string>(commentDraftKey(id));
  const Heading = level === 1 ? "h1" : "h2";
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(comment ?? "");
      notify("Comment copied");
    } catch {
      // Over plain HTTP, except on localhost, browsers provide no clipboard.
      reportFailure("The browser does not let this page copy. Select the text instead.");
    }
  };
  return (
    <div class="empty gone" role="alert">
      <Icon name="trash-2" />
      <Heading class="title">This lead is gone</Heading>
      <p class="quiet">
        {deletion ? (
          <>
            <bdi>{authorOf(deletion.actor)}</bdi> deleted it.
          </>
        ) : (
          `Somebody deleted it, or there never was a lead ${id}.`
        )}
        {comment ? " Your unsent comment is kept." : null}
      </p>
      {comment ? (
        <blockquote class="paragraph">
          <bdi>{comment}</bdi>
        </blockquote>
      ) : null}
      <div class="row wrap">
        {comment ? (
          <button type="button" class="btn" onClick={copy}>
            Copy the comment
          </button>
        ) : null}
        <button type="button" class="btn ghost" onClick={closeLead}>
          {lastList.value.title === "Board" ? "Back to the board" : "Back to the list"}
        </button>
      </div>
    </div>
  );
}
