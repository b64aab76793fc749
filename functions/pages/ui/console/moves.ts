// Leads that are moved from status to status: shown at once, written in their order, and put back where they are when refused.

import { useRef } from "preact/hooks";
import { api, type LeadSummary, ok, Refused, type Status, told } from "./api";
import type { Pages } from "./loading";
import { complain, say } from "./messages";
import { fullName } from "./person";
import { useTeam } from "./team";

/** As lists are in order: newest first. */
const newestFirst = (a: LeadSummary, b: LeadSummary): number => b.createdAt.localeCompare(a.createdAt) || b.id - a.id;

/** What is under way of one lead. */
interface Moves {
  last: Promise<void>;
  count: number;
  /** The status that is written. */
  written: number;
}

type Columns = Map<number, Pages<LeadSummary>>;

/** Moves a lead between the columns of a board that shows one business, or all (0). */
export function useMoves(columns: Columns, business: number): (lead: LeadSummary, to: Status) => void {
  const { statuses } = useTeam();
  const moves = useRef(new Map<number, Moves>());
  const counting = useRef(0);
  const named = (status: number) => statuses.find(({ id }) => id === status)?.name ?? "";

  const transfer = (lead: LeadSummary, to: number): LeadSummary => {
    const moved = { ...lead, statusId: to, status: named(to) };
    const others = (leads: LeadSummary[]) => leads.filter(({ id }) => id !== lead.id);
    columns.get(lead.statusId)?.change(others, -1);
    columns.get(to)?.change((leads) => [...others(leads), moved].sort(newestFirst), 1);
    return moved;
  };

  const recount = async (ids: number[]) => {
    counting.current += 1;
    const number = counting.current;
    const shown = ids.map((id) => columns.get(id));
    const counts = await Promise.all(
      ids.map(async (status) => {
        const query = { status: [status], limit: 1, ...(business ? { business: [business] } : {}) };
        return (await ok(api.GET("/leads", { params: { query } }))).count;
      }),
    );
    // A count of before a later move is none.
    if (number !== counting.current) return;
    for (const [at, pages] of shown.entries()) pages?.setCount(counts[at] ?? 0);
  };

  const write = async (moved: LeadSummary): Promise<void> => {
    const move = moves.current.get(moved.id);
    if (!move) return;
    const isLast = () => {
      move.count -= 1;
      if (move.count === 0) moves.current.delete(moved.id);
      return move.count === 0;
    };
    const name = fullName(moved);
    try {
      await ok(api.PUT("/leads/change-status", { body: { ids: [moved.id], statusId: moved.statusId } }));
      move.written = moved.statusId;
      if (isLast()) say(`${name} is ${moved.status} now.`);
    } catch (error) {
      const decided = error instanceof Refused && (!error.passes || error.status === 409);
      // Where the answer was lost, the lead itself tells.
      const path = { id: moved.id };
      const read = decided ? undefined : await ok(api.GET("/leads/{id}", { params: { path } })).catch(() => undefined);
      if (read) move.written = read.statusId;
      // A later move decides where it stays.
      if (!isLast()) return;
      if (move.written !== moved.statusId) transfer(moved, move.written);
      if (decided) complain(`${name} stays ${named(move.written)}. ${told(error)}`);
      else if (read) say(`${name} is ${read.status}.`);
      else complain(`It is not known whether ${name} is ${moved.status}. ${told(error)}`);
    }
  };

  return (lead, to) => {
    const moved = transfer(lead, to.id);
    const before = moves.current.get(lead.id);
    const last = (before?.last ?? Promise.resolve()).then(() => write(moved));
    if (before) Object.assign(before, { last, count: before.count + 1 });
    else moves.current.set(lead.id, { last, count: 1, written: lead.statusId });
    // What others did meanwhile is counted too; the next page tells if this fails.
    last.then(() => recount([lead.statusId, to.id])).catch(() => undefined);
  };
}
