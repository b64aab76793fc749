// A lead's status as a coloured dot, as a pill with its name, and the menu that changes it.

import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { LeadStatus } from "../app/api";
import { useTeam } from "../app/team";
import { Icon } from "./icon";
import { Kbd } from "./kbd";
import { Popover } from "./menu";

type StatusIdNameAndColor = Pick<LeadStatus, "id" | "name" | "primaryColor">;

export function StatusDot({ color }: { color: string | undefined }): JSX.Element {
  return <span class="dot" data-color={color ?? "gray"} aria-hidden="true" />;
}

interface StatusPillProps {
  status: StatusIdNameAndColor;
  /** With this handler, the pill is a button that opens the status menu. */
  onChange?: ((status: LeadStatus) => void) | undefined;
}

export function StatusPill({ status, onChange }: StatusPillProps): JSX.Element {
  const statusPillContent = (
    <>
      <span class="dot" aria-hidden="true" />
      <span class="cut" title={status.name}>
        <bdi>{status.name}</bdi>
      </span>
    </>
  );
  if (!onChange) {
    return (
      <span class="pill" data-color={status.primaryColor}>
        {statusPillContent}
      </span>
    );
  }
  return (
    <Popover
      popupRole="listbox"
      trigger={(props) => (
        <button type="button" class="pill" data-color={status.primaryColor} {...props}>
          <span class="unseen">Status: </span>
          {statusPillContent}
          <Icon name="chevron-down" />
        </button>
      )}
    >
      {(close) => (
        <StatusMenu
          currentStatusId={status.id}
          onChoose={(chosen) => {
            close();
            if (chosen.id !== status.id) onChange(chosen);
          }}
        />
      )}
    </Popover>
  );
}

interface StatusMenuProps {
  currentStatusId?: number | undefined;
  onChoose: (status: LeadStatus) => void;
}

/** The menu of the team's statuses, for use in a `Popover`. Typing filters them, arrow keys move, 1 to 9 and Enter choose. */
export function StatusMenu({ currentStatusId, onChoose }: StatusMenuProps): JSX.Element {
  const { statuses } = useTeam();
  const [typedText, setTypedText] = useState("");
  const [highlightedStatusId, setHighlightedStatusId] = useState(currentStatusId);
  const statusListboxId = useId();
  const statusListboxRef = useRef<HTMLDivElement>(null);
  const statusFilterText = typedText.trim().toLowerCase();
  const matchingStatuses = statuses.filter(({ name }) => name.toLowerCase().includes(statusFilterText));
  const highlightedStatusIndex = Math.max(
    0,
    matchingStatuses.findIndex((status) => status.id === highlightedStatusId),
  );
  useEffect(() => {
    statusListboxRef.current?.querySelector(".on")?.scrollIntoView({ block: "nearest" });
  }, [highlightedStatusIndex, statusFilterText]);
  const handleStatusInputKeyDown = (event: KeyboardEvent) => {
    const highlightStep = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const typedDigit = statusFilterText === "" && /^[1-9]$/.test(event.key) ? Number(event.key) : 0;
    if (highlightStep)
      setHighlightedStatusId(
        matchingStatuses[(highlightedStatusIndex + highlightStep + matchingStatuses.length) % matchingStatuses.length]
          ?.id,
      );
    else if (event.key === "Enter" && matchingStatuses[highlightedStatusIndex])
      onChoose(matchingStatuses[highlightedStatusIndex]);
    else if (typedDigit > 0 && statuses[typedDigit - 1]) onChoose(statuses[typedDigit - 1] as LeadStatus);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        type="text"
        class="input"
        role="combobox"
        placeholder="Change status"
        aria-label="Find a status"
        aria-expanded="true"
        aria-controls={statusListboxId}
        aria-activedescendant={
          matchingStatuses[highlightedStatusIndex]
            ? `${statusListboxId}-${matchingStatuses[highlightedStatusIndex].id}`
            : undefined
        }
        autocomplete="off"
        value={typedText}
        onInput={({ currentTarget }) => setTypedText(currentTarget.value)}
        onKeyDown={handleStatusInputKeyDown}
      />
      <div class="options" role="listbox" id={statusListboxId} ref={statusListboxRef} aria-label="Status">
        {matchingStatuses.map((status, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys.
          <div
            key={status.id}
            id={`${statusListboxId}-${status.id}`}
            class={index === highlightedStatusIndex ? "item on" : "item"}
            role="option"
            aria-selected={status.id === currentStatusId}
            data-color={status.primaryColor}
            onClick={() => onChoose(status)}
          >
            <span class="dot" aria-hidden="true" />
            <span class="cut" title={status.name}>
              <bdi>{status.name}</bdi>
            </span>
            {status.id === currentStatusId ? (
              <span class="end">
                <Icon name="check" />
              </span>
            ) : null}
            {statusFilterText === "" && index < 9 ? <Kbd keys={String(index + 1)} /> : null}
          </div>
        ))}
      </div>
      {matchingStatuses.length === 0 ? (
        <p class="none quiet" role="status">
          No status is named so
        </p>
      ) : null}
    </>
  );
}
