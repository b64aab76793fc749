// Modal dialogs with the browser's `dialog` element, which traps the focus, returns it on closing, and closes on Escape.

import type { ComponentChildren, JSX } from "preact";
import { render } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  children: ComponentChildren;
  /** Absent for a dialog that the user cannot dismiss. */
  onClose?: () => void;
}

export function Dialog({ title, children, onClose }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = useRef(true);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      shown.current = false;
      // The browser returns the focus only when a dialog is closed, not when it is removed from the document.
      element?.close();
    };
  }, []);
  const closed = () => {
    if (!shown.current) return;
    if (onClose) onClose();
    // Browsers close a dialog on the second Escape even if `cancel` events are prevented, so it is opened again.
    else dialog.current?.showModal();
  };
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onCancel={(event) => onClose === undefined && event.preventDefault()}
      onClose={closed}
    >
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}

/** Asks the user to confirm an action that cannot be undone. Resolves with the answer. */
export function confirmed(title: string, text: string, action: string): Promise<boolean> {
  return new Promise((resolve) => {
    const place = document.createElement("div");
    document.body.append(place);
    const answer = (yes: boolean) => {
      render(null, place);
      place.remove();
      resolve(yes);
    };
    render(
      <Dialog title={title} onClose={() => answer(false)}>
        <p>{text}</p>
        <div class="actions">
          <button type="button" class="btn ghost" onClick={() => answer(false)}>
            Cancel
          </button>
          <button type="button" class="btn danger" onClick={() => answer(true)}>
            {action}
          </button>
        </div>
      </Dialog>,
      place,
    );
  });
}
