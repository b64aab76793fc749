// In-place editing of a value: a button that looks like text, and the editor that replaces it.

import type { ComponentChildren, JSX, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { formatShortcutKeys } from "../app/shortcuts";
import type { PopoverTriggerProps } from "./menu";

interface EditValueButtonProps {
  /** Name of the value within a sentence: `company`. */
  fieldName: string;
  /** Shows `Add` instead of the value. */
  isEmpty: boolean;
  onEdit?: () => void;
  buttonRef?: RefObject<HTMLButtonElement | null>;
  /** Attributes of a button that opens a menu. */
  trigger?: PopoverTriggerProps;
  children: ComponentChildren;
}

export function EditValueButton({
  fieldName,
  isEmpty,
  onEdit,
  buttonRef,
  trigger,
  children,
}: EditValueButtonProps): JSX.Element {
  return (
    <button
      {...trigger}
      {...(buttonRef ? { ref: buttonRef } : {})}
      {...(onEdit ? { onClick: onEdit } : {})}
      type="button"
      class={isEmpty ? "value none" : "value"}
    >
      <span class="unseen">Edit {fieldName}: </span>
      {isEmpty ? "Add" : children}
    </button>
  );
}

interface ValueEditorProps {
  /**
   * The number of lines that a value may have, which decides what Enter does. `one`: Enter saves. `few`: Enter saves and
   * Shift+Enter starts a new line. `many`: Enter starts a new line and Ctrl+Enter (⌘+Enter on a Mac) saves.
   */
  lines: "one" | "few" | "many";
  isBusy: boolean;
  onSave: () => void;
  onCancel: () => void;
  /** Called when the focus leaves the editor. */
  onLeave: () => void;
  /** Content below the input, such as an error message. */
  note?: ComponentChildren;
  frameRef: RefObject<HTMLDivElement | null>;
  children: ComponentChildren;
}

/** On touch screens there is no Shift key, so Enter starts a new line in a `few` editor, and leaving the editor saves. */
const touchScreenMediaQuery = matchMedia("(pointer: coarse)");

/** The editor around an input: Enter saves, Escape cancels, and leaving the editor calls `onLeave`. */
export function ValueEditor({
  lines,
  isBusy,
  onSave,
  onCancel,
  onLeave,
  note,
  frameRef,
  children,
}: ValueEditorProps): JSX.Element {
  const doesEnterStartNewLine = lines === "many" || (lines === "few" && touchScreenMediaQuery.matches);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the element handles key events of the input within.
    <div
      ref={frameRef}
      class="editor"
      aria-busy={isBusy}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        // If the whole browser window has lost the focus, the editor was not left. The edit continues when the user returns.
        if (!document.hasFocus()) return;
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) onLeave();
      }}
      onKeyDown={(event) => {
        if (event.isComposing) return;
        if (event.key === "Escape") {
          // Escape must not reach the lead panel, which would also close.
          event.preventDefault();
          event.stopPropagation();
          onCancel();
        }
        if (event.key !== "Enter" || event.target instanceof HTMLButtonElement) return;
        const isCtrlOrMetaPressed = event.ctrlKey || event.metaKey;
        if (!isCtrlOrMetaPressed && (doesEnterStartNewLine || (lines === "few" && event.shiftKey))) return;
        event.preventDefault();
        onSave();
      }}
    >
      {children}
      {note}
      <p class="hint">
        {/* Keyboard users press Enter or Escape, so these buttons are no Tab stops and Tab moves to the next value. */}
        <button type="button" tabIndex={-1} onClick={onSave}>
          <kbd>{formatShortcutKeys(doesEnterStartNewLine ? "mod+enter" : "enter")}</kbd> Save
        </button>
        <button type="button" tabIndex={-1} onClick={onCancel}>
          <kbd>Esc</kbd> Cancel
        </button>
        {lines === "few" && !doesEnterStartNewLine ? (
          <span>
            <kbd>{formatShortcutKeys("shift+enter")}</kbd> New line
          </span>
        ) : null}
      </p>
    </div>
  );
}

/**
 * Manages the focus of an inline editor. The caller attaches the refs to the editor and to the button that shows the
 * value, and calls `prepareFocusReturn` before the editor closes. If the focus is in the editor at that time, the focus
 * moves to the button.
 */
export function useInlineEditorFocus(): {
  editorRef: RefObject<HTMLDivElement | null>;
  buttonRef: RefObject<HTMLButtonElement | null>;
  prepareFocusReturn: () => void;
} {
  const editorRef = useRef<HTMLDivElement>(null);
  const buttonRef = useRef<HTMLButtonElement>(null);
  const shouldReturnFocusRef = useRef(false);
  useLayoutEffect(() => {
    if (!shouldReturnFocusRef.current || !buttonRef.current) return;
    shouldReturnFocusRef.current = false;
    buttonRef.current.focus();
  });
  const prepareFocusReturn = () => {
    shouldReturnFocusRef.current = editorRef.current?.contains(document.activeElement) ?? false;
  };
  return { editorRef, buttonRef, prepareFocusReturn };
}
