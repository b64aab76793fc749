// Moves of leads between columns of the board: shown at once, sent in order, and reverted if the API refuses them.

import { useRef } from "preact/hooks";
import { api, describeError, getDataOrThrow, type LeadStatus, type LeadSummary, RequestError } from "../app/api";
import { useTeam } from "../app/team";
import { getDisplayName } from "../ui/face";
import type { PagedList } from "../ui/loading";
import { showFailureAlert, showToast } from "../ui/toast";

/** The pages of each column, by the id of its status. */
export type BoardColumnsByStatusId = Map<number, PagedList<LeadSummary>>;

/** Compares leads as the API orders lists: by creation time, newest first. */
export const compareLeadsNewestFirst = (a: LeadSummary, b: LeadSummary): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id - a.id;

/** For this long after a move, an event from the feed may still contain the previous status of the lead. */
const STALE_EVENTS_AFTER_MOVE_MS = 15_000;

/** The moves of one lead that the API has not answered yet. */
interface LeadMoveQueue {
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
interface BoardColumnPage {
  items: LeadSummary[];
  count: number;
}

export interface BoardMoveFunctions {
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
  applyMoves: <Page extends BoardColumnPage>(
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
export function useBoardLeadMoves(
  columns: BoardColumnsByStatusId,
  recount: (statuses: number[]) => void,
): BoardMoveFunctions {
  const { statuses } = useTeam();
  const moveQueuesByLeadIdRef = useRef(new Map<number, LeadMoveQueue>());
  /** The latest finished move of each lead, by the lead's id: the time of the API's response, and the lead after the move. */
  const settledMovesByLeadIdRef = useRef(new Map<number, { atMs: number; lead: LeadSummary }>());
  const getStatusName = (status: number) => statuses.find(({ id }) => id === status)?.name ?? "";

  const showLeadInNewColumn = (lead: LeadSummary, to: number): LeadSummary => {
    const leadWithNewStatus = { ...lead, statusId: to, status: getStatusName(to) };
    const filterOutMovedLead = (leads: LeadSummary[]) => leads.filter(({ id }) => id !== lead.id);
    columns.get(lead.statusId)?.updateItems(filterOutMovedLead, -1);
    columns
      .get(to)
      ?.updateItems((leads) => [...filterOutMovedLead(leads), leadWithNewStatus].sort(compareLeadsNewestFirst), 1);
    return leadWithNewStatus;
  };

  const sendLeadMove = async (moved: LeadSummary, isUndo: boolean): Promise<void> => {
    const leadMoveQueue = moveQueuesByLeadIdRef.current.get(moved.id);
    if (!leadMoveQueue) return;
    const dequeueMoveAndCheckIfEmpty = () => {
      leadMoveQueue.length -= 1;
      if (leadMoveQueue.length === 0) moveQueuesByLeadIdRef.current.delete(moved.id);
      return leadMoveQueue.length === 0;
    };
    const showMoveToast = (status: number) => {
      const moveToastText = `${getDisplayName(moved)} moved ${isUndo ? "back " : ""}to ${getStatusName(status)}`;
      const statusBeforeMoves = statuses.find(({ id }) => id === leadMoveQueue.firstStatusId && id !== status);
      const undoLeadMove = () =>
        enqueueLeadMove(
          { ...moved, statusId: status, status: getStatusName(status) },
          leadMoveQueue.firstStatusId,
          true,
        );
      showToast(moveToastText, statusBeforeMoves && !isUndo ? { undo: undoLeadMove } : {});
    };
    try {
      await getDataOrThrow(api.PUT("/leads/change-status", { body: { ids: [moved.id], statusId: moved.statusId } }));
      leadMoveQueue.storedStatusId = moved.statusId;
      if (dequeueMoveAndCheckIfEmpty()) showMoveToast(moved.statusId);
    } catch (error) {
      const isMoveRefused = error instanceof RequestError && (!error.isTemporary || error.status === 409);
      // If the API has not refused the move, its response was lost. The lead is read to find out whether it was moved.
      const leadPathParams = { id: moved.id };
      const leadFromApi = isMoveRefused
        ? undefined
        : await getDataOrThrow(api.GET("/leads/{id}", { params: { path: leadPathParams } })).catch(() => undefined);
      if (leadFromApi) leadMoveQueue.storedStatusId = leadFromApi.statusId;
      // This move has failed. If a later move of the same lead is unfinished, that move decides the column, so the lead
      // is not moved back here.
      if (!dequeueMoveAndCheckIfEmpty()) return;
      if (leadMoveQueue.storedStatusId !== moved.statusId) showLeadInNewColumn(moved, leadMoveQueue.storedStatusId);
      const leadName = getDisplayName(moved);
      if (isMoveRefused)
        showFailureAlert(
          `${leadName} stays in ${getStatusName(leadMoveQueue.storedStatusId)}. ${describeError(error)}`,
        );
      else if (leadFromApi) showMoveToast(leadFromApi.statusId);
      else showFailureAlert(`${leadName} may not have been moved to ${moved.status}. ${describeError(error)}`);
    } finally {
      const storedStatusId = leadMoveQueue.storedStatusId;
      const leadAfterMove = { ...moved, statusId: storedStatusId, status: getStatusName(storedStatusId) };
      settledMovesByLeadIdRef.current.set(moved.id, { atMs: Date.now(), lead: leadAfterMove });
    }
  };

  const enqueueLeadMove = (lead: LeadSummary, to: number, isUndo = false): Promise<void> => {
    const leadWithNewStatus = showLeadInNewColumn(lead, to);
    const leadMoveQueue = moveQueuesByLeadIdRef.current.get(lead.id);
    const newLeadMovePromise = (leadMoveQueue?.lastMove ?? Promise.resolve()).then(() =>
      sendLeadMove(leadWithNewStatus, isUndo),
    );
    if (leadMoveQueue)
      Object.assign(leadMoveQueue, {
        lastMove: newLeadMovePromise,
        movedLead: leadWithNewStatus,
        length: leadMoveQueue.length + 1,
      });
    else
      moveQueuesByLeadIdRef.current.set(lead.id, {
        lastMove: newLeadMovePromise,
        movedLead: leadWithNewStatus,
        length: 1,
        firstStatusId: lead.statusId,
        storedStatusId: lead.statusId,
      });
    // Counts both columns again, because other users may also have moved leads between them.
    return newLeadMovePromise.then(() => recount([lead.statusId, to]));
  };

  return {
    move: (lead, to) => {
      if (lead.statusId !== to.id) enqueueLeadMove(lead, to.id);
    },
    isMoving: (lead) => moveQueuesByLeadIdRef.current.has(lead),
    isRecentlyMoved: (lead) =>
      Date.now() - (settledMovesByLeadIdRef.current.get(lead)?.atMs ?? 0) < STALE_EVENTS_AFTER_MOVE_MS,
    applyMoves: (page, { status, requestedAtMs, isFirstPage, matchesFilters }) => {
      const movedLeadsById = new Map<number, LeadSummary>();
      for (const [id, settled] of settledMovesByLeadIdRef.current)
        if (settled.atMs > requestedAtMs) movedLeadsById.set(id, settled.lead);
      for (const [id, { movedLead }] of moveQueuesByLeadIdRef.current) movedLeadsById.set(id, movedLead);
      const leadsStillInColumn = page.items.filter(({ id }) => (movedLeadsById.get(id)?.statusId ?? status) === status);
      const leadIdsStillInColumn = new Set(leadsStillInColumn.map(({ id }) => id));
      const checkLeadMissingInPage = (lead: LeadSummary) =>
        lead.statusId === status && !leadIdsStillInColumn.has(lead.id) && matchesFilters(lead);
      const leadsMovedIntoColumn = isFirstPage ? [...movedLeadsById.values()].filter(checkLeadMissingInPage) : [];
      if (leadsStillInColumn.length === page.items.length && leadsMovedIntoColumn.length === 0) return page;
      const correctedPageLeads = [...leadsStillInColumn, ...leadsMovedIntoColumn];
      if (leadsMovedIntoColumn.length > 0) correctedPageLeads.sort(compareLeadsNewestFirst);
      return { ...page, items: correctedPageLeads, count: page.count + correctedPageLeads.length - page.items.length };
    },
  };
}
