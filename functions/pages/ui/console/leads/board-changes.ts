// Applies the team's changes to the board: moves leads of events from the feed into their columns, and reads the counts again.

import { useEffect, useRef } from "preact/hooks";
import { api, type Event, type LeadFilter, type LeadSummary, unwrap } from "../app/api";
import { useTeam } from "../app/team";
import { useLeadChanges } from "./lead-changes";
import { matchesFilter } from "./list-query";
import { type Columns, type Moves, newestFirst } from "./moves";

/** No event is applied until the pointer has rested on the board for this long, so that no card moves from under it. */
const HAND_REST_MS = 1000;
const RETRY_MS = 250;
/**
 * If events may be missing this soon after the board was mounted, they fell between its first read and the first request to the
 * feed. Reading the counts then suffices; later, every column is read again.
 */
const FIRST_LOOK_MS = 10_000;

const MOVING_TYPES = [
  "lead.created",
  "lead.updated",
  "lead.archived",
  "lead.restored",
  "lead.status_changed",
  "lead.deleted",
];

interface Board {
  columns: Columns;
  filter: LeadFilter;
  /** Whether the board shows the result of a search. Only the API can decide whether a lead matches a search. */
  isSearch: boolean;
  moves: Moves;
  /** Whether a card is being dragged or its menu is open. */
  isHeld: () => boolean;
  /** Reads the counts of columns again. With `reloads`, a column whose count differs is also read again. */
  recount: (statuses: number[], reloads?: boolean) => void;
  reload: () => void;
}

/** Subscribes the board to the feed. Returns the handler for `pointermove` events of the board. */
export function useBoardChanges(board: Board): () => void {
  const { statuses } = useTeam();
  const current = useRef(board);
  current.current = board;
  const pending = useRef(new Map<number, Event>());
  const mustReload = useRef(false);
  const mustCount = useRef(false);
  const mountedAt = useRef(Date.now());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const handMoved = useRef(0);

  /**
   * Adds a lead to its column, replaces it there, or removes it from the board. Returns the status ids of the columns whose
   * counts may have changed.
   */
  const place = (id: number, lead: LeadSummary | undefined): number[] => {
    const { columns, filter } = current.current;
    const to = lead && matchesFilter(lead, filter) ? lead.statusId : undefined;
    const touched = new Set<number>();
    for (const [status, pages] of columns) {
      const before = pages.items.find((item) => item.id === id);
      if (status !== to || !lead) {
        if (!before) continue;
        pages.updateItems((items) => items.filter((item) => item.id !== id));
        touched.add(status);
        continue;
      }
      // Events carry no photo URL, because such URLs expire. The known URL stays valid while the photo is the same.
      const photoUrl = before && before.photo === lead.photo ? before.photoUrl : undefined;
      const { photoUrl: _, ...rest } = lead;
      const shown = { ...rest, ...(photoUrl ? { photoUrl } : {}) };
      if (before) {
        pages.updateItems((items) => items.map((item) => (item.id === id ? shown : item)));
        continue;
      }
      touched.add(status);
      const last = pages.items.at(-1);
      // The lead belongs below the last lead that was read. Scrolling will read it.
      if (pages.hasMore && last && newestFirst(lead, last) > 0) continue;
      pages.updateItems((items) => [...items.filter((item) => item.id !== id), shown].sort(newestFirst));
    }
    return [...touched];
  };

  const apply = async () => {
    timer.current = undefined;
    const { columns, isSearch, isHeld, moves, recount, reload } = current.current;
    if (isHeld() || Date.now() - handMoved.current < HAND_REST_MS) return schedule();
    if (mustCount.current && !isSearch) {
      mustCount.current = false;
      recount([...columns.keys()], true);
    }
    if (mustReload.current || (isSearch && pending.current.size > 0)) {
      mustReload.current = false;
      pending.current.clear();
      return reload();
    }
    const events = [...pending.current];
    pending.current.clear();
    const touched = new Set<number>();
    for (const [id, event] of events) {
      // While this user's move of the lead is pending, its response decides the column, so the event is ignored.
      if (moves.isMoving(id)) continue;
      let lead: LeadSummary | undefined = event.type === "lead.deleted" ? undefined : event.lead;
      if (moves.isSettling(id)) {
        lead = await unwrap(api.GET("/leads/{id}", { params: { path: { id } } })).catch(() => undefined);
        if (!lead || moves.isMoving(id)) continue;
      }
      for (const status of place(id, lead)) touched.add(status);
      if (event.type === "lead.status_changed") {
        const previous = event.changes?.status?.previous;
        const status = statuses.find(({ name }) => name === previous);
        for (const one of status ? [status.id] : columns.keys()) touched.add(one);
      } else if (event.type !== "lead.updated" && event.lead) touched.add(event.lead.statusId);
    }
    if (touched.size > 0) recount([...touched]);
  };
  const applyLatest = useRef(apply);
  applyLatest.current = apply;
  const schedule = () => {
    timer.current ??= setTimeout(() => applyLatest.current(), RETRY_MS);
  };

  useLeadChanges(
    (events) => {
      for (const event of events) {
        if (!MOVING_TYPES.includes(event.type) && event.type !== "lead.photo_changed") continue;
        // Merges pending events of one lead: the newest event has the lead's state, the oldest one names the status that the
        // lead had before, whose column must be counted again.
        const before = pending.current.get(event.leadId);
        const changes = { ...event.changes, ...before?.changes };
        const type = before?.type === "lead.status_changed" && event.type === "lead.updated" ? before.type : event.type;
        pending.current.set(event.leadId, { ...event, type, changes });
      }
      if (pending.current.size > 0) schedule();
    },
    () => {
      if (Date.now() - mountedAt.current < FIRST_LOOK_MS) mustCount.current = true;
      else mustReload.current = true;
      schedule();
    },
    { readsLater: true },
  );
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    handMoved.current = Date.now();
  };
}
