// A value that is edited where it stands: a button that looks like text, and the frame of the input that takes its place.

import type { ComponentChildren, JSX, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { keyCaps } from "../app/shortcuts";
import type { TriggerProps } from "./menu";

interface ValueProps {
  /** What is edited, as within a sentence: `company`. */
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
  /** Several lines: Enter starts a new one and mod+Enter saves. A few: Enter saves and Shift+Enter starts a new one. */
  lines: "one" | "few" | "many";
  isBusy: boolean;
  onSave: () => void;
  onCancel: () => void;
  /** The focus has gone elsewhere on the page. */
  onLeave: () => void;
  /** What stands below the input instead of the keys. */
  note?: ComponentChildren;
  frame: RefObject<HTMLDivElement | null>;
  children: ComponentChildren;
}

/** Where there is no Shift key at hand, Enter starts a new line, and leaving saves. */
const isTouch = matchMedia("(pointer: coarse)");

/** The frame of an input: Enter saves, Escape cancels, leaving saves. */
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
        // Another window or tab has the focus: the edit goes on afterwards.
        if (!document.hasFocus()) return;
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) onLeave();
      }}
      onKeyDown={(event) => {
        if (event.isComposing) return;
        if (event.key === "Escape") {
          // Only the edit is cancelled: the panel stays open.
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
        {/* By keyboard there are Enter and Escape, so that Tab goes on to the next value. */}
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
 * Gives the focus to the value's button when its input closes while it has the focus. `closing` is called before it closes.
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
