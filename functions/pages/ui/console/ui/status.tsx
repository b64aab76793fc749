// A lead's status as a coloured dot, as a pill with its name, and the menu that changes it.

import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Status } from "../app/api";
import { useTeam } from "../app/team";
import { Icon } from "./icon";
import { Kbd } from "./kbd";
import { Popover } from "./menu";

type StatusSummary = Pick<Status, "id" | "name" | "primaryColor">;

export function StatusDot({ color }: { color: string | undefined }): JSX.Element {
  return <span class="dot" data-color={color ?? "gray"} aria-hidden="true" />;
}

interface PillProps {
  status: StatusSummary;
  /** With this handler, the pill is a button that opens the status menu. */
  onChange?: ((status: Status) => void) | undefined;
}

export function StatusPill({ status, onChange }: PillProps): JSX.Element {
  const content = (
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
        {content}
      </span>
    );
  }
  return (
    <Popover
      popupRole="listbox"
      trigger={(props) => (
        <button type="button" class="pill" data-color={status.primaryColor} {...props}>
          <span class="unseen">Status: </span>
          {content}
          <Icon name="chevron-down" />
        </button>
      )}
    >
      {(close) => (
        <StatusMenu
          current={status.id}
          onChoose={(chosen) => {
            close();
            if (chosen.id !== status.id) onChange(chosen);
          }}
        />
      )}
    </Popover>
  );
}

interface MenuProps {
  current?: number | undefined;
  onChoose: (status: Status) => void;
}

/** The menu of the team's statuses, for use in a `Popover`. Typing filters them, arrow keys move, 1 to 9 and Enter choose. */
export function StatusMenu({ current, onChoose }: MenuProps): JSX.Element {
  const { statuses } = useTeam();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(current);
  const listboxId = useId();
  const listRef = useRef<HTMLDivElement>(null);
  const filterText = text.trim().toLowerCase();
  const matchingStatuses = statuses.filter(({ name }) => name.toLowerCase().includes(filterText));
  const activeIndex = Math.max(
    0,
    matchingStatuses.findIndex((status) => status.id === chosen),
  );
  useEffect(() => {
    listRef.current?.querySelector(".on")?.scrollIntoView({ block: "nearest" });
  }, [activeIndex, filterText]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const digit = filterText === "" && /^[1-9]$/.test(event.key) ? Number(event.key) : 0;
    if (step) setChosen(matchingStatuses[(activeIndex + step + matchingStatuses.length) % matchingStatuses.length]?.id);
    else if (event.key === "Enter" && matchingStatuses[activeIndex]) onChoose(matchingStatuses[activeIndex]);
    else if (digit > 0 && statuses[digit - 1]) onChoose(statuses[digit - 1] as Status);
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
          matchingStatuses[activeIndex] ? `${listboxId}-${matchingStatuses[activeIndex].id}` : undefined
        }
        autocomplete="off"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="options" role="listbox" id={listboxId} ref={listRef} aria-label="Status">
        {matchingStatuses.map((status, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys.
          <div
            key={status.id}
            id={`${listboxId}-${status.id}`}
            class={index === activeIndex ? "item on" : "item"}
            role="option"
            aria-selected={status.id === current}
            data-color={status.primaryColor}
            onClick={() => onChoose(status)}
          >
            <span class="dot" aria-hidden="true" />
            <span class="cut" title={status.name}>
              <bdi>{status.name}</bdi>
            </span>
            {status.id === current ? (
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
