// The entries of a lead's timeline as they are shown: each comment once, and one person's changes within ten minutes together.

import type { Author, Event, TimelineEntry } from "../app/api";
import { labelOf } from "./lead-fields";

const GROUP_MS = 10 * 60_000;

export type CommentEntry = Extract<TimelineEntry, { content: string }>;
export type LogEntry = Exclude<TimelineEntry, { content: string }>;

interface FieldChange {
  column: string;
  previous: unknown;
  current: unknown;
}

export interface LogGroup {
  key: string;
  newest: LogEntry;
  changes: FieldChange[];
}

export type TimelineGroup = LogGroup | { key: string; comment: CommentEntry };

const nameOf = ({ firstName, lastName, email }: Author["user"]): string =>
  [firstName, lastName].filter(Boolean).join(" ") || email;

/** The name of the author: a form stands for the visitor who filled it in, not for the user who made the form. */
export const authorOf = ({ user, form }: Author): string => (form ? form.name : nameOf(user));

/** The name of the API key that acted in the user's name. */
export const agentOf = ({ key }: Author): string => key?.name ?? "";

const isSameAuthor = (one: Author, other: Author): boolean =>
  one.user.id === other.user.id && one.key?.id === other.key?.id && one.form?.id === other.form?.id;

/** A log entry's changes. The status stands there under its name as well. */
const changesOf = (entry: LogEntry): FieldChange[] =>
  Object.entries(entry.changes)
    .filter(([column]) => column !== "statusId")
    .map(([column, { previous, current }]) => ({ column, previous, current }));

/** Groups entries, which come newest first. */
export function groupEntries(entries: TimelineEntry[]): TimelineGroup[] {
  const groups: TimelineGroup[] = [];
  for (const entry of entries) {
    if ("content" in entry) {
      groups.push({ key: `comment ${entry.id}`, comment: entry });
      continue;
    }
    // The comment itself is shown.
    if (entry.action === "CreateComment") continue;
    const last = groups.at(-1);
    if (last && "newest" in last && isOneGroup(last.newest, entry)) mergeInto(last, entry);
    else groups.push({ key: `log ${entry.id}`, newest: entry, changes: changesOf(entry) });
  }
  return groups;
}

function isOneGroup(newest: LogEntry, entry: LogEntry): boolean {
  if (newest.action !== "UpdateLead" || entry.action !== "UpdateLead" || !isSameAuthor(newest, entry)) return false;
  return new Date(newest.createdAt).getTime() - new Date(entry.createdAt).getTime() <= GROUP_MS;
}

/** Adds an older entry: a field that both changed goes from the older previous value to the newer current one. */
function mergeInto(group: LogGroup, older: LogEntry): void {
  for (const change of changesOf(older)) {
    const known = group.changes.find(({ column }) => column === change.column);
    if (known) known.previous = change.previous;
    else group.changes.push(change);
  }
}

function describeEvent({ type, changes = {} }: Event): string {
  switch (type) {
    case "lead.updated":
    case "lead.status_changed":
      return `changed ${[...new Set(Object.keys(changes).map(labelOf))].join(", ")}`;
    case "lead.photo_changed":
      return "changed the photo";
    default: {
      const [object, action] = type.split(".");
      return `${action} ${object === "comment" ? "a comment" : "the lead"}`;
    }
  }
}

/** Says who did what: `Max Demo changed Company`. */
export function newsOf(event: Event): string {
  const agent = agentOf(event.actor);
  return `${authorOf(event.actor)} ${describeEvent(event)}${agent ? ` by the key ${agent}` : ""}`;
}
