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
import { focusElementOnce, useReturnFocus } from "../ui/focus";
import { Icon } from "../ui/icon";
import type { IconName } from "../ui/icons";
import { useIdempotentRequest } from "../ui/idempotent-request";
import { PagedListFooter, usePagedList } from "../ui/loading";
import { RelativeTime } from "../ui/time";
import { awaitRequestAndShowOutcome, showFailureAlert } from "../ui/toast";
import { getFieldLabelByPath } from "./lead-fields";
import {
  type CommentEntry,
  getApiKeyName,
  getAuthorName,
  groupTimelineEntries,
  type LeadLogEntryGroup,
} from "./timeline-groups";

const TIMELINE_ENTRIES_PER_PAGE = 20;

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
      const timelineQueryParams = { limit: TIMELINE_ENTRIES_PER_PAGE, ...(cursor ? { cursor } : {}) };
      const timelinePage = await getDataOrThrow(
        api.GET("/leads/logs-and-comments/{id}", { params: { path: { id: leadId }, query: timelineQueryParams } }),
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
  const SectionHeadingTag = headingLevel === 2 ? "h2" : "h3";
  const timelineGroups = groupTimelineEntries(pagedTimelineList.items.map(({ entry }) => entry));
  return (
    <>
      <div class="sec">
        <SectionHeadingTag>Activity</SectionHeadingTag>
        {commentCount > 0 ? (
          <span class="count">{commentCount === 1 ? "1 comment" : `${commentCount} comments`}</span>
        ) : null}
      </div>
      {mayWrite ? <AddCommentForm key={leadId} leadId={leadId} onAdded={pagedTimelineList.reload} /> : null}
      <ol class="feed" aria-label="Activity">
        {timelineGroups.map((group) => (
          <li key={group.key}>
            {"comment" in group ? (
              <CommentItem comment={group.comment} onChanged={pagedTimelineList.reload} />
            ) : (
              <LogEntryGroupItem group={group} />
            )}
          </li>
        ))}
      </ol>
      <PagedListFooter pagedList={pagedTimelineList} />
    </>
  );
}

export const buildCommentDraftKey = (leadId: number): string => `lead ${leadId} comment`;

function AddCommentForm({ leadId, onAdded }: { leadId: number; onAdded: () => void }): JSX.Element {
  const [commentText, setCommentText] = useDraft(buildCommentDraftKey(leadId), "");
  const { isBusy, send } = useIdempotentRequest();
  const isCommentEmpty = commentText.trim() === "";
  const commentTextareaRef = useRef<HTMLTextAreaElement>(null);
  const addComment = async () => {
    if (isCommentEmpty) {
      commentTextareaRef.current?.focus();
      return;
    }
    try {
      const addedComment = await send(commentText, (key) => {
        const addCommentRequestParams = { path: { id: leadId }, header: { "Idempotency-Key": key } };
        return getDataOrThrow(
          api.POST("/leads/comments/{id}", { params: addCommentRequestParams, body: { content: commentText } }),
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
        ref={commentTextareaRef}
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
  const editCommentButtonRef = useReturnFocus<HTMLButtonElement>(editedText !== null);
  const commentAuthorName = getAuthorName(comment);
  const saveEditedComment = async (content: string) => {
    if (content.trim() === "") return;
    const commentUpdatePromise = getDataOrThrow(
      api.PUT("/leads/comments/{id}", { params: commentRequestParams, body: { content } }),
    );
    if (await awaitRequestAndShowOutcome(commentUpdatePromise, "Comment saved", "The comment was not saved.")) {
      clearEditedText();
      onChanged();
    }
  };
  const deleteComment = async () => {
    if (!(await confirmAction("Delete the comment?", comment.content.slice(0, 200), "Delete comment"))) return;
    const commentDeletionPromise = getDataOrThrow(api.DELETE("/leads/comments/{id}", { params: commentRequestParams }));
    if (await awaitRequestAndShowOutcome(commentDeletionPromise, "Comment deleted", "The comment was not deleted."))
      onChanged();
  };
  return (
    <>
      {comment.form ? <Icon name="text-cursor-input" /> : <Avatar person={comment.user} />}
      <div>
        <div class="said">
          <b>
            <bdi>{commentAuthorName}</bdi>
          </b>
          <ApiKeyAttribution author={comment} />
          <RelativeTime at={comment.createdAt} />
          {comment.updatedAt === comment.createdAt ? null : <small class="quiet">edited</small>}
          {mayEditComment && editedText === null ? (
            <span class="push tools">
              <button
                ref={editCommentButtonRef}
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
            onSubmit={createSubmitHandler(() => saveEditedComment(editedText))}
            onKeyDown={(event) => {
              if (event.isComposing) return;
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) saveEditedComment(editedText);
              if (event.key !== "Escape") return;
              event.preventDefault();
              event.stopPropagation();
              clearEditedText();
            }}
          >
            <textarea
              ref={focusElementOnce}
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

function LogEntryGroupItem({ group }: { group: LeadLogEntryGroup }): JSX.Element {
  const { newest, changes } = group;
  const { action } = newest;
  const logEntryTimeJsx = <RelativeTime at={newest.createdAt} />;
  if (action === "CreateLead" && newest.form) {
    return (
      <>
        <Icon name="text-cursor-input" />
        <div class="event">
          Came in by the form{" "}
          <b>
            <bdi>{newest.form.name}</bdi>
          </b>{" "}
          {logEntryTimeJsx}
        </div>
      </>
    );
  }
  const logActionIconJsx = <Icon name={ICON_NAMES_BY_LOG_ACTION[action] ?? "history"} />;
  const logEntryAuthorElement = (
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
        {logActionIconJsx}
        <div class="event">
          {logEntryAuthorElement}moved it from <BoldStatusName value={status.previous} /> to{" "}
          <BoldStatusName value={status.current} /> {logEntryTimeJsx}
        </div>
      </>
    );
  }
  if (action === "UpdateLead" || action === "UpdateComment") {
    const [onlyChange] = changes;
    const onlyChangedFieldLabel = changes.length === 1 && onlyChange ? getFieldLabelByPath(onlyChange.fieldPath) : "";
    const changeDescriptionText =
      action === "UpdateComment"
        ? "edited a comment"
        : onlyChangedFieldLabel
          ? `changed ${formatFieldLabelInSentence(onlyChangedFieldLabel)}`
          : `changed ${changes.length} fields`;
    return (
      <>
        {logActionIconJsx}
        <details class="event">
          <summary>
            {logEntryAuthorElement}
            {changeDescriptionText} {logEntryTimeJsx}
            <Icon name="chevron-right" />
          </summary>
          <FieldChangeList changes={changes} />
        </details>
      </>
    );
  }
  return (
    <>
      {logActionIconJsx}
      <div class="event">
        {logEntryAuthorElement}
        {TEXTS_BY_LOG_ACTION[action] ?? action} {logEntryTimeJsx}
      </div>
    </>
  );
}

const formatFieldLabelInSentence = (label: string): string =>
  /^(YouTube|Facebook|Instagram|X )/.test(label) ? label : label.toLowerCase();

function BoldStatusName({ value }: { value: unknown }): JSX.Element {
  return (
    <b>
      <bdi>{formatLoggedValue(value)}</bdi>
    </b>
  );
}

function FieldChangeList({ changes }: { changes: LeadLogEntryGroup["changes"] }): JSX.Element {
  const { businesses } = useTeam();
  const formatChangedFieldValue = (fieldPath: string, value: unknown): string => {
    if (fieldPath !== "business" || !Array.isArray(value)) return formatLoggedValue(value);
    return formatLoggedValue(value.map((id) => businesses.find((one) => one.id === id)?.name ?? `Business ${id}`));
  };
  return (
    <dl>
      {changes.flatMap(({ fieldPath, previous, current }) => [
        <dt key={`${fieldPath} name`}>{fieldPath === "content" ? "Comment" : getFieldLabelByPath(fieldPath)}</dt>,
        <dd key={fieldPath}>
          <s>
            <bdi>{formatChangedFieldValue(fieldPath, previous)}</bdi>
          </s>{" "}
          → <bdi>{formatChangedFieldValue(fieldPath, current)}</bdi>
        </dd>,
      ])}
    </dl>
  );
}

/** Formats a value of the log as text. */
function formatLoggedValue(value: unknown): string {
  if (value === null || value === undefined || value === "") return "None";
  if (Array.isArray(value)) return value.length === 0 ? "None" : value.map(formatLoggedValue).join(", ");
  if (typeof value !== "object") return String(value);
  if ("name" in value) return formatLoggedValue(value.name);
  const formattedSocialMediaParts = Object.entries(value).map(
    ([name, part]) => `${getFieldLabelByPath(`socialMedia.${name}`)}: ${formatLoggedValue(part)}`,
  );
  return formattedSocialMediaParts.length > 0 ? formattedSocialMediaParts.join(", ") : "None";
}
