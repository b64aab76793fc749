// The browser's own dialogs: focus stays in them, goes back when they are closed, and Escape closes them.

import type { ComponentChildren, JSX } from "preact";
import { render } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  children: ComponentChildren;
  /** Absent where it cannot be closed unanswered. */
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
      // What is only taken away gives the focus back to nobody: it is closed before that.
      element?.close();
    };
  }, []);
  const closed = () => {
    if (!shown.current) return;
    if (onClose) onClose();
    // A second Escape closes any dialog.
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

/** Asks before what cannot be undone. */
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
