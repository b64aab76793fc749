// In-place editing of a value: a button that looks like text, and the editor that replaces it.

import type { ComponentChildren, JSX, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { keyCaps } from "../app/shortcuts";
import type { TriggerProps } from "./menu";

interface ValueProps {
  /** Name of the value within a sentence: `company`. */
  what: string;
  /** Shows `Add` instead of the value. */
  isEmpty: boolean;
  onEdit?: () => void;
  button?: RefObject<HTMLButtonElement | null>;
  /** Attributes of a button that opens a menu. */
  trigger?: TriggerProps;
  children: ComponentChildren;
}

export function ValueButton({ what, isEmpty, onEdit, button, trigger, children }: ValueProps): JSX.Element {
  return (
    <button
      {...trigger}
      {...(button ? { ref: button } : {})}
      {...(onEdit ? { onClick: onEdit } : {})}
      type="button"
      class={isEmpty ? "value none" : "value"}
    >
      <span class="unseen">Edit {what}: </span>
      {isEmpty ? "Add" : children}
    </button>
  );
}

interface EditorProps {
  /**
   * `many`: Enter starts a new line and mod+Enter saves. `few`: Enter saves and Shift+Enter starts a new line. `one`: Enter
   * saves.
   */
  lines: "one" | "few" | "many";
  isBusy: boolean;
  onSave: () => void;
  onCancel: () => void;
  /** Called when the focus leaves the editor. */
  onLeave: () => void;
  /** Content below the input, such as an error message. */
  note?: ComponentChildren;
  frame: RefObject<HTMLDivElement | null>;
  children: ComponentChildren;
}

/** On touch screens there is no Shift key, so Enter starts a new line in a `few` editor, and leaving the editor saves. */
const isTouch = matchMedia("(pointer: coarse)");

/** The editor around an input: Enter saves, Escape cancels, and leaving the editor calls `onLeave`. */
export function ValueEditor({
  lines,
  isBusy,
  onSave,
  onCancel,
  onLeave,
  note,
  frame,
  children,
}: EditorProps): JSX.Element {
  const enterBreaks = lines === "many" || (lines === "few" && isTouch.matches);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the input within.
    <div
      ref={frame}
      class="editor"
      aria-busy={isBusy}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        // The browser window has lost the focus. The edit continues when the user returns.
        if (!document.hasFocus()) return;
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) onLeave();
      }}
      onKeyDown={(event) => {
        if (event.isComposing) return;
        if (event.key === "Escape") {
          // Without this, Escape would also close the lead panel.
          event.preventDefault();
          event.stopPropagation();
          onCancel();
        }
        if (event.key !== "Enter" || event.target instanceof HTMLButtonElement) return;
        const withMod = event.ctrlKey || event.metaKey;
        if (!withMod && (enterBreaks || (lines === "few" && event.shiftKey))) return;
        event.preventDefault();
        onSave();
      }}
    >
      {children}
      {note}
      <p class="hint">
        {/* Keyboard users press Enter or Escape, so these buttons are no Tab stops and Tab moves to the next value. */}
        <button type="button" tabIndex={-1} onClick={onSave}>
          <kbd>{keyCaps(enterBreaks ? "mod+enter" : "enter")}</kbd> Save
        </button>
        <button type="button" tabIndex={-1} onClick={onCancel}>
          <kbd>Esc</kbd> Cancel
        </button>
        {lines === "few" && !enterBreaks ? (
          <span>
            <kbd>{keyCaps("shift+enter")}</kbd> New line
          </span>
        ) : null}
      </p>
    </div>
  );
}

/**
 * Returns refs of the editor and of the value's button, and a function to call before the editor closes. If the editor has the
 * focus then, the button gets it.
 */
export function useFocusReturn(): {
  frame: RefObject<HTMLDivElement | null>;
  button: RefObject<HTMLButtonElement | null>;
  closing: () => void;
} {
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const returns = useRef(false);
  useLayoutEffect(() => {
    if (!returns.current || !button.current) return;
    returns.current = false;
    button.current.focus();
  });
  const closing = () => {
    returns.current = frame.current?.contains(document.activeElement) ?? false;
  };
  return { frame, button, closing };
}
