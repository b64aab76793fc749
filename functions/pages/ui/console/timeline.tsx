// What was said and done about a lead, newest first.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Author, api, type Event, ok, type TimelineEntry, told } from "./api";
import { useDecision } from "./decision";
import { confirmed } from "./dialog";
import { submitting } from "./field";
import { focused, useFocusBack } from "./focus";
import { labelOf } from "./lead-fields";
import { More, usePages } from "./loading";
import { attempted, complain } from "./messages";
import { Time } from "./person";
import { useTeam } from "./team";

const PAGE = 20;

const DONE: Record<string, string> = {
  CreateLead: "created the lead",
  UpdateLead: "changed the lead",
  ArchiveLead: "archived the lead",
  RestoreLead: "restored the lead",
  ChangeLeadStatus: "changed the status",
  UploadPhoto: "gave it a photo",
  DeletePhoto: "deleted the photo",
  CreateComment: "commented",
  UpdateComment: "edited a comment",
  DeleteComment: "deleted a comment",
};

/** What was written then is what is shown beside it. */
const TELLS_NOTHING_MORE = ["CreateLead", "CreateComment"];

interface Entry {
  id: string;
  of: TimelineEntry;
}

interface Props {
  lead: number;
  /** How often the lead has changed here; it is read again with each. */
  changes: number;
}

export function Timeline({ lead, changes }: Props): JSX.Element {
  const { mayWrite } = useTeam();
  const [totals, setTotals] = useState<{ logs: number; comments: number }>();
  const entries = usePages<Entry>(
    async (cursor) => {
      const query = { limit: PAGE, ...(cursor ? { cursor } : {}) };
      const page = await ok(api.GET("/leads/logs-and-comments/{id}", { params: { path: { id: lead }, query } }));
      setTotals({ logs: page.logsCount, comments: page.commentsCount });
      // Comments and log entries are numbered each by themselves.
      const items = page.logsAndComments.map((of) => ({ id: `${"content" in of ? "comment" : "log"} ${of.id}`, of }));
      return { items, count: page.logsCount + page.commentsCount, nextCursor: page.nextCursor };
    },
    [lead, changes],
  );
  return (
    <>
      {mayWrite ? <NewComment lead={lead} added={entries.reload} /> : null}
      {totals ? (
        <p class="quiet">
          {totals.comments === 1 ? "1 comment" : `${totals.comments} comments`},{" "}
          {totals.logs === 1 ? "1 change" : `${totals.logs} changes`}
        </p>
      ) : null}
      <ol class="timeline">
        {entries.items.map(({ id, of }) => (
          <li key={id} class={"content" in of ? "said" : "done"}>
            {"content" in of ? <Comment comment={of} changed={entries.reload} /> : <Done entry={of} />}
          </li>
        ))}
      </ol>
      <More of={entries} />
    </>
  );
}

function NewComment({ lead, added }: { lead: number; added: () => void }): JSX.Element {
  const [content, setContent] = useState("");
  const { busy, send } = useDecision();
  const add = async () => {
    if (content.trim() === "") return;
    try {
      const comment = await send(content, (key) => {
        const params = { path: { id: lead }, header: { "Idempotency-Key": key } };
        return ok(api.POST("/leads/comments/{id}", { params, body: { content } }));
      });
      if (!comment) return;
      // What was typed meanwhile stays.
      setContent((now) => (now === content ? "" : now));
      added();
    } catch (error) {
      complain(`The comment was not added. ${told(error)}`);
    }
  };
  return (
    <form class="comment" onSubmit={submitting(add)}>
      <textarea
        aria-label="Comment"
        placeholder="Add a comment"
        rows={2}
        maxLength={10_000}
        value={content}
        onInput={({ currentTarget }) => setContent(currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && add()}
      />
      <button type="submit" class="primary" disabled={busy || content.trim() === ""}>
        Comment
      </button>
    </form>
  );
}

type CommentEntry = Extract<TimelineEntry, { content: string }>;
type LogEntry = Exclude<TimelineEntry, { content: string }>;

const nameOf = ({ firstName, lastName, email }: Author["user"]): string =>
  [firstName, lastName].filter(Boolean).join(" ") || email;

/** Who did it. What came through a form is nobody's of the team: the form stands for the visitor. */
const authorOf = ({ user, form }: Author): string => (form ? `Form “${form.name}”` : nameOf(user));

/** What acted in somebody's name. */
const agentOf = ({ key }: Author): string => (key ? ` by key “${key.name}”` : "");

function doing({ type, changes = {} }: Event): string {
  switch (type) {
    case "lead.updated":
    case "lead.status_changed":
      return `changed ${[...new Set(Object.keys(changes).map(labelOf))].join(", ")}`;
    case "lead.photo_changed":
      return "changed the photo";
    default: {
      const [what, done] = type.split(".");
      return `${done} ${what === "comment" ? "a comment" : "the lead"}`;
    }
  }
}

/** Who has done what, in a few words. */
export const newsOf = (event: Event): string => `${authorOf(event.actor)} ${doing(event)}${agentOf(event.actor)}`;

function Comment({ comment, changed }: { comment: CommentEntry; changed: () => void }): JSX.Element {
  const { user, mayWrite, owns } = useTeam();
  const [draft, setDraft] = useState<string>();
  const mine = mayWrite && (owns || (comment.user.id === user.id && !comment.key && !comment.form));
  const params = { path: { id: comment.id } };
  const opener = useFocusBack<HTMLButtonElement>(draft !== undefined);
  const save = async (content: string) => {
    if (
      await attempted(ok(api.PUT("/leads/comments/{id}", { params, body: { content } })), "The comment is changed.")
    ) {
      setDraft(undefined);
      changed();
    }
  };
  const remove = async () => {
    if (await confirmed("Delete the comment?", comment.content.slice(0, 200), "Delete")) {
      if (await attempted(ok(api.DELETE("/leads/comments/{id}", { params })), "The comment is deleted.")) changed();
    }
  };
  return (
    <>
      <p class="by">
        <strong>{authorOf(comment)}</strong>
        {agentOf(comment)} <Time at={comment.createdAt} />
        {comment.updatedAt === comment.createdAt ? null : <span class="quiet"> · edited</span>}
      </p>
      {draft === undefined ? (
        <p class="paragraph">{comment.content}</p>
      ) : (
        <form onSubmit={submitting(() => save(draft))}>
          <textarea
            ref={focused}
            aria-label="Edit the comment"
            rows={3}
            maxLength={10_000}
            value={draft}
            onInput={({ currentTarget }) => setDraft(currentTarget.value)}
          />
          <div class="actions">
            <button type="submit" class="primary" disabled={draft.trim() === ""}>
              Save
            </button>
            <button type="button" onClick={() => setDraft(undefined)}>
              Cancel
            </button>
          </div>
        </form>
      )}
      {mine && draft === undefined ? (
        <p class="by">
          <button ref={opener} type="button" class="plain" onClick={() => setDraft(comment.content)}>
            Edit
          </button>
          <button type="button" class="plain" onClick={remove}>
            Delete
          </button>
        </p>
      ) : null}
    </>
  );
}

function Done({ entry }: { entry: LogEntry }): JSX.Element {
  const { businesses } = useTeam();
  // The status stands there by its name too.
  const changes = Object.entries(entry.changes).filter(([field]) => field !== "statusId");
  /** A value of the log, as people read it. */
  const shown = (field: string, value: unknown): string => {
    if (field !== "business" || !Array.isArray(value)) return written(value);
    return written(value.map((id) => businesses.find((business) => business.id === id)?.name ?? `business ${id}`));
  };
  return (
    <>
      <p class="by">
        <strong>{authorOf(entry)}</strong> {DONE[entry.action] ?? entry.action}
        {agentOf(entry)} <Time at={entry.createdAt} />
      </p>
      {TELLS_NOTHING_MORE.includes(entry.action) || changes.length === 0 ? null : (
        <dl class="changes">
          {changes.map(([field, { previous, current }]) => (
            <div key={field}>
              <dt>{labelOf(field)}</dt>
              <dd>
                <del>{shown(field, previous)}</del> → <ins>{shown(field, current)}</ins>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

function written(value: unknown): string {
  if (value === null || value === undefined || value === "") return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(written).join(", ");
  if (typeof value !== "object") return String(value);
  if ("name" in value) return written(value.name);
  const pairs = Object.entries(value).map(([name, of]) => `${name}: ${written(of)}`);
  return pairs.length > 0 ? pairs.join(", ") : "none";
}
