// Groups the entries of a lead's timeline: each comment alone, and changes by one author within ten minutes together.

import type { ChangeAuthor, LeadEvent, TimelineEntry } from "../app/api";
import { getFieldLabelByPath } from "./lead-fields";

const MAX_LOG_GROUP_DURATION_MS = 10 * 60_000;

export type CommentEntry = Extract<TimelineEntry, { content: string }>;
export type LeadLogEntry = Exclude<TimelineEntry, { content: string }>;

interface FieldChange {
  fieldPath: string;
  previous: unknown;
  current: unknown;
}

export interface LeadLogEntryGroup {
  key: string;
  newest: LeadLogEntry;
  changes: FieldChange[];
}

export type TimelineGroup = LeadLogEntryGroup | { key: string; comment: CommentEntry };

const formatUserName = ({ firstName, lastName, email }: ChangeAuthor["user"]): string =>
  [firstName, lastName].filter(Boolean).join(" ") || email;

/**
 * Returns the name of an entry's author. For a submission it is the form's name, not the name of the user who created the form.
 */
export const getAuthorName = ({ user, form }: ChangeAuthor): string => (form ? form.name : formatUserName(user));

/** Returns the name of the API key that acted for the user, or an empty string. */
export const getApiKeyName = ({ key }: ChangeAuthor): string => key?.name ?? "";

const isSameAuthor = (one: ChangeAuthor, other: ChangeAuthor): boolean =>
  one.user.id === other.user.id && one.key?.id === other.key?.id && one.form?.id === other.form?.id;

/** Returns the changes of a log entry. `statusId` is left out, because the entry also has `status`. */
const getFieldChangesOfLogEntry = (entry: LeadLogEntry): FieldChange[] =>
  Object.entries(entry.changes)
    .filter(([fieldPath]) => fieldPath !== "statusId")
    .map(([fieldPath, { previous, current }]) => ({ fieldPath, previous, current }));

/** Groups entries. `entries` are sorted newest first. */
export function groupTimelineEntries(entries: TimelineEntry[]): TimelineGroup[] {
  const timelineGroups: TimelineGroup[] = [];
  for (const timelineEntry of entries) {
    if ("content" in timelineEntry) {
      timelineGroups.push({ key: `comment ${timelineEntry.id}`, comment: timelineEntry });
      continue;
    }
    // Adding a comment also creates a log entry. That log entry is left out, because the timeline shows the comment itself.
    if (timelineEntry.action === "CreateComment") continue;
    const lastTimelineGroup = timelineGroups.at(-1);
    if (
      lastTimelineGroup &&
      "newest" in lastTimelineGroup &&
      canLogEntryJoinGroup(lastTimelineGroup.newest, timelineEntry)
    )
      mergeLogEntryIntoGroup(lastTimelineGroup, timelineEntry);
    else
      timelineGroups.push({
        key: `log ${timelineEntry.id}`,
        newest: timelineEntry,
        changes: getFieldChangesOfLogEntry(timelineEntry),
      });
  }
  return timelineGroups;
}

function canLogEntryJoinGroup(newest: LeadLogEntry, entry: LeadLogEntry): boolean {
  if (newest.action !== "UpdateLead" || entry.action !== "UpdateLead" || !isSameAuthor(newest, entry)) return false;
  return new Date(newest.createdAt).getTime() - new Date(entry.createdAt).getTime() <= MAX_LOG_GROUP_DURATION_MS;
}

/**
 * Adds an older entry to a group. If the group and the entry changed the same field, the field keeps the group's
 * current value and gets the entry's previous value.
 */
function mergeLogEntryIntoGroup(group: LeadLogEntryGroup, older: LeadLogEntry): void {
  for (const fieldChange of getFieldChangesOfLogEntry(older)) {
    const groupChangeOfSameField = group.changes.find(({ fieldPath }) => fieldPath === fieldChange.fieldPath);
    if (groupChangeOfSameField) groupChangeOfSameField.previous = fieldChange.previous;
    else group.changes.push(fieldChange);
  }
}

function describeLeadEvent({ type, changes = {} }: LeadEvent): string {
  switch (type) {
    case "lead.updated":
    case "lead.status_changed":
      return `changed ${[...new Set(Object.keys(changes).map(getFieldLabelByPath))].join(", ")}`;
    case "lead.photo_changed":
      return "changed the photo";
    default: {
      const [eventObject, eventVerb] = type.split(".");
      return `${eventVerb} ${eventObject === "comment" ? "a comment" : "the lead"}`;
    }
  }
}

/** Returns a sentence about an event: `Max Demo changed Company`. */
export function describeLeadEventWithAuthor(event: LeadEvent): string {
  const apiKeyName = getApiKeyName(event.actor);
  return `${getAuthorName(event.actor)} ${describeLeadEvent(event)}${apiKeyName ? ` by the key ${apiKeyName}` : ""}`;
}
