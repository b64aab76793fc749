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
  const pillContent = (
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
        {pillContent}
      </span>
    );
  }
  return (
    <Popover
      popupRole="listbox"
      trigger={(props) => (
        <button type="button" class="pill" data-color={status.primaryColor} {...props}>
          <span class="unseen">Status: </span>
          {pillContent}
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
  const listboxId = useId();
  const listboxRef = useRef<HTMLDivElement>(null);
  const filterText = typedText.trim().toLowerCase();
  const matchingStatuses = statuses.filter(({ name }) => name.toLowerCase().includes(filterText));
  const highlightedIndex = Math.max(
    0,
    matchingStatuses.findIndex((status) => status.id === highlightedStatusId),
  );
  useEffect(() => {
    listboxRef.current?.querySelector(".on")?.scrollIntoView({ block: "nearest" });
  }, [highlightedIndex, filterText]);
  const handleInputKeyDown = (event: KeyboardEvent) => {
    const highlightStep = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const typedDigit = filterText === "" && /^[1-9]$/.test(event.key) ? Number(event.key) : 0;
    if (highlightStep)
      setHighlightedStatusId(
        matchingStatuses[(highlightedIndex + highlightStep + matchingStatuses.length) % matchingStatuses.length]?.id,
      );
    else if (event.key === "Enter" && matchingStatuses[highlightedIndex]) onChoose(matchingStatuses[highlightedIndex]);
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
        aria-controls={listboxId}
        aria-activedescendant={
          matchingStatuses[highlightedIndex] ? `${listboxId}-${matchingStatuses[highlightedIndex].id}` : undefined
        }
        autocomplete="off"
        value={typedText}
        onInput={({ currentTarget }) => setTypedText(currentTarget.value)}
        onKeyDown={handleInputKeyDown}
      />
      <div class="options" role="listbox" id={listboxId} ref={listboxRef} aria-label="Status">
        {matchingStatuses.map((status, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys.
          <div
            key={status.id}
            id={`${listboxId}-${status.id}`}
            class={index === highlightedIndex ? "item on" : "item"}
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
            {filterText === "" && index < 9 ? <Kbd keys={String(index + 1)} /> : null}
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
