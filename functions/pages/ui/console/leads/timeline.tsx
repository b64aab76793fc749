// The activity of a lead, newest first: comments, and log entries of changes.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, describeError, type TimelineEntry, unwrap } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { formatKeys } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { useIdempotentRequest } from "../ui/decision";
import { confirmAction } from "../ui/dialog";
import { useDraft } from "../ui/draft";
import { Avatar } from "../ui/face";
import { handleSubmit } from "../ui/field";
import { focusOnce, useReturnFocus } from "../ui/focus";
import { Icon } from "../ui/icon";
import type { IconName } from "../ui/icons";
import { LoadMore, usePagedList } from "../ui/loading";
import { RelativeTime } from "../ui/time";
import { reportFailure, reportOutcome } from "../ui/toast";
import { labelOf } from "./lead-fields";
import { agentOf, authorOf, type CommentEntry, groupEntries, type LogGroup } from "./timeline-groups";

const PAGE_ENTRIES = 20;

interface Entry {
  id: string;
  entry: TimelineEntry;
}

interface Props {
  lead: number;
  /** Number of known changes of the lead. The activity is read again when it grows. */
  changes: number;
  /** Level of the section's heading. */
  level: 2 | 3;
}

export function Timeline({ lead, changes, level }: Props): JSX.Element {
  const { mayWrite } = useTeam();
  const [comments, setComments] = useState(0);
  const entries = usePagedList<Entry>(
    async (cursor) => {
      const query = { limit: PAGE_ENTRIES, ...(cursor ? { cursor } : {}) };
      const page = await unwrap(api.GET("/leads/logs-and-comments/{id}", { params: { path: { id: lead }, query } }));
      setComments(page.commentsCount);
      // Comments and log entries have separate number sequences, so the kind is part of the id.
      const items = page.logsAndComments.map((entry) => ({
        id: `${"content" in entry ? "comment" : "log"} ${entry.id}`,
        entry,
      }));
      return { items, count: page.logsCount + page.commentsCount, nextCursor: page.nextCursor };
    },
    [lead],
  );
  const { reload } = entries;
  useEffect(() => {
    if (changes > 0) reload();
  }, [changes]);
  const Heading = level === 2 ? "h2" : "h3";
  const groups = groupEntries(entries.items.map(({ entry }) => entry));
  return (
    <>
      <div class="sec">
        <Heading>Activity</Heading>
        {comments > 0 ? <span class="count">{comments === 1 ? "1 comment" : `${comments} comments`}</span> : null}
      </div>
      {mayWrite ? <Composer key={lead} lead={lead} onAdded={entries.reload} /> : null}
      <ol class="feed" aria-label="Activity">
        {groups.map((group) => (
          <li key={group.key}>
            {"comment" in group ? (
              <Comment comment={group.comment} onChanged={entries.reload} />
            ) : (
              <Change group={group} />
            )}
          </li>
        ))}
      </ol>
      <LoadMore pagedList={entries} />
    </>
  );
}

export const commentDraftKey = (lead: number): string => `lead ${lead} comment`;

function Composer({ lead, onAdded }: { lead: number; onAdded: () => void }): JSX.Element {
  const [content, setContent] = useDraft(commentDraftKey(lead), "");
  const { isBusy, send } = useIdempotentRequest();
  const isEmpty = content.trim() === "";
  const text = useRef<HTMLTextAreaElement>(null);
  const add = async () => {
    if (isEmpty) {
      text.current?.focus();
      return;
    }
    try {
      const comment = await send(content, (key) => {
        const params = { path: { id: lead }, header: { "Idempotency-Key": key } };
        return unwrap(api.POST("/leads/comments/{id}", { params, body: { content } }));
      });
      if (!comment) return;
      // Text that was typed during the request is kept.
      setContent((now) => (now === content ? "" : now));
      onAdded();
    } catch (error) {
      reportFailure(`The comment was not added. ${describeError(error)}`);
    }
  };
  return (
    <form class="write" onSubmit={handleSubmit(add)}>
      <textarea
        ref={text}
        class="input"
        aria-label="Comment"
        placeholder="Write a comment"
        rows={1}
        maxLength={LIMITS.maxCommentChars}
        value={content}
        onInput={({ currentTarget }) => setContent(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          add();
        }}
      />
      <div class="row">
        <small class="quiet wide">
          <kbd>{formatKeys("mod+enter")}</kbd> sends
        </small>
        <button type="submit" class="btn little push" disabled={isBusy}>
          Comment
        </button>
      </div>
    </form>
  );
}

function Comment({ comment, onChanged }: { comment: CommentEntry; onChanged: () => void }): JSX.Element {
  const { user, mayWrite, isOwner } = useTeam();
  const [draft, setDraft, clearDraft] = useDraft<string | null>(`comment ${comment.id}`, null);
  const isOwn = comment.user.id === user.id && !comment.key && !comment.form;
  const mayEdit = mayWrite && (isOwner || isOwn);
  const params = { path: { id: comment.id } };
  const opener = useReturnFocus<HTMLButtonElement>(draft !== null);
  const author = authorOf(comment);
  const save = async (content: string) => {
    if (content.trim() === "") return;
    const change = unwrap(api.PUT("/leads/comments/{id}", { params, body: { content } }));
    if (await reportOutcome(change, "Comment saved", "The comment was not saved.")) {
      clearDraft();
      onChanged();
    }
  };
  const remove = async () => {
    if (!(await confirmAction("Delete the comment?", comment.content.slice(0, 200), "Delete comment"))) return;
    const change = unwrap(api.DELETE("/leads/comments/{id}", { params }));
    if (await reportOutcome(change, "Comment deleted", "The comment was not deleted.")) onChanged();
  };
  return (
    <>
      {comment.form ? <Icon name="text-cursor-input" /> : <Avatar person={comment.user} />}
      <div>
        <div class="said">
          <b>
            <bdi>{author}</bdi>
          </b>
          <Agent of={comment} />
          <RelativeTime at={comment.createdAt} />
          {comment.updatedAt === comment.createdAt ? null : <small class="quiet">edited</small>}
          {mayEdit && draft === null ? (
            <span class="push tools">
              <button
                ref={opener}
                type="button"
                class="btn ghost icon little"
                aria-label="Edit comment"
                title="Edit comment"
                onClick={() => setDraft(comment.content)}
              >
                <Icon name="pencil" />
              </button>
              <button
                type="button"
                class="btn ghost icon little"
                aria-label="Delete comment"
                title="Delete comment"
                onClick={remove}
              >
                <Icon name="trash-2" />
              </button>
            </span>
          ) : null}
        </div>
        {draft === null || !mayEdit ? (
          <p class="paragraph">
            <bdi>{comment.content}</bdi>
          </p>
        ) : (
          <form
            class="write"
            aria-label="Edit comment"
            onSubmit={handleSubmit(() => save(draft))}
            onKeyDown={(event) => {
              if (event.isComposing) return;
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save(draft);
              if (event.key !== "Escape") return;
              event.preventDefault();
              event.stopPropagation();
              clearDraft();
            }}
          >
            <textarea
              ref={focusOnce}
              class="input"
              aria-label="Comment text"
              rows={2}
              maxLength={LIMITS.maxCommentChars}
              value={draft}
              onInput={({ currentTarget }) => setDraft(currentTarget.value)}
            />
            <div class="row">
              <button type="button" class="btn ghost little push" onClick={clearDraft}>
                Cancel
              </button>
              <button type="submit" class="btn little" disabled={draft.trim() === ""}>
                Save comment
              </button>
            </div>
          </form>
        )}
      </div>
    </>
  );
}

/** The name of the API key that acted for a user. */
function Agent({ of }: { of: Parameters<typeof agentOf>[0] }): JSX.Element | null {
  const agent = agentOf(of);
  return agent ? (
    <span class="quiet">
      by the key <bdi>{agent}</bdi>{" "}
    </span>
  ) : null;
}

const ICONS: Record<string, IconName> = {
  CreateLead: "plus",
  UpdateLead: "pencil",
  ArchiveLead: "archive",
  RestoreLead: "archive-restore",
  ChangeLeadStatus: "route",
  UploadPhoto: "image",
  DeletePhoto: "image",
  UpdateComment: "message-square",
  DeleteComment: "message-square",
};

const SENTENCES: Record<string, string> = {
  CreateLead: "added the lead",
  ArchiveLead: "archived the lead",
  RestoreLead: "restored the lead",
  UploadPhoto: "changed the photo",
  DeletePhoto: "deleted the photo",
  UpdateComment: "edited a comment",
  DeleteComment: "deleted a comment",
};

function Change({ group }: { group: LogGroup }): JSX.Element {
  const { newest, changes } = group;
  const { action } = newest;
  const time = <RelativeTime at={newest.createdAt} />;
  if (action === "CreateLead" && newest.form) {
    return (
      <>
        <Icon name="text-cursor-input" />
        <div class="event">
          Came in by the form{" "}
          <b>
            <bdi>{newest.form.name}</bdi>
          </b>{" "}
          {time}
        </div>
      </>
    );
  }
  const icon = <Icon name={ICONS[action] ?? "history"} />;
  const who = (
    <>
      <b>
        <bdi>{authorOf(newest)}</bdi>
      </b>{" "}
      <Agent of={newest} />
    </>
  );
  const { status } = newest.changes;
  if (action === "ChangeLeadStatus" && status) {
    return (
      <>
        {icon}
        <div class="event">
          {who}moved it from <StatusWord value={status.previous} /> to <StatusWord value={status.current} /> {time}
        </div>
      </>
    );
  }
  if (action === "UpdateLead" || action === "UpdateComment") {
    const [only] = changes;
    const one = changes.length === 1 && only ? labelOf(only.column) : "";
    const what =
      action === "UpdateComment"
        ? "edited a comment"
        : one
          ? `changed ${lower(one)}`
          : `changed ${changes.length} fields`;
    return (
      <>
        {icon}
        <details class="event">
          <summary>
            {who}
            {what} {time}
            <Icon name="chevron-right" />
          </summary>
          <Differences changes={changes} />
        </details>
      </>
    );
  }
  return (
    <>
      {icon}
      <div class="event">
        {who}
        {SENTENCES[action] ?? action} {time}
      </div>
    </>
  );
}

const lower = (label: string): string => (/^(YouTube|Facebook|Instagram|X )/.test(label) ? label : label.toLowerCase());

function StatusWord({ value }: { value: unknown }): JSX.Element {
  return (
    <b>
      <bdi>{readable(value)}</bdi>
    </b>
  );
}

function Differences({ changes }: { changes: LogGroup["changes"] }): JSX.Element {
  const { businesses } = useTeam();
  const text = (column: string, value: unknown): string => {
    if (column !== "business" || !Array.isArray(value)) return readable(value);
    return readable(value.map((id) => businesses.find((one) => one.id === id)?.name ?? `Business ${id}`));
  };
  return (
    <dl>
      {changes.flatMap(({ column, previous, current }) => [
        <dt key={`${column} name`}>{column === "content" ? "Comment" : labelOf(column)}</dt>,
        <dd key={column}>
          <s>
            <bdi>{text(column, previous)}</bdi>
          </s>{" "}
          → <bdi>{text(column, current)}</bdi>
        </dd>,
      ])}
    </dl>
  );
}

/** Formats a value of the log as text. */
function readable(value: unknown): string {
  if (value === null || value === undefined || value === "") return "None";
  if (Array.isArray(value)) return value.length === 0 ? "None" : value.map(readable).join(", ");
  if (typeof value !== "object") return String(value);
  if ("name" in value) return readable(value.name);
  const pairs = Object.entries(value).map(([name, part]) => `${labelOf(`socialMedia.${name}`)}: ${readable(part)}`);
  return pairs.length > 0 ? pairs.join(", ") : "None";
}
