// A name that is edited in place: a button that looks like text and becomes an input.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { handleSubmit } from "../ui/field";

interface Props {
  /** Name of the value for screen readers: `name of New`. */
  label: string;
  text: string;
  maxLength: number;
  /** Saves the name. Resolves with whether that succeeded. */
  save: (text: string) => Promise<boolean>;
}

export function EditableName({ label, text, maxLength, save }: Props): JSX.Element {
  /** Text of the input. `undefined` while the name is not being edited. */
  const [draft, setDraft] = useState<string>();
  const buttonRef = useRef<HTMLButtonElement>(null);
  /** Whether the edit is being saved or is closed. Removing the focused input fires `blur`, which must not save again. */
  const isSettledRef = useRef(false);
  const closeEditor = (returnFocus: boolean) => {
    isSettledRef.current = true;
    setDraft(undefined);
    if (returnFocus) requestAnimationFrame(() => buttonRef.current?.focus());
  };
  const commitName = async (returnFocus: boolean) => {
    const name = draft?.trim();
    if (draft === undefined || isSettledRef.current) return;
    // An empty name is invalid. The input stays open until the user enters a name or presses Escape.
    if (!name) return;
    if (name === text) {
      closeEditor(returnFocus);
      return;
    }
    isSettledRef.current = true;
    if (await save(name)) closeEditor(returnFocus);
    else isSettledRef.current = false;
  };
  if (draft === undefined) {
    return (
      <button
        ref={buttonRef}
        type="button"
        class="value"
        title={text}
        onClick={() => {
          isSettledRef.current = false;
          setDraft(text);
        }}
      >
        <span class="unseen">Edit {label}: </span>
        <bdi class="cut">{text}</bdi>
      </button>
    );
  }
  return (
    <form class="edit-name" onSubmit={handleSubmit(() => commitName(true))}>
      <input
        class="input"
        ref={(input) => {
          if (!input || input.dataset.focused) return;
          input.dataset.focused = "true";
          input.select();
        }}
        aria-label={`${label[0]?.toUpperCase()}${label.slice(1)}`}
        aria-describedby="edit-name-keys"
        aria-invalid={draft.trim() ? undefined : true}
        value={draft}
        required
        maxLength={maxLength}
        onInput={({ currentTarget }) => setDraft(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          event.stopPropagation();
          closeEditor(true);
        }}
        onBlur={() => commitName(false)}
      />
      <span class="unseen" id="edit-name-keys">
        Enter saves, Escape cancels
      </span>
    </form>
  );
}
