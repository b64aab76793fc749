// Moves of leads between columns of the board: shown at once, sent in order, and reverted if the API refuses them.

import { useRef } from "preact/hooks";
import { api, describeError, type LeadSummary, RequestError, type Status, unwrap } from "../app/api";
import { useTeam } from "../app/team";
import { fullName } from "../ui/face";
import type { PagedList } from "../ui/loading";
import { notify, reportFailure } from "../ui/toast";

/** The pages of each column, by the id of its status. */
export type BoardColumns = Map<number, PagedList<LeadSummary>>;

/** Compares leads as the API orders lists: by creation time, newest first. */
export const compareNewestFirst = (a: LeadSummary, b: LeadSummary): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id - a.id;

/** For this long after a move, the feed may still deliver an earlier state of the lead. */
const SETTLE_MS = 15_000;

/** The pending moves of one lead. */
interface MoveQueue {
  lastMove: Promise<void>;
  length: number;
  /** Id of the status before the first pending move. Undo returns to it. */
  firstStatusId: number;
  /** Id of the status that the API has stored. */
  storedStatusId: number;
}

export interface BoardMoves {
  move: (lead: LeadSummary, to: Status) => void;
  /** Whether a move of a lead is pending. */
  isMoving: (lead: number) => boolean;
  /** Whether a lead was moved so recently that an event may carry its earlier status. */
  isRecentlyMoved: (lead: number) => boolean;
}

/** Returns the functions that move leads. `recount` reads the number of leads of columns again. */
export function useMoves(columns: BoardColumns, recount: (statuses: number[]) => void): BoardMoves {
  const { statuses } = useTeam();
  const queuesRef = useRef(new Map<number, MoveQueue>());
  const settledAtRef = useRef(new Map<number, number>());
  const getStatusName = (status: number) => statuses.find(({ id }) => id === status)?.name ?? "";

  const transferLead = (lead: LeadSummary, to: number): LeadSummary => {
    const movedLead = { ...lead, statusId: to, status: getStatusName(to) };
    const removeLead = (leads: LeadSummary[]) => leads.filter(({ id }) => id !== lead.id);
    columns.get(lead.statusId)?.updateItems(removeLead, -1);
    columns.get(to)?.updateItems((leads) => [...removeLead(leads), movedLead].sort(compareNewestFirst), 1);
    return movedLead;
  };

  const sendMove = async (moved: LeadSummary, isUndo: boolean): Promise<void> => {
    const queue = queuesRef.current.get(moved.id);
    if (!queue) return;
    const finishMove = () => {
      queue.length -= 1;
      if (queue.length === 0) queuesRef.current.delete(moved.id);
      return queue.length === 0;
    };
    const reportMove = (status: number) => {
      const message = `${fullName(moved)} moved ${isUndo ? "back " : ""}to ${getStatusName(status)}`;
      const firstStatus = statuses.find(({ id }) => id === queue.firstStatusId && id !== status);
      const undoMove = () =>
        enqueueMove({ ...moved, statusId: status, status: getStatusName(status) }, queue.firstStatusId, true);
      notify(message, firstStatus && !isUndo ? { undo: undoMove } : {});
    };
    try {
      await unwrap(api.PUT("/leads/change-status", { body: { ids: [moved.id], statusId: moved.statusId } }));
      queue.storedStatusId = moved.statusId;
      if (finishMove()) reportMove(moved.statusId);
    } catch (error) {
      const isRefused = error instanceof RequestError && (!error.isTemporary || error.status === 409);
      // If the response was lost, the lead is read to find out whether it was moved.
      const path = { id: moved.id };
      const storedLead = isRefused
        ? undefined
        : await unwrap(api.GET("/leads/{id}", { params: { path } })).catch(() => undefined);
      if (storedLead) queue.storedStatusId = storedLead.statusId;
      // A later move of the lead is pending and decides its column.
      if (!finishMove()) return;
      if (queue.storedStatusId !== moved.statusId) transferLead(moved, queue.storedStatusId);
      const leadName = fullName(moved);
      if (isRefused)
        reportFailure(`${leadName} stays in ${getStatusName(queue.storedStatusId)}. ${describeError(error)}`);
      else if (storedLead) reportMove(storedLead.statusId);
      else reportFailure(`${leadName} may not have been moved to ${moved.status}. ${describeError(error)}`);
    } finally {
      settledAtRef.current.set(moved.id, Date.now());
    }
  };

  const enqueueMove = (lead: LeadSummary, to: number, isUndo = false): Promise<void> => {
    const movedLead = transferLead(lead, to);
    const queue = queuesRef.current.get(lead.id);
    const lastMove = (queue?.lastMove ?? Promise.resolve()).then(() => sendMove(movedLead, isUndo));
    if (queue) Object.assign(queue, { lastMove, length: queue.length + 1 });
    else
      queuesRef.current.set(lead.id, {
        lastMove,
        length: 1,
        firstStatusId: lead.statusId,
        storedStatusId: lead.statusId,
      });
    // Other users may have moved leads of these columns in the meantime.
    return lastMove.then(() => recount([lead.statusId, to]));
  };

  return {
    move: (lead, to) => {
      if (lead.statusId !== to.id) enqueueMove(lead, to.id);
    },
    isMoving: (lead) => queuesRef.current.has(lead),
    isRecentlyMoved: (lead) => Date.now() - (settledAtRef.current.get(lead) ?? 0) < SETTLE_MS,
  };
}
