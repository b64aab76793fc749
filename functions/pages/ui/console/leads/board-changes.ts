// A board that follows what the team does: leads of the feed's events are put where they belong, and counts are read again.

import { useEffect, useRef } from "preact/hooks";
import { api, type Event, type LeadFilter, type LeadSummary, unwrap } from "../app/api";
import { useTeam } from "../app/team";
import { useLeadChanges } from "./lead-changes";
import { matchesFilter } from "./list-query";
import { type Columns, type Moves, newestFirst } from "./moves";

/** Cards stay for so long after the pointer was moved over them, in milliseconds: nothing moves under the hand. */
const HAND_REST_MS = 1000;
const RETRY_MS = 250;
/** Events may be missing once for every board: those between its first read and the first look at the feed. In milliseconds. */
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
  /** Whether words are searched, which only the API can match. */
  isSearch: boolean;
  moves: Moves;
  /** Whether a card is being dragged or its menu is open. */
  isHeld: () => boolean;
  /** Reads counts again, and with `reloads` the columns whose counts have changed. */
  recount: (statuses: number[], reloads?: boolean) => void;
  reload: () => void;
}

/** Returns a function to call whenever the pointer moves over the board. */
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

  /** Puts a lead into its column, or takes it off the board. Returns the columns whose counts may have changed. */
  const place = (id: number, lead: LeadSummary | undefined): number[] => {
    const { columns, filter } = current.current;
    const to = lead && matchesFilter(lead, filter) ? lead.statusId : undefined;
    const touched = new Set<number>();
    for (const [status, pages] of columns) {
      const before = pages.items.find((item) => item.id === id);
      if (status !== to || !lead) {
        if (!before) continue;
        pages.change((items) => items.filter((item) => item.id !== id));
        touched.add(status);
        continue;
      }
      // Events have no photo URL, as it would expire.
      const photoUrl = before && before.photo === lead.photo ? before.photoUrl : undefined;
      const { photoUrl: _, ...rest } = lead;
      const shown = { ...rest, ...(photoUrl ? { photoUrl } : {}) };
      if (before) {
        pages.change((items) => items.map((item) => (item.id === id ? shown : item)));
        continue;
      }
      touched.add(status);
      const last = pages.items.at(-1);
      // Further down than what was read: scrolling will read it.
      if (pages.more && last && newestFirst(lead, last) > 0) continue;
      pages.change((items) => [...items.filter((item) => item.id !== id), shown].sort(newestFirst));
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
      // The answer of the move under way decides.
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
        // Its latest state counts, and of its status the first one, which another column lost.
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
