// A column of the board, its header, and the cards of its leads.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LeadSummary, Status } from "../app/api";
import { Avatar, fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import { LoadMore, type PagedList, usePagedList } from "../ui/loading";
import { Popover } from "../ui/menu";
import { EmptyState } from "../ui/states";
import { StatusMenu } from "../ui/status";
import { formatCount, RelativeTime } from "../ui/time";
import { leadUrl, orderedLeadIds } from "./open-lead";

/** State and callbacks of the board that its cards use. */
export interface BoardActions {
  mayMove: boolean;
  move: (lead: LeadSummary, to: Status) => void;
  /** Id of the moved lead, whose card takes the focus when the card appears in another column. */
  focusedLeadRef: { current: number };
  /** The lead that is being dragged. Browsers reveal the data of a drag only on drop, so columns read the lead here. */
  draggedLeadRef: { current: LeadSummary | undefined };
  onCardKeyDown: (event: KeyboardEvent) => void;
}

/** The list shows the same text when a search was incomplete. */
const INCOMPLETE_MESSAGE = "Not everything was read: another word narrows it";

interface ColumnProps {
  status: Status;
  readLeads: (
    status: number,
    cursor: string | undefined,
  ) => Promise<{ items: LeadSummary[]; count?: number; isPartial?: boolean }>;
  /** Changes with the search and the filters, so that the column reads its leads again. */
  filterKey: string;
  openLead: number | undefined;
  register: (pages: PagedList<LeadSummary>) => void;
  onEmpty: (isEmpty: boolean) => void;
  /** Whether this is the first column and the team has no leads, so that the column shows how to add the first one. */
  showsFirstLeadHint: boolean;
  actions: BoardActions;
}

export function Column(props: ColumnProps): JSX.Element {
  const { status, readLeads, filterKey, openLead, register, onEmpty, showsFirstLeadHint, actions } = props;
  const [isOver, setOver] = useState(false);
  // Each column has one Tab stop. Arrow keys move the focus between cards.
  const [tabStop, setTabStop] = useState(0);
  const pagedLeads = usePagedList<LeadSummary>((cursor) => readLeads(status.id, cursor), [status.id, filterKey]);
  register(pagedLeads);
  const headingId = `column-${status.id}`;
  const { draggedLeadRef } = actions;
  const isEmpty = pagedLeads.count === 0 && !pagedLeads.isBusy && !pagedLeads.error;
  useEffect(() => {
    if (!pagedLeads.isBusy) onEmpty(isEmpty);
  }, [isEmpty, pagedLeads.isBusy]);
  // Previous and next in the lead panel (J, K) follow the column of the open lead.
  const leadIdList = pagedLeads.items.some(({ id }) => id === openLead)
    ? pagedLeads.items.map(({ id }) => id).join(" ")
    : "";
  useEffect(() => {
    if (leadIdList) orderedLeadIds.value = leadIdList.split(" ").map(Number);
  }, [leadIdList]);
  const tabStopId = pagedLeads.items.some(({ id }) => id === tabStop) ? tabStop : pagedLeads.items[0]?.id;
  return (
    <section
      class={isOver ? "over" : undefined}
      aria-labelledby={headingId}
      onDragOver={(event) => {
        if (!draggedLeadRef.current || draggedLeadRef.current.statusId === status.id) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (draggedLeadRef.current) actions.move(draggedLeadRef.current, status);
        draggedLeadRef.current = undefined;
      }}
    >
      <h2 data-color={status.primaryColor}>
        <span class="dot" aria-hidden="true" />
        <span id={headingId} class="cut" title={status.name}>
          <bdi>{status.name}</bdi>
        </span>
        <span class="count" title={pagedLeads.isPartial ? INCOMPLETE_MESSAGE : undefined}>
          {pagedLeads.count === undefined ? "" : formatCount(pagedLeads.count)}
          {pagedLeads.isPartial ? "+" : ""}
        </span>
        {actions.mayMove ? (
          <a
            class="btn icon ghost little push wide"
            href={`#/new?status=${status.id}`}
            aria-label={`New lead in ${status.name}`}
            title={`New lead in ${status.name}`}
          >
            <Icon name="plus" />
          </a>
        ) : null}
      </h2>
      <ol aria-labelledby={headingId}>
        {pagedLeads.items.map((lead) => (
          <Card
            key={lead.id}
            lead={lead}
            isOpen={lead.id === openLead}
            isTabStop={lead.id === tabStopId}
            onFocus={() => setTabStop(lead.id)}
            actions={actions}
          />
        ))}
        <li class="end">
          {showsFirstLeadHint ? (
            <FirstLeadHint mayWrite={actions.mayMove} />
          ) : isEmpty ? (
            <p class="quiet small">{pagedLeads.isPartial ? INCOMPLETE_MESSAGE : "No leads"}</p>
          ) : null}
          {pagedLeads.items.length === 0 && pagedLeads.isBusy && !pagedLeads.error ? (
            <CardSkeletons />
          ) : (
            <LoadMore pagedList={pagedLeads} />
          )}
        </li>
      </ol>
    </section>
  );
}

function FirstLeadHint({ mayWrite }: { mayWrite: boolean }): JSX.Element {
  if (!mayWrite) return <p class="quiet small">There are no leads yet</p>;
  return (
    <EmptyState
      icon="inbox"
      title="There are no leads yet"
      text={
        <>
          <a href="#/new">Add the first one</a>, <a href="#/import">import a file</a> or let a form of your site send
          them.
        </>
      }
    />
  );
}

/** Placeholders for three cards while a column is read for the first time. */
function CardSkeletons(): JSX.Element {
  return (
    <div class="skeleton bones" role="status" aria-label="Loading">
      {[0, 1, 2].map((at) => (
        <div key={at} class="card">
          <span class="bone" />
          <span class="bone short" />
        </div>
      ))}
    </div>
  );
}

interface CardProps {
  lead: LeadSummary;
  isOpen: boolean;
  isTabStop: boolean;
  onFocus: () => void;
  actions: BoardActions;
}

function Card({ lead, isOpen, isTabStop, onFocus, actions }: CardProps): JSX.Element {
  const linkRef = useRef<HTMLAnchorElement>(null);
  const [carried, setCarried] = useState<"" | "held" | "left">("");
  const { mayMove, draggedLeadRef, focusedLeadRef } = actions;
  useEffect(() => {
    // After a move to another column, the lead has a new card element. The new card takes the focus if the old card had it.
    if (focusedLeadRef.current === lead.id && document.activeElement === document.body) linkRef.current?.focus();
  }, []);
  const leadName = fullName(lead);
  return (
    <li class={carried === "left" ? "left" : undefined} data-lead={lead.id} data-status={lead.statusId}>
      <article
        class={`card${isOpen ? " open" : ""}${carried === "held" ? " held" : ""}`}
        draggable={mayMove}
        onDragStart={(event) => {
          draggedLeadRef.current = lead;
          event.dataTransfer?.setData("text/plain", leadName);
          if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
          // The browser captures the drag image right after this handler, before Preact renders, so the tilted style is set on
          // the element itself. The timeout hides the card in its column after the capture.
          event.currentTarget.classList.add("held");
          setTimeout(() => setCarried("left"));
        }}
        onDragEnd={() => {
          draggedLeadRef.current = undefined;
          setCarried("");
        }}
      >
        <h3 class="cut">
          <a
            ref={linkRef}
            href={leadUrl(lead.id)}
            title={leadName}
            draggable={false}
            tabIndex={isTabStop ? 0 : -1}
            aria-describedby="board-keys"
            aria-current={isOpen ? "true" : undefined}
            onFocus={onFocus}
            onKeyDown={actions.onCardKeyDown}
          >
            <bdi>{leadName}</bdi>
          </a>
        </h3>
        <p class="quiet small cut" title={lead.company || lead.email}>
          <bdi>{lead.company || lead.email || " "}</bdi>
        </p>
        <span class="push">
          <Avatar person={lead} size="small" />
        </span>
        <div class="row">
          <span class="due">
            <RelativeTime at={lead.createdAt} />
          </span>
          <BusinessTags businesses={lead.business} />
        </div>
        {mayMove ? (
          <Popover
            popupRole="listbox"
            trigger={(props) => (
              <button
                type="button"
                class="btn icon little status"
                tabIndex={-1}
                aria-label={`Status of ${leadName}`}
                title="Status (S)"
                // This button has no Tab stop, because it only serves the pointer and the shortcut S. The focus moves to the
                // card's link.
                onFocus={() => linkRef.current?.focus()}
                {...props}
              >
                <Icon name="chevron-down" />
              </button>
            )}
          >
            {(close) => (
              <StatusMenu
                current={lead.statusId}
                onChoose={(status) => {
                  close();
                  actions.move(lead, status);
                }}
              />
            )}
          </Popover>
        ) : null}
      </article>
    </li>
  );
}

/** The first business by its name, and how many more there are: two names would be cut to a few letters each. */
function BusinessTags({ businesses }: { businesses: LeadSummary["business"] }): JSX.Element | null {
  const [first, ...others] = businesses;
  if (!first) return null;
  return (
    <>
      <span class="tag cut" title={first.name}>
        <bdi>{first.name}</bdi>
      </span>
      {others.length > 0 ? (
        <span class="tag" title={others.map(({ name }) => name).join(", ")}>
          +{others.length}
        </span>
      ) : null}
    </>
  );
}
