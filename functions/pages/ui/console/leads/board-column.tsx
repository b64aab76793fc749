// A column of the board, its header, and the cards of its leads.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LeadStatus, LeadSummary } from "../app/api";
import { Avatar, getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { type PagedList, PagedListFooter, usePagedList } from "../ui/loading";
import { Popover } from "../ui/menu";
import { EmptyState } from "../ui/states";
import { StatusMenu } from "../ui/status";
import { formatCount, RelativeTime } from "../ui/time";
import { buildLeadUrl, leadIdsInScreenOrderSignal } from "./open-lead";

/** State and callbacks of the board that its cards use. */
export interface BoardStateAndCallbacks {
  mayMove: boolean;
  moveLead: (lead: LeadSummary, to: LeadStatus) => void;
  /** Id of the moved lead, whose card takes the focus when the card appears in another column. */
  focusedLeadRef: { current: number };
  /** The lead that is being dragged. Browsers reveal the data of a drag only on drop, so columns read the lead here. */
  draggedLeadRef: { current: LeadSummary | undefined };
  onCardKeyDown: (event: KeyboardEvent) => void;
}

/** Shown if the search ended before it had read all leads. The list uses the same text. */
const INCOMPLETE_SEARCH_MESSAGE = "Not everything was read: another word narrows it";

interface BoardColumnProps {
  status: LeadStatus;
  readLeads: (
    status: number,
    cursor: string | undefined,
  ) => Promise<{ items: LeadSummary[]; count?: number; isPartial?: boolean }>;
  /** Changes with the search and the filters, so that the column reads its leads again. */
  filterKey: string;
  openLeadId: number | undefined;
  registerPages: (pages: PagedList<LeadSummary>) => void;
  onEmptyChange: (isEmpty: boolean) => void;
  /** Whether this is the first column and the team has no leads, so that the column shows how to add the first one. */
  showsFirstLeadHint: boolean;
  actions: BoardStateAndCallbacks;
}

export function BoardColumn(props: BoardColumnProps): JSX.Element {
  const { status, readLeads, filterKey, openLeadId, registerPages, onEmptyChange, showsFirstLeadHint, actions } = props;
  const [isDraggedOver, setDraggedOver] = useState(false);
  // Each column has one Tab stop. Arrow keys move the focus between cards.
  const [focusedLeadId, setFocusedLeadId] = useState(0);
  const columnLeadList = usePagedList<LeadSummary>((cursor) => readLeads(status.id, cursor), [status.id, filterKey]);
  registerPages(columnLeadList);
  const headingId = `column-${status.id}`;
  const { draggedLeadRef } = actions;
  const isColumnEmpty = columnLeadList.count === 0 && !columnLeadList.isBusy && !columnLeadList.error;
  useEffect(() => {
    if (!columnLeadList.isBusy) onEmptyChange(isColumnEmpty);
  }, [isColumnEmpty, columnLeadList.isBusy]);
  // Previous and next in the lead panel (J, K) follow the column of the open lead.
  const leadIdsText = columnLeadList.items.some(({ id }) => id === openLeadId)
    ? columnLeadList.items.map(({ id }) => id).join(" ")
    : "";
  useEffect(() => {
    if (leadIdsText) leadIdsInScreenOrderSignal.value = leadIdsText.split(" ").map(Number);
  }, [leadIdsText]);
  const tabStopLeadId = columnLeadList.items.some(({ id }) => id === focusedLeadId)
    ? focusedLeadId
    : columnLeadList.items[0]?.id;
  return (
    <section
      class={isDraggedOver ? "over" : undefined}
      aria-labelledby={headingId}
      onDragOver={(event) => {
        if (!draggedLeadRef.current || draggedLeadRef.current.statusId === status.id) return;
        event.preventDefault();
        setDraggedOver(true);
      }}
      onDragLeave={(event) => {
        if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget)))
          setDraggedOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setDraggedOver(false);
        if (draggedLeadRef.current) actions.moveLead(draggedLeadRef.current, status);
        draggedLeadRef.current = undefined;
      }}
    >
      <h2 data-color={status.primaryColor}>
        <span class="dot" aria-hidden="true" />
        <span id={headingId} class="cut" title={status.name}>
          <bdi>{status.name}</bdi>
        </span>
        <span class="count" title={columnLeadList.isPartial ? INCOMPLETE_SEARCH_MESSAGE : undefined}>
          {columnLeadList.count === undefined ? "" : formatCount(columnLeadList.count)}
          {columnLeadList.isPartial ? "+" : ""}
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
        {columnLeadList.items.map((lead) => (
          <LeadCard
            key={lead.id}
            lead={lead}
            isOpen={lead.id === openLeadId}
            isTabStop={lead.id === tabStopLeadId}
            onFocus={() => setFocusedLeadId(lead.id)}
            actions={actions}
          />
        ))}
        <li class="end">
          {showsFirstLeadHint ? (
            <FirstLeadHint mayWrite={actions.mayMove} />
          ) : isColumnEmpty ? (
            <p class="quiet small">{columnLeadList.isPartial ? INCOMPLETE_SEARCH_MESSAGE : "No leads"}</p>
          ) : null}
          {columnLeadList.items.length === 0 && columnLeadList.isBusy && !columnLeadList.error ? (
            <CardSkeletons />
          ) : (
            <PagedListFooter pagedList={columnLeadList} />
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

interface LeadCardProps {
  lead: LeadSummary;
  isOpen: boolean;
  isTabStop: boolean;
  onFocus: () => void;
  actions: BoardStateAndCallbacks;
}

function LeadCard({ lead, isOpen, isTabStop, onFocus, actions }: LeadCardProps): JSX.Element {
  const cardLinkRef = useRef<HTMLAnchorElement>(null);
  const [dragState, setDragState] = useState<"" | "held" | "left">("");
  const { mayMove, draggedLeadRef, focusedLeadRef } = actions;
  useEffect(() => {
    // After a move to another column, the lead has a new card element. If the old card had the focus, the new card takes the focus.
    if (focusedLeadRef.current === lead.id && document.activeElement === document.body) cardLinkRef.current?.focus();
  }, []);
  const leadName = getDisplayName(lead);
  return (
    <li class={dragState === "left" ? "left" : undefined} data-lead={lead.id} data-status={lead.statusId}>
      <article
        class={`card${isOpen ? " open" : ""}${dragState === "held" ? " held" : ""}`}
        draggable={mayMove}
        onDragStart={(event) => {
          draggedLeadRef.current = lead;
          event.dataTransfer?.setData("text/plain", leadName);
          if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
          // The browser takes the drag image from the card right after this handler, before Preact renders. The class for the
          // tilted card is therefore set directly. The timeout hides the card in its column after the image is taken.
          event.currentTarget.classList.add("held");
          setTimeout(() => setDragState("left"));
        }}
        onDragEnd={() => {
          draggedLeadRef.current = undefined;
          setDragState("");
        }}
      >
        <h3 class="cut">
          <a
            ref={cardLinkRef}
            href={buildLeadUrl(lead.id)}
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
                // The status button has no Tab stop: it serves only the pointer and the shortcut S. If it gets the
                // focus, for example when its menu closes, the focus moves on to the card's link.
                onFocus={() => cardLinkRef.current?.focus()}
                {...props}
              >
                <Icon name="chevron-down" />
              </button>
            )}
          >
            {(close) => (
              <StatusMenu
                currentStatusId={lead.statusId}
                onChoose={(status) => {
                  close();
                  actions.moveLead(lead, status);
                }}
              />
            )}
          </Popover>
        ) : null}
      </article>
    </li>
  );
}

/** Shows the name of the first business and the number of others, because two names would not fit the card. */
function BusinessTags({ businesses }: { businesses: LeadSummary["business"] }): JSX.Element | null {
  const [firstBusiness, ...otherBusinesses] = businesses;
  if (!firstBusiness) return null;
  return (
    <>
      <span class="tag cut" title={firstBusiness.name}>
        <bdi>{firstBusiness.name}</bdi>
      </span>
      {otherBusinesses.length > 0 ? (
        <span class="tag" title={otherBusinesses.map(({ name }) => name).join(", ")}>
          +{otherBusinesses.length}
        </span>
      ) : null}
    </>
  );
}
