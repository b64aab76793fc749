// Moves of leads between columns of the board: shown at once, sent in order, and reverted if the API refuses them.

import { useRef } from "preact/hooks";
import { api, describeError, type LeadStatus, type LeadSummary, RequestError, unwrap } from "../app/api";
import { useTeam } from "../app/team";
import { getDisplayName } from "../ui/face";
import type { PagedList } from "../ui/loading";
import { reportFailure, showToast } from "../ui/toast";

/** The pages of each column, by the id of its status. */
export type BoardColumns = Map<number, PagedList<LeadSummary>>;

/** Compares leads as the API orders lists: by creation time, newest first. */
export const compareNewestFirst = (a: LeadSummary, b: LeadSummary): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id - a.id;

/** For this long after a move, an event from the feed may still contain the previous status of the lead. */
const STALE_EVENT_PERIOD_MS = 15_000;

/** The moves of one lead that the API has not answered yet. */
interface MoveQueue {
  lastMove: Promise<void>;
  /** The lead as it will be after all moves of this queue. */
  movedLead: LeadSummary;
  length: number;
  /** Id of the status before the first pending move. Undo moves the lead back to this status. */
  firstStatusId: number;
  /** Id of the status that the API has stored. */
  storedStatusId: number;
}

/** The leads of a column that one request has read. */
interface ColumnPage {
  items: LeadSummary[];
  count: number;
}

export interface BoardMoves {
  move: (lead: LeadSummary, to: LeadStatus) => void;
  /** Whether a move of a lead is pending. */
  isMoving: (lead: number) => boolean;
  /** Whether a lead was moved so recently that an event may carry its earlier status. */
  isRecentlyMoved: (lead: number) => boolean;
  /**
   * Corrects a page of a column that was requested before the API had stored all moves: removes leads that the user has
   * moved out of the column, and adds to its first page leads that the user has moved into it and that match the
   * filters (`matchesFilters`).
   */
  applyMoves: <Page extends ColumnPage>(
    page: Page,
    request: {
      status: number;
      requestedAtMs: number;
      isFirstPage: boolean;
      matchesFilters: (lead: LeadSummary) => boolean;
    },
  ) => Page;
}

/** Returns the functions that move leads. `recount` reads the number of leads of columns again. */
export function useMoves(columns: BoardColumns, recount: (statuses: number[]) => void): BoardMoves {
  const { statuses } = useTeam();
  const queuesRef = useRef(new Map<number, MoveQueue>());
  /** The latest finished move of each lead, by the lead's id: the time of the API's response, and the lead after the move. */
  const settledMovesRef = useRef(new Map<number, { atMs: number; lead: LeadSummary }>());
  const getStatusName = (status: number) => statuses.find(({ id }) => id === status)?.name ?? "";

  const moveLeadBetweenColumns = (lead: LeadSummary, to: number): LeadSummary => {
    const movedLead = { ...lead, statusId: to, status: getStatusName(to) };
    const filterOutMovedLead = (leads: LeadSummary[]) => leads.filter(({ id }) => id !== lead.id);
    columns.get(lead.statusId)?.updateItems(filterOutMovedLead, -1);
    columns.get(to)?.updateItems((leads) => [...filterOutMovedLead(leads), movedLead].sort(compareNewestFirst), 1);
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
      const toastText = `${getDisplayName(moved)} moved ${isUndo ? "back " : ""}to ${getStatusName(status)}`;
      const statusBeforeMoves = statuses.find(({ id }) => id === queue.firstStatusId && id !== status);
      const undoMove = () =>
        enqueueMove({ ...moved, statusId: status, status: getStatusName(status) }, queue.firstStatusId, true);
      showToast(toastText, statusBeforeMoves && !isUndo ? { undo: undoMove } : {});
    };
    try {
      await unwrap(api.PUT("/leads/change-status", { body: { ids: [moved.id], statusId: moved.statusId } }));
      queue.storedStatusId = moved.statusId;
      if (finishMove()) reportMove(moved.statusId);
    } catch (error) {
      const isRefused = error instanceof RequestError && (!error.isTemporary || error.status === 409);
      // If the API has not refused the move, its response was lost. The lead is read to find out whether it was moved.
      const pathParams = { id: moved.id };
      const storedLead = isRefused
        ? undefined
        : await unwrap(api.GET("/leads/{id}", { params: { path: pathParams } })).catch(() => undefined);
      if (storedLead) queue.storedStatusId = storedLead.statusId;
      // If a later move of the same lead is unfinished, that move decides the column, and nothing is reverted here.
      if (!finishMove()) return;
      if (queue.storedStatusId !== moved.statusId) moveLeadBetweenColumns(moved, queue.storedStatusId);
      const leadName = getDisplayName(moved);
      if (isRefused)
        reportFailure(`${leadName} stays in ${getStatusName(queue.storedStatusId)}. ${describeError(error)}`);
      else if (storedLead) reportMove(storedLead.statusId);
      else reportFailure(`${leadName} may not have been moved to ${moved.status}. ${describeError(error)}`);
    } finally {
      const statusId = queue.storedStatusId;
      const settledLead = { ...moved, statusId, status: getStatusName(statusId) };
      settledMovesRef.current.set(moved.id, { atMs: Date.now(), lead: settledLead });
    }
  };

  const enqueueMove = (lead: LeadSummary, to: number, isUndo = false): Promise<void> => {
    const movedLead = moveLeadBetweenColumns(lead, to);
    const queue = queuesRef.current.get(lead.id);
    const lastMove = (queue?.lastMove ?? Promise.resolve()).then(() => sendMove(movedLead, isUndo));
    if (queue) Object.assign(queue, { lastMove, movedLead, length: queue.length + 1 });
    else
      queuesRef.current.set(lead.id, {
        lastMove,
        movedLead,
        length: 1,
        firstStatusId: lead.statusId,
        storedStatusId: lead.statusId,
      });
    // Counts both columns again, because other users may also have moved leads between them.
    return lastMove.then(() => recount([lead.statusId, to]));
  };

  return {
    move: (lead, to) => {
      if (lead.statusId !== to.id) enqueueMove(lead, to.id);
    },
    isMoving: (lead) => queuesRef.current.has(lead),
    isRecentlyMoved: (lead) => Date.now() - (settledMovesRef.current.get(lead)?.atMs ?? 0) < STALE_EVENT_PERIOD_MS,
    applyMoves: (page, { status, requestedAtMs, isFirstPage, matchesFilters }) => {
      const movedLeadsById = new Map<number, LeadSummary>();
      for (const [id, settled] of settledMovesRef.current)
        if (settled.atMs > requestedAtMs) movedLeadsById.set(id, settled.lead);
      for (const [id, { movedLead }] of queuesRef.current) movedLeadsById.set(id, movedLead);
      const keptItems = page.items.filter(({ id }) => (movedLeadsById.get(id)?.statusId ?? status) === status);
      const keptIds = new Set(keptItems.map(({ id }) => id));
      const isMissing = (lead: LeadSummary) =>
        lead.statusId === status && !keptIds.has(lead.id) && matchesFilters(lead);
      const addedItems = isFirstPage ? [...movedLeadsById.values()].filter(isMissing) : [];
      if (keptItems.length === page.items.length && addedItems.length === 0) return page;
      const items = [...keptItems, ...addedItems];
      if (addedItems.length > 0) items.sort(compareNewestFirst);
      return { ...page, items, count: page.count + items.length - page.items.length };
    },
  };
}
