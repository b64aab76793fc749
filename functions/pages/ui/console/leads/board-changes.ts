// Applies the team's changes to the board: moves leads of events from the feed into their columns, and reads the counts again.

import { useEffect, useRef } from "preact/hooks";
import { api, getDataOrThrow, type LeadEvent, type LeadFilterParams, type LeadSummary } from "../app/api";
import { useTeam } from "../app/team";
import { useLeadChanges } from "./lead-changes";
import { matchesFilter } from "./list-query";
import { type BoardColumnsByStatusId, type BoardMoveFunctions, compareLeadsNewestFirst } from "./moves";

/**
 * No event is applied until the pointer has rested on the board for this long, so that no card moves away while the
 * user aims at it.
 */
const MIN_POINTER_REST_MS = 1000;
const APPLY_EVENTS_DELAY_MS = 250;
/**
 * When the feed starts, its first response reports a gap, because events since the board's own read may be missing.
 * They are few, so a gap within this time after mounting only makes the board read its counts again. A later gap makes
 * it read everything again.
 */
const NO_RELOAD_AFTER_MOUNT_MS = 10_000;

const COLUMN_CHANGING_EVENT_TYPES = [
  "lead.created",
  "lead.updated",
  "lead.archived",
  "lead.restored",
  "lead.status_changed",
  "lead.deleted",
];

interface UseLiveBoardUpdatesOptions {
  columns: BoardColumnsByStatusId;
  filter: LeadFilterParams;
  /** Whether the board shows the result of a search. Only the API can decide whether a lead matches a search. */
  hasSearch: boolean;
  moves: BoardMoveFunctions;
  /** Whether a card is being dragged or its menu is open. */
  isCardInUse: () => boolean;
  /** Reads the counts of columns again. With `reloads`, a column whose count differs is also read again. */
  recount: (statuses: number[], reloads?: boolean) => void;
  reload: () => void;
}

/** Subscribes the board to the feed. Returns the handler for `pointermove` events of the board. */
export function useLiveBoardUpdates(board: UseLiveBoardUpdatesOptions): () => void {
  const { statuses } = useTeam();
  const latestBoardOptionsRef = useRef(board);
  latestBoardOptionsRef.current = board;
  const pendingEventsByLeadIdRef = useRef(new Map<number, LeadEvent>());
  const mustReloadBoardRef = useRef(false);
  const mustRecountColumnsRef = useRef(false);
  const mountedAtMsRef = useRef(Date.now());
  const applyEventsTimerRef = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const pointerMovedAtMsRef = useRef(0);

  /**
   * Adds a lead to its column, replaces it there, or removes it from the board. Returns the status ids of the columns whose
   * counts may have changed.
   */
  const updateLeadAndGetChangedColumns = (id: number, lead: LeadSummary | undefined): number[] => {
    const { columns, filter } = latestBoardOptionsRef.current;
    const targetStatusId = lead && matchesFilter(lead, filter) ? lead.statusId : undefined;
    const statusIdsToRecount = new Set<number>();
    for (const [status, columnPages] of columns) {
      const existingColumnLead = columnPages.items.find((item) => item.id === id);
      if (status !== targetStatusId || !lead) {
        if (!existingColumnLead) continue;
        columnPages.updateItems((items) => items.filter((item) => item.id !== id));
        statusIdsToRecount.add(status);
        continue;
      }
      // Events carry no photo URL, because photo URLs expire. If the photo is unchanged, the card keeps the URL that it has.
      const unchangedPhotoUrl =
        existingColumnLead && existingColumnLead.photo === lead.photo ? existingColumnLead.photoUrl : undefined;
      const { photoUrl: _, ...leadWithoutPhotoUrl } = lead;
      const updatedLead = { ...leadWithoutPhotoUrl, ...(unchangedPhotoUrl ? { photoUrl: unchangedPhotoUrl } : {}) };
      if (existingColumnLead) {
        columnPages.updateItems((items) => items.map((item) => (item.id === id ? updatedLead : item)));
        continue;
      }
      statusIdsToRecount.add(status);
      const lastLoadedLead = columnPages.items.at(-1);
      // A lead that belongs below the last loaded lead is not inserted, because scrolling reads it later.
      if (columnPages.hasMore && lastLoadedLead && compareLeadsNewestFirst(lead, lastLoadedLead) > 0) continue;
      columnPages.updateItems((items) =>
        [...items.filter((item) => item.id !== id), updatedLead].sort(compareLeadsNewestFirst),
      );
    }
    return [...statusIdsToRecount];
  };

  const applyPendingEvents = async () => {
    applyEventsTimerRef.current = undefined;
    const { columns, hasSearch, isCardInUse, moves, recount, reload } = latestBoardOptionsRef.current;
    if (isCardInUse() || Date.now() - pointerMovedAtMsRef.current < MIN_POINTER_REST_MS)
      return scheduleApplyingEvents();
    if (mustRecountColumnsRef.current && !hasSearch) {
      mustRecountColumnsRef.current = false;
      recount([...columns.keys()], true);
    }
    if (mustReloadBoardRef.current || (hasSearch && pendingEventsByLeadIdRef.current.size > 0)) {
      mustReloadBoardRef.current = false;
      pendingEventsByLeadIdRef.current.clear();
      return reload();
    }
    const pendingLeadIdsWithEvents = [...pendingEventsByLeadIdRef.current];
    pendingEventsByLeadIdRef.current.clear();
    const statusIdsToRecount = new Set<number>();
    for (const [id, event] of pendingLeadIdsWithEvents) {
      // While this user's move of the lead is pending, its response decides the column, so the event is ignored.
      if (moves.isMoving(id)) continue;
      let lead: LeadSummary | undefined = event.type === "lead.deleted" ? undefined : event.lead;
      if (moves.isRecentlyMoved(id)) {
        lead = await getDataOrThrow(api.GET("/leads/{id}", { params: { path: { id } } })).catch(() => undefined);
        if (!lead || moves.isMoving(id)) continue;
      }
      for (const statusIdToRecount of updateLeadAndGetChangedColumns(id, lead))
        statusIdsToRecount.add(statusIdToRecount);
      if (event.type === "lead.status_changed") {
        const previousStatusName = event.changes?.status?.previous;
        const previousStatus = statuses.find(({ name }) => name === previousStatusName);
        for (const statusIdToRecount of previousStatus ? [previousStatus.id] : columns.keys())
          statusIdsToRecount.add(statusIdToRecount);
      } else if (event.type !== "lead.updated" && event.lead) statusIdsToRecount.add(event.lead.statusId);
    }
    if (statusIdsToRecount.size > 0) recount([...statusIdsToRecount]);
  };
  const applyPendingEventsRef = useRef(applyPendingEvents);
  applyPendingEventsRef.current = applyPendingEvents;
  const scheduleApplyingEvents = () => {
    applyEventsTimerRef.current ??= setTimeout(() => applyPendingEventsRef.current(), APPLY_EVENTS_DELAY_MS);
  };

  useLeadChanges(
    (events) => {
      for (const leadEvent of events) {
        if (!COLUMN_CHANGING_EVENT_TYPES.includes(leadEvent.type) && leadEvent.type !== "lead.photo_changed") continue;
        // Several waiting events of one lead are merged into one. The newest event has the lead's data. The oldest event names
        // the lead's previous status, whose column must be counted again.
        const pendingEventOfLead = pendingEventsByLeadIdRef.current.get(leadEvent.leadId);
        const mergedFieldChanges = { ...leadEvent.changes, ...pendingEventOfLead?.changes };
        const mergedEventType =
          pendingEventOfLead?.type === "lead.status_changed" && leadEvent.type === "lead.updated"
            ? pendingEventOfLead.type
            : leadEvent.type;
        pendingEventsByLeadIdRef.current.set(leadEvent.leadId, {
          ...leadEvent,
          type: mergedEventType,
          changes: mergedFieldChanges,
        });
      }
      if (pendingEventsByLeadIdRef.current.size > 0) scheduleApplyingEvents();
    },
    () => {
      if (Date.now() - mountedAtMsRef.current < NO_RELOAD_AFTER_MOUNT_MS) mustRecountColumnsRef.current = true;
      else mustReloadBoardRef.current = true;
      scheduleApplyingEvents();
    },
    { readsAfterSubscribing: true },
  );
  useEffect(() => () => clearTimeout(applyEventsTimerRef.current), []);
  return () => {
    pointerMovedAtMsRef.current = Date.now();
  };
}
