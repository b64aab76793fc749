// Modal dialogs with the browser's `dialog` element, which traps the focus, returns it on closing, and closes on Escape.

import type { ComponentChildren, JSX } from "preact";
import { render } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  children: ComponentChildren;
  /** Absent for a dialog that the user cannot dismiss. */
  onClose?: () => void;
}

export function Dialog({ title, children, onClose }: DialogProps): JSX.Element {
  const dialogRef = useRef<HTMLDialogElement>(null);
  const isMountedRef = useRef(true);
  useLayoutEffect(() => {
    const dialogElement = dialogRef.current;
    dialogElement?.showModal();
    return () => {
      isMountedRef.current = false;
      // The browser returns the focus only when a dialog is closed, not when it is removed from the document.
      dialogElement?.close();
    };
  }, []);
  const callOnCloseOrReopenDialog = () => {
    if (!isMountedRef.current) return;
    if (onClose) onClose();
    // Browsers close a dialog on the second Escape even if `cancel` events are prevented, so the dialog is opened again.
    else dialogRef.current?.showModal();
  };
  return (
    <dialog
      ref={dialogRef}
      aria-label={title}
      onCancel={(event) => onClose === undefined && event.preventDefault()}
      onClose={callOnCloseOrReopenDialog}
    >
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}

/** Asks the user to confirm an action that cannot be undone. Resolves with the answer. */
export function confirmAction(title: string, text: string, actionLabel: string): Promise<boolean> {
  return new Promise((resolve) => {
    const dialogContainerElement = document.createElement("div");
    document.body.append(dialogContainerElement);
    const closeDialogAndResolve = (isConfirmed: boolean) => {
      render(null, dialogContainerElement);
      dialogContainerElement.remove();
      resolve(isConfirmed);
    };
    render(
      <Dialog title={title} onClose={() => closeDialogAndResolve(false)}>
        <p>{text}</p>
        <div class="actions">
          <button type="button" class="btn ghost" onClick={() => closeDialogAndResolve(false)}>
            Cancel
          </button>
          <button type="button" class="btn danger" onClick={() => closeDialogAndResolve(true)}>
            {actionLabel}
          </button>
        </div>
      </Dialog>,
      dialogContainerElement,
    );
  });
}
