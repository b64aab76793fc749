// A column for each status; dragging a lead into another, or a key, changes its status.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ActingSelect } from "./acting-select";
import { type LeadSummary, leadPage, type Status } from "./api";
import { More, type Pages, usePages } from "./loading";
import { useMoves } from "./moves";
import { fullName, number, Photo, StatusName, Time } from "./person";
import { BusinessSelect, useTeam } from "./team";

const PAGE = 25;

interface Moves {
  mayMove: boolean;
  move: (lead: LeadSummary, to: Status) => void;
  /** The lead that was moved last. */
  moving: { current: number };
  onKeyDown: (event: KeyboardEvent) => void;
}

export function Board(): JSX.Element {
  const { statuses, mayWrite } = useTeam();
  const [business, setBusiness] = useState(0);
  const columns = useRef(new Map<number, Pages<LeadSummary>>());
  const board = useRef<HTMLDivElement>(null);
  /** The lead that was moved last. */
  const moving = useRef(0);

  const write = useMoves(columns.current, business);
  const move: Moves["move"] = (lead, to) => {
    if (lead.statusId === to.id) return;
    moving.current = lead.id;
    write(lead, to);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>("[data-lead]");
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!card || !step) return;
    event.preventDefault();
    const [across = 0, down = 0] = step;
    const column = statuses.findIndex(({ id }) => String(id) === card.dataset.status);
    const beside = statuses[column + across];
    if (event.shiftKey && across) {
      const lead = columns.current
        .get(statuses[column]?.id ?? 0)
        ?.items.find(({ id }) => String(id) === card.dataset.lead);
      if (mayWrite && lead && beside) move(lead, beside);
      return;
    }
    const cards = (status: number | undefined) =>
      Array.from(board.current?.querySelectorAll<HTMLElement>(`[data-status="${status}"]`) ?? []);
    const row = cards(statuses[column]?.id).indexOf(card);
    const target = across ? cards(beside?.id) : cards(statuses[column]?.id);
    const next = across ? target[Math.min(row, target.length - 1)] : target[row + down];
    next?.querySelector("a")?.focus();
  };

  return (
    <>
      <div class="title">
        <h1>Board</h1>
        <BusinessSelect business={business} choose={setBusiness} />
      </div>
      <p id="board-keys" class="unseen">
        Arrow keys go from lead to lead.{mayWrite ? " With Shift, left and right change the status." : ""}
      </p>
      <div class="board" ref={board}>
        {statuses.map((status) => (
          <Column
            key={`${status.id} ${business}`}
            status={status}
            business={business}
            columns={columns.current}
            moves={{ mayMove: mayWrite, move, moving, onKeyDown }}
          />
        ))}
      </div>
    </>
  );
}

interface ColumnProps {
  status: Status;
  business: number;
  columns: Map<number, Pages<LeadSummary>>;
  moves: Moves;
}

/** The lead that is being dragged: browsers do not tell of what before it is dropped. */
let dragged: LeadSummary | undefined;

function Column({ status, business, columns, moves }: ColumnProps): JSX.Element {
  const [over, setOver] = useState(false);
  const leads = usePages<LeadSummary>(
    (cursor) => {
      const query = { status: [status.id], limit: PAGE, ...(business ? { business: [business] } : {}) };
      return leadPage(query, cursor);
    },
    [status.id, business],
  );
  columns.set(status.id, leads);
  return (
    <section
      class={over ? "column over" : "column"}
      aria-label={status.name}
      style={{ "--status": status.primaryColor }}
      onDragOver={(event) => {
        if (!dragged || dragged.statusId === status.id) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (dragged) moves.move(dragged, status);
        dragged = undefined;
      }}
    >
      <h2>
        <StatusName status={status} />{" "}
        <span class="count">{leads.count === undefined ? "" : number.format(leads.count)}</span>
      </h2>
      <ul>
        {leads.items.map((lead) => (
          <Card key={lead.id} lead={lead} moves={moves} />
        ))}
        <li class="end">
          {leads.count === 0 && !leads.busy ? <p class="quiet">No leads.</p> : null}
          <More of={leads} />
        </li>
      </ul>
    </section>
  );
}

function Card({ lead, moves: { mayMove, move, moving, onKeyDown } }: { lead: LeadSummary; moves: Moves }): JSX.Element {
  const { statuses } = useTeam();
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    // A lead that was moved is another element, and nothing has the focus that its card had.
    if (moving.current === lead.id && document.activeElement === document.body) link.current?.focus();
  }, []);
  return (
    <li
      class="card"
      data-lead={lead.id}
      data-status={lead.statusId}
      draggable={mayMove}
      onDragStart={(event) => {
        dragged = lead;
        event.dataTransfer?.setData("text/plain", fullName(lead));
      }}
      onDragEnd={() => {
        dragged = undefined;
      }}
    >
      <Photo of={lead} />
      <div>
        <a ref={link} href={`#/leads/${lead.id}`} draggable={false} aria-describedby="board-keys" onKeyDown={onKeyDown}>
          {fullName(lead)}
        </a>
        <p class="quiet">{lead.company || lead.email}</p>
        <p class="quiet">
          <Time at={lead.createdAt} day />
          {lead.business.length > 0 ? ` · ${lead.business.map(({ name }) => name).join(", ")}` : ""}
        </p>
      </div>
      {mayMove ? (
        <ActingSelect
          label={`Status of ${fullName(lead)}`}
          value={String(lead.statusId)}
          options={statuses.map(({ id, name }) => ({ value: String(id), name }))}
          act={(value) => {
            const to = statuses.find(({ id }) => String(id) === value);
            if (to) move(lead, to);
          }}
        />
      ) : null}
    </li>
  );
}
