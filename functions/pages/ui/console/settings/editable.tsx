// A name that is edited in place: a button that looks like text and becomes an input.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { createSubmitHandler } from "../ui/field";

interface EditableNameProps {
  /** Name of the value for screen readers: `name of New`. */
  label: string;
  text: string;
  maxLength: number;
  /** Saves the name. Resolves with whether that succeeded. */
  saveName: (text: string) => Promise<boolean>;
}

export function EditableName({ label, text, maxLength, saveName }: EditableNameProps): JSX.Element {
  /** Text of the input. `undefined` while the name is not being edited. */
  const [typedName, setTypedName] = useState<string>();
  const nameButtonRef = useRef<HTMLButtonElement>(null);
  /** Whether the edit is being saved or is closed. Removing the focused input fires `blur`, which must then save nothing. */
  const isSavingOrClosedRef = useRef(false);
  const closeNameEditor = (returnFocus: boolean) => {
    isSavingOrClosedRef.current = true;
    setTypedName(undefined);
    if (returnFocus) requestAnimationFrame(() => nameButtonRef.current?.focus());
  };
  const saveTypedName = async (returnFocus: boolean) => {
    const trimmedName = typedName?.trim();
    if (typedName === undefined || isSavingOrClosedRef.current) return;
    // An empty name is invalid. The input stays open until the user enters a name or presses Escape.
    if (!trimmedName) return;
    if (trimmedName === text) {
      closeNameEditor(returnFocus);
      return;
    }
    isSavingOrClosedRef.current = true;
    if (await saveName(trimmedName)) closeNameEditor(returnFocus);
    else isSavingOrClosedRef.current = false;
  };
  if (typedName === undefined) {
    return (
      <button
        ref={nameButtonRef}
        type="button"
        class="value"
        title={text}
        onClick={() => {
          isSavingOrClosedRef.current = false;
          setTypedName(text);
        }}
      >
        <span class="unseen">Edit {label}: </span>
        <bdi class="cut">{text}</bdi>
      </button>
    );
  }
  return (
    <form class="edit-name" onSubmit={createSubmitHandler(() => saveTypedName(true))}>
      <input
        class="input"
        ref={(input) => {
          if (!input || input.dataset.focused) return;
          input.dataset.focused = "true";
          input.select();
        }}
        aria-label={`${label[0]?.toUpperCase()}${label.slice(1)}`}
        aria-describedby="edit-name-keys"
        aria-invalid={typedName.trim() ? undefined : true}
        value={typedName}
        required
        maxLength={maxLength}
        onInput={({ currentTarget }) => setTypedName(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          event.stopPropagation();
          closeNameEditor(true);
        }}
        onBlur={() => saveTypedName(false)}
      />
      <span class="unseen" id="edit-name-keys">
        Enter saves, Escape cancels
      </span>
    </form>
  );
}
