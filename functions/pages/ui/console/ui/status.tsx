// A lead's status as a coloured dot, as a pill with its name, and the menu that changes it.

import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Status } from "../app/api";
import { useTeam } from "../app/team";
import { Icon } from "./icon";
import { Kbd } from "./kbd";
import { Popover } from "./menu";

type Shown = Pick<Status, "id" | "name" | "primaryColor">;

export function StatusDot({ color }: { color: string | undefined }): JSX.Element {
  return <span class="dot" data-color={color ?? "gray"} aria-hidden="true" />;
}

interface PillProps {
  status: Shown;
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
      popup="listbox"
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
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const needle = text.trim().toLowerCase();
  const found = statuses.filter(({ name }) => name.toLowerCase().includes(needle));
  const at = Math.max(
    0,
    found.findIndex((status) => status.id === chosen),
  );
  useEffect(() => {
    list.current?.querySelector(".on")?.scrollIntoView({ block: "nearest" });
  }, [at, needle]);
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const digit = needle === "" && /^[1-9]$/.test(event.key) ? Number(event.key) : 0;
    if (move) setChosen(found[(at + move + found.length) % found.length]?.id);
    else if (event.key === "Enter" && found[at]) onChoose(found[at]);
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
        aria-controls={id}
        aria-activedescendant={found[at] ? `${id}-${found[at].id}` : undefined}
        autocomplete="off"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="options" role="listbox" id={id} ref={list} aria-label="Status">
        {found.map((status, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys.
          <div
            key={status.id}
            id={`${id}-${status.id}`}
            class={index === at ? "item on" : "item"}
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
            {needle === "" && index < 9 ? <Kbd keys={String(index + 1)} /> : null}
          </div>
        ))}
      </div>
      {found.length === 0 ? (
        <p class="none quiet" role="status">
          No status is named so
        </p>
      ) : null}
    </>
  );
}
