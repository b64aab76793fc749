// Applies the team's changes to the board: moves leads of events from the feed into their columns, and reads the counts again.

import { useEffect, useRef } from "preact/hooks";
import { api, type LeadEvent, type LeadFilter, type LeadSummary, unwrap } from "../app/api";
import { useTeam } from "../app/team";
import { useLeadChanges } from "./lead-changes";
import { matchesFilter } from "./list-query";
import { type BoardColumns, type BoardMoves, compareNewestFirst } from "./moves";

/**
 * No event is applied until the pointer has rested on the board for this long, so that no card moves away while the
 * user aims at it.
 */
const MIN_POINTER_REST_MS = 1000;
const APPLY_EVENTS_DELAY_MS = 250;
/**
 * The feed reports a gap if the board may have missed events. Within this time after the board is mounted, a gap only makes the
 * board read its counts again, because few events fit between its first read and the start of the feed. A later gap makes it
 * read everything again.
 */
const RECOUNT_ONLY_AFTER_MOUNT_MS = 10_000;

const COLUMN_EVENT_TYPES = [
  "lead.created",
  "lead.updated",
  "lead.archived",
  "lead.restored",
  "lead.status_changed",
  "lead.deleted",
];

interface UseBoardChangesOptions {
  columns: BoardColumns;
  filter: LeadFilter;
  /** Whether the board shows the result of a search. Only the API can decide whether a lead matches a search. */
  hasSearch: boolean;
  moves: BoardMoves;
  /** Whether a card is being dragged or its menu is open. */
  isCardInUse: () => boolean;
  /** Reads the counts of columns again. With `reloads`, a column whose count differs is also read again. */
  recount: (statuses: number[], reloads?: boolean) => void;
  reload: () => void;
}

/** Subscribes the board to the feed. Returns the handler for `pointermove` events of the board. */
export function useBoardChanges(board: UseBoardChangesOptions): () => void {
  const { statuses } = useTeam();
  const optionsRef = useRef(board);
  optionsRef.current = board;
  const pendingEventsRef = useRef(new Map<number, LeadEvent>());
  const mustReloadRef = useRef(false);
  const mustRecountRef = useRef(false);
  const mountedAtMsRef = useRef(Date.now());
  const applyTimerRef = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const pointerMovedAtMsRef = useRef(0);

  /**
   * Adds a lead to its column, replaces it there, or removes it from the board. Returns the status ids of the columns whose
   * counts may have changed.
   */
  const updateLeadInColumns = (id: number, lead: LeadSummary | undefined): number[] => {
    const { columns, filter } = optionsRef.current;
    const targetStatusId = lead && matchesFilter(lead, filter) ? lead.statusId : undefined;
    const changedStatusIds = new Set<number>();
    for (const [status, columnPages] of columns) {
      const loadedLead = columnPages.items.find((item) => item.id === id);
      if (status !== targetStatusId || !lead) {
        if (!loadedLead) continue;
        columnPages.updateItems((items) => items.filter((item) => item.id !== id));
        changedStatusIds.add(status);
        continue;
      }
      // Events carry no photo URL, because photo URLs expire. If the photo is unchanged, the card keeps the URL that it has.
      const photoUrl = loadedLead && loadedLead.photo === lead.photo ? loadedLead.photoUrl : undefined;
      const { photoUrl: _, ...leadWithoutPhotoUrl } = lead;
      const updatedLead = { ...leadWithoutPhotoUrl, ...(photoUrl ? { photoUrl } : {}) };
      if (loadedLead) {
        columnPages.updateItems((items) => items.map((item) => (item.id === id ? updatedLead : item)));
        continue;
      }
      changedStatusIds.add(status);
      const lastLoadedLead = columnPages.items.at(-1);
      // A lead that belongs below the last loaded lead is not inserted, because scrolling reads it later.
      if (columnPages.hasMore && lastLoadedLead && compareNewestFirst(lead, lastLoadedLead) > 0) continue;
      columnPages.updateItems((items) =>
        [...items.filter((item) => item.id !== id), updatedLead].sort(compareNewestFirst),
      );
    }
    return [...changedStatusIds];
  };

  const applyPendingEvents = async () => {
    applyTimerRef.current = undefined;
    const { columns, hasSearch, isCardInUse, moves, recount, reload } = optionsRef.current;
    if (isCardInUse() || Date.now() - pointerMovedAtMsRef.current < MIN_POINTER_REST_MS)
      return scheduleApplyingEvents();
    if (mustRecountRef.current && !hasSearch) {
      mustRecountRef.current = false;
      recount([...columns.keys()], true);
    }
    if (mustReloadRef.current || (hasSearch && pendingEventsRef.current.size > 0)) {
      mustReloadRef.current = false;
      pendingEventsRef.current.clear();
      return reload();
    }
    const pendingEvents = [...pendingEventsRef.current];
    pendingEventsRef.current.clear();
    const changedStatusIds = new Set<number>();
    for (const [id, event] of pendingEvents) {
      // While this user's move of the lead is pending, its response decides the column, so the event is ignored.
      if (moves.isMoving(id)) continue;
      let lead: LeadSummary | undefined = event.type === "lead.deleted" ? undefined : event.lead;
      if (moves.isRecentlyMoved(id)) {
        lead = await unwrap(api.GET("/leads/{id}", { params: { path: { id } } })).catch(() => undefined);
        if (!lead || moves.isMoving(id)) continue;
      }
      for (const changedStatusId of updateLeadInColumns(id, lead)) changedStatusIds.add(changedStatusId);
      if (event.type === "lead.status_changed") {
        const previousStatusName = event.changes?.status?.previous;
        const previousStatus = statuses.find(({ name }) => name === previousStatusName);
        for (const statusId of previousStatus ? [previousStatus.id] : columns.keys()) changedStatusIds.add(statusId);
      } else if (event.type !== "lead.updated" && event.lead) changedStatusIds.add(event.lead.statusId);
    }
    if (changedStatusIds.size > 0) recount([...changedStatusIds]);
  };
  const applyPendingEventsRef = useRef(applyPendingEvents);
  applyPendingEventsRef.current = applyPendingEvents;
  const scheduleApplyingEvents = () => {
    applyTimerRef.current ??= setTimeout(() => applyPendingEventsRef.current(), APPLY_EVENTS_DELAY_MS);
  };

  useLeadChanges(
    (events) => {
      for (const event of events) {
        if (!COLUMN_EVENT_TYPES.includes(event.type) && event.type !== "lead.photo_changed") continue;
        // Several waiting events of one lead are merged into one. The newest event has the lead's data. The oldest event names
        // the lead's previous status, whose column must be counted again.
        const pendingEventOfLead = pendingEventsRef.current.get(event.leadId);
        const mergedChanges = { ...event.changes, ...pendingEventOfLead?.changes };
        const mergedEventType =
          pendingEventOfLead?.type === "lead.status_changed" && event.type === "lead.updated"
            ? pendingEventOfLead.type
            : event.type;
        pendingEventsRef.current.set(event.leadId, { ...event, type: mergedEventType, changes: mergedChanges });
      }
      if (pendingEventsRef.current.size > 0) scheduleApplyingEvents();
    },
    () => {
      if (Date.now() - mountedAtMsRef.current < RECOUNT_ONLY_AFTER_MOUNT_MS) mustRecountRef.current = true;
      else mustReloadRef.current = true;
      scheduleApplyingEvents();
    },
    { readsAfterSubscribing: true },
  );
  useEffect(() => () => clearTimeout(applyTimerRef.current), []);
  return () => {
    pointerMovedAtMsRef.current = Date.now();
  };
}
