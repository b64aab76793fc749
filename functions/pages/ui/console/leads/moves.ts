// Moves of leads between columns of the board: shown at once, sent in order, and reverted if the API refuses them.

import { useRef } from "preact/hooks";
import { api, describeError, type LeadSummary, RequestError, type Status, unwrap } from "../app/api";
import { useTeam } from "../app/team";
import { fullName } from "../ui/face";
import type { PagedList } from "../ui/loading";
import { notify, reportFailure } from "../ui/toast";

/** The pages of each column, by the id of its status. */
export type Columns = Map<number, PagedList<LeadSummary>>;

/** Compares leads as the API orders lists: by creation time, newest first. */
export const newestFirst = (a: LeadSummary, b: LeadSummary): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id - a.id;

/** For this long after a move, the feed may still deliver an earlier state of the lead. */
const SETTLE_MS = 15_000;

/** The pending moves of one lead. */
interface Queue {
  last: Promise<void>;
  length: number;
  /** Id of the status before the first pending move. Undo returns to it. */
  first: number;
  /** Id of the status that the API has stored. */
  written: number;
}

export interface Moves {
  move: (lead: LeadSummary, to: Status) => void;
  /** Whether a move of a lead is pending. */
  isMoving: (lead: number) => boolean;
  /** Whether a lead was moved so recently that an event may carry its earlier status. */
  isSettling: (lead: number) => boolean;
}

/** Returns the functions that move leads. `recount` reads the number of leads of columns again. */
export function useMoves(columns: Columns, recount: (statuses: number[]) => void): Moves {
  const { statuses } = useTeam();
  const queues = useRef(new Map<number, Queue>());
  const settled = useRef(new Map<number, number>());
  const statusName = (status: number) => statuses.find(({ id }) => id === status)?.name ?? "";

  const transfer = (lead: LeadSummary, to: number): LeadSummary => {
    const moved = { ...lead, statusId: to, status: statusName(to) };
    const withoutIt = (leads: LeadSummary[]) => leads.filter(({ id }) => id !== lead.id);
    columns.get(lead.statusId)?.updateItems(withoutIt, -1);
    columns.get(to)?.updateItems((leads) => [...withoutIt(leads), moved].sort(newestFirst), 1);
    return moved;
  };

  const send = async (moved: LeadSummary, isUndo: boolean): Promise<void> => {
    const queue = queues.current.get(moved.id);
    if (!queue) return;
    const isLast = () => {
      queue.length -= 1;
      if (queue.length === 0) queues.current.delete(moved.id);
      return queue.length === 0;
    };
    const announce = (status: number) => {
      const text = `${fullName(moved)} moved ${isUndo ? "back " : ""}to ${statusName(status)}`;
      const before = statuses.find(({ id }) => id === queue.first && id !== status);
      const undo = () => enqueue({ ...moved, statusId: status, status: statusName(status) }, queue.first, true);
      notify(text, before && !isUndo ? { undo } : {});
    };
    try {
      await unwrap(api.PUT("/leads/change-status", { body: { ids: [moved.id], statusId: moved.statusId } }));
      queue.written = moved.statusId;
      if (isLast()) announce(moved.statusId);
    } catch (error) {
      const isRefused = error instanceof RequestError && (!error.isTemporary || error.status === 409);
      // If the response was lost, the lead is read to find out whether it was moved.
      const path = { id: moved.id };
      const read = isRefused
        ? undefined
        : await unwrap(api.GET("/leads/{id}", { params: { path } })).catch(() => undefined);
      if (read) queue.written = read.statusId;
      // A later move of the lead is pending and decides its column.
      if (!isLast()) return;
      if (queue.written !== moved.statusId) transfer(moved, queue.written);
      const name = fullName(moved);
      if (isRefused) reportFailure(`${name} stays in ${statusName(queue.written)}. ${describeError(error)}`);
      else if (read) announce(read.statusId);
      else reportFailure(`${name} may not have been moved to ${moved.status}. ${describeError(error)}`);
    } finally {
      settled.current.set(moved.id, Date.now());
    }
  };

  const enqueue = (lead: LeadSummary, to: number, isUndo = false): Promise<void> => {
    const moved = transfer(lead, to);
    const queue = queues.current.get(lead.id);
    const last = (queue?.last ?? Promise.resolve()).then(() => send(moved, isUndo));
    if (queue) Object.assign(queue, { last, length: queue.length + 1 });
    else queues.current.set(lead.id, { last, length: 1, first: lead.statusId, written: lead.statusId });
    // Other users may have moved leads of these columns in the meantime.
    return last.then(() => recount([lead.statusId, to]));
  };

  return {
    move: (lead, to) => {
      if (lead.statusId !== to.id) enqueue(lead, to.id);
    },
    isMoving: (lead) => queues.current.has(lead),
    isSettling: (lead) => Date.now() - (settled.current.get(lead) ?? 0) < SETTLE_MS,
  };
}
