// The activity of a lead, newest first: comments, and log entries of changes.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, type TimelineEntry } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { formatShortcutKeys } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { useDraft } from "../ui/draft";
import { Avatar } from "../ui/face";
import { createSubmitHandler } from "../ui/field";
import { focusOnce, useReturnFocus } from "../ui/focus";
import { Icon } from "../ui/icon";
import type { IconName } from "../ui/icons";
import { useIdempotentRequest } from "../ui/idempotent-request";
import { PagedListFooter, usePagedList } from "../ui/loading";
import { RelativeTime } from "../ui/time";
import { awaitRequestAndShowOutcome, showFailureAlert } from "../ui/toast";
import { getFieldLabel } from "./lead-fields";
import {
  type CommentEntry,
  getApiKeyName,
  getAuthorName,
  groupTimelineEntries,
  type LogGroup,
} from "./timeline-groups";

const ENTRIES_PER_PAGE = 20;

interface TimelineEntryWithId {
  id: string;
  entry: TimelineEntry;
}

interface TimelineProps {
  leadId: number;
  /** Number of changes of the lead since it was opened. When the number grows, the activity is read again. */
  changeCount: number;
  /** Level of the section's heading. */
  headingLevel: 2 | 3;
}

export function Timeline({ leadId, changeCount, headingLevel }: TimelineProps): JSX.Element {
  const { mayWrite } = useTeam();
  const [commentCount, setCommentCount] = useState(0);
  const pagedTimelineList = usePagedList<TimelineEntryWithId>(
    async (cursor) => {
      const timelineQuery = { limit: ENTRIES_PER_PAGE, ...(cursor ? { cursor } : {}) };
      const timelinePage = await getDataOrThrow(
        api.GET("/leads/logs-and-comments/{id}", { params: { path: { id: leadId }, query: timelineQuery } }),
      );
      setCommentCount(timelinePage.commentsCount);
      // Comments and log entries have separate number sequences, so the kind is part of the id.
      const timelineEntriesWithIds = timelinePage.logsAndComments.map((entry) => ({
        id: `${"content" in entry ? "comment" : "log"} ${entry.id}`,
        entry,
      }));
      return {
        items: timelineEntriesWithIds,
        count: timelinePage.logsCount + timelinePage.commentsCount,
        nextCursor: timelinePage.nextCursor,
      };
    },
    [leadId],
  );
  const { reload } = pagedTimelineList;
  useEffect(() => {
    if (changeCount > 0) reload();
  }, [changeCount]);
  const HeadingTag = headingLevel === 2 ? "h2" : "h3";
  const timelineGroups = groupTimelineEntries(pagedTimelineList.items.map(({ entry }) => entry));
  return (
    <>
      <div class="sec">
        <HeadingTag>Activity</HeadingTag>
        {commentCount > 0 ? (
          <span class="count">{commentCount === 1 ? "1 comment" : `${commentCount} comments`}</span>
        ) : null}
      </div>
      {mayWrite ? <CommentForm key={leadId} leadId={leadId} onAdded={pagedTimelineList.reload} /> : null}
      <ol class="feed" aria-label="Activity">
        {timelineGroups.map((group) => (
          <li key={group.key}>
            {"comment" in group ? (
              <CommentItem comment={group.comment} onChanged={pagedTimelineList.reload} />
            ) : (
              <LogGroupItem group={group} />
            )}
          </li>
        ))}
      </ol>
      <PagedListFooter pagedList={pagedTimelineList} />
    </>
  );
}

export const buildCommentDraftKey = (leadId: number): string => `lead ${leadId} comment`;

function CommentForm({ leadId, onAdded }: { leadId: number; onAdded: () => void }): JSX.Element {
  const [commentText, setCommentText] = useDraft(buildCommentDraftKey(leadId), "");
  const { isBusy, send } = useIdempotentRequest();
  const isCommentEmpty = commentText.trim() === "";
  const textareaRef = useRef<HTMLTextAreaElement>(null);
  const addComment = async () => {
    if (isCommentEmpty) {
      textareaRef.current?.focus();
      return;
    }
    try {
      const addedComment = await send(commentText, (key) => {
        const commentRequestParams = { path: { id: leadId }, header: { "Idempotency-Key": key } };
        return getDataOrThrow(
          api.POST("/leads/comments/{id}", { params: commentRequestParams, body: { content: commentText } }),
        );
      });
      if (!addedComment) return;
      // The input is cleared only if the user has not typed more during the request.
      setCommentText((now) => (now === commentText ? "" : now));
      onAdded();
    } catch (error) {
      showFailureAlert(`The comment was not added. ${describeError(error)}`);
    }
  };
  return (
    <form class="write" onSubmit={createSubmitHandler(addComment)}>
      <textarea
        ref={textareaRef}
        class="input"
        aria-label="Comment"
        placeholder="Write a comment"
        rows={1}
        maxLength={LIMITS.maxCommentChars}
        value={commentText}
        onInput={({ currentTarget }) => setCommentText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          addComment();
        }}
      />
      <div class="row">
        <small class="quiet wide">
          <kbd>{formatShortcutKeys("mod+enter")}</kbd> sends
        </small>
        <button type="submit" class="btn little push" disabled={isBusy}>
          Comment
        </button>
      </div>
    </form>
  );
}

function CommentItem({ comment, onChanged }: { comment: CommentEntry; onChanged: () => void }): JSX.Element {
  const { user, mayWrite, isOwner } = useTeam();
  const [editedText, setEditedText, clearEditedText] = useDraft<string | null>(`comment ${comment.id}`, null);
  const isOwnComment = comment.user.id === user.id && !comment.key && !comment.form;
  const mayEditComment = mayWrite && (isOwner || isOwnComment);
  const commentRequestParams = { path: { id: comment.id } };
  const editButtonRef = useReturnFocus<HTMLButtonElement>(editedText !== null);
  const authorName = getAuthorName(comment);
  const saveComment = async (content: string) => {
    if (content.trim() === "") return;
    const updateCommentRequest = getDataOrThrow(
      api.PUT("/leads/comments/{id}", { params: commentRequestParams, body: { content } }),
    );
    if (await awaitRequestAndShowOutcome(updateCommentRequest, "Comment saved", "The comment was not saved.")) {
      clearEditedText();
      onChanged();
    }
  };
  const deleteComment = async () => {
    if (!(await confirmAction("Delete the comment?", comment.content.slice(0, 200), "Delete comment"))) return;
    const deleteCommentRequest = getDataOrThrow(api.DELETE("/leads/comments/{id}", { params: commentRequestParams }));
    if (await awaitRequestAndShowOutcome(deleteCommentRequest, "Comment deleted", "The comment was not deleted."))
      onChanged();
  };
  return (
    <>
      {comment.form ? <Icon name="text-cursor-input" /> : <Avatar person={comment.user} />}
      <div>
        <div class="said">
          <b>
            <bdi>{authorName}</bdi>
          </b>
          <ApiKeyAttribution author={comment} />
          <RelativeTime at={comment.createdAt} />
          {comment.updatedAt === comment.createdAt ? null : <small class="quiet">edited</small>}
          {mayEditComment && editedText === null ? (
            <span class="push tools">
              <button
                ref={editButtonRef}
                type="button"
                class="btn ghost icon little"
                aria-label="Edit comment"
                title="Edit comment"
                onClick={() => setEditedText(comment.content)}
              >
                <Icon name="pencil" />
              </button>
              <button
                type="button"
                class="btn ghost icon little"
                aria-label="Delete comment"
                title="Delete comment"
                onClick={deleteComment}
              >
                <Icon name="trash-2" />
              </button>
            </span>
          ) : null}
        </div>
        {editedText === null || !mayEditComment ? (
          <p class="paragraph">
            <bdi>{comment.content}</bdi>
          </p>
        ) : (
          <form
            class="write"
            aria-label="Edit comment"
            onSubmit={createSubmitHandler(() => saveComment(editedText))}
            onKeyDown={(event) => {
              if (event.isComposing) return;
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) saveComment(editedText);
              if (event.key !== "Escape") return;
              event.preventDefault();
              event.stopPropagation();
              clearEditedText();
            }}
          >
            <textarea
              ref={focusOnce}
              class="input"
              aria-label="Comment text"
              rows={2}
              maxLength={LIMITS.maxCommentChars}
              value={editedText}
              onInput={({ currentTarget }) => setEditedText(currentTarget.value)}
            />
            <div class="row">
              <button type="button" class="btn ghost little push" onClick={clearEditedText}>
                Cancel
              </button>
              <button type="submit" class="btn little" disabled={editedText.trim() === ""}>
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
function ApiKeyAttribution({ author }: { author: Parameters<typeof getApiKeyName>[0] }): JSX.Element | null {
  const apiKeyName = getApiKeyName(author);
  return apiKeyName ? (
    <span class="quiet">
      by the key <bdi>{apiKeyName}</bdi>{" "}
    </span>
  ) : null;
}

const ICON_NAMES_BY_LOG_ACTION: Record<string, IconName> = {
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

const TEXTS_BY_LOG_ACTION: Record<string, string> = {
  CreateLead: "added the lead",
  ArchiveLead: "archived the lead",
  RestoreLead: "restored the lead",
  UploadPhoto: "changed the photo",
  DeletePhoto: "deleted the photo",
  UpdateComment: "edited a comment",
  DeleteComment: "deleted a comment",
};

function LogGroupItem({ group }: { group: LogGroup }): JSX.Element {
  const { newest, changes } = group;
  const { action } = newest;
  const timeElement = <RelativeTime at={newest.createdAt} />;
  if (action === "CreateLead" && newest.form) {
    return (
      <>
        <Icon name="text-cursor-input" />
        <div class="event">
          Came in by the form{" "}
          <b>
            <bdi>{newest.form.name}</bdi>
          </b>{" "}
          {timeElement}
        </div>
      </>
    );
  }
  const iconElement = <Icon name={ICON_NAMES_BY_LOG_ACTION[action] ?? "history"} />;
  const authorElement = (
    <>
      <b>
        <bdi>{getAuthorName(newest)}</bdi>
      </b>{" "}
      <ApiKeyAttribution author={newest} />
    </>
  );
  const { status } = newest.changes;
  if (action === "ChangeLeadStatus" && status) {
    return (
      <>
        {iconElement}
        <div class="event">
          {authorElement}moved it from <StatusName value={status.previous} /> to <StatusName value={status.current} />{" "}
          {timeElement}
        </div>
      </>
    );
  }
  if (action === "UpdateLead" || action === "UpdateComment") {
    const [onlyChange] = changes;
    const onlyChangedFieldLabel = changes.length === 1 && onlyChange ? getFieldLabel(onlyChange.fieldPath) : "";
    const changeSentence =
      action === "UpdateComment"
        ? "edited a comment"
        : onlyChangedFieldLabel
          ? `changed ${formatFieldLabelInSentence(onlyChangedFieldLabel)}`
          : `changed ${changes.length} fields`;
    return (
      <>
        {iconElement}
        <details class="event">
          <summary>
            {authorElement}
            {changeSentence} {timeElement}
            <Icon name="chevron-right" />
          </summary>
          <FieldChangeList changes={changes} />
        </details>
      </>
    );
  }
  return (
    <>
      {iconElement}
      <div class="event">
        {authorElement}
        {TEXTS_BY_LOG_ACTION[action] ?? action} {timeElement}
      </div>
    </>
  );
}

const formatFieldLabelInSentence = (label: string): string =>
  /^(YouTube|Facebook|Instagram|X )/.test(label) ? label : label.toLowerCase();

function StatusName({ value }: { value: unknown }): JSX.Element {
  return (
    <b>
      <bdi>{formatLogValue(value)}</bdi>
    </b>
  );
}

function FieldChangeList({ changes }: { changes: LogGroup["changes"] }): JSX.Element {
  const { businesses } = useTeam();
  const formatFieldValue = (fieldPath: string, value: unknown): string => {
    if (fieldPath !== "business" || !Array.isArray(value)) return formatLogValue(value);
    return formatLogValue(value.map((id) => businesses.find((one) => one.id === id)?.name ?? `Business ${id}`));
  };
  return (
    <dl>
      {changes.flatMap(({ fieldPath, previous, current }) => [
        <dt key={`${fieldPath} name`}>{fieldPath === "content" ? "Comment" : getFieldLabel(fieldPath)}</dt>,
        <dd key={fieldPath}>
          <s>
            <bdi>{formatFieldValue(fieldPath, previous)}</bdi>
          </s>{" "}
          → <bdi>{formatFieldValue(fieldPath, current)}</bdi>
        </dd>,
      ])}
    </dl>
  );
}

/** Formats a value of the log as text. */
function formatLogValue(value: unknown): string {
  if (value === null || value === undefined || value === "") return "None";
  if (Array.isArray(value)) return value.length === 0 ? "None" : value.map(formatLogValue).join(", ");
  if (typeof value !== "object") return String(value);
  if ("name" in value) return formatLogValue(value.name);
  const formattedSocialMediaParts = Object.entries(value).map(
    ([name, part]) => `${getFieldLabel(`socialMedia.${name}`)}: ${formatLogValue(part)}`,
  );
  return formattedSocialMediaParts.length > 0 ? formattedSocialMediaParts.join(", ") : "None";
}
