// The browser's own dialogs: focus stays in them, and Escape closes them.

import type { ComponentChildren, JSX } from "preact";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  children: ComponentChildren;
  /** Absent where it cannot be closed unanswered. */
  onClose?: () => void;
}

export function Dialog({ title, children, onClose }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onCancel={(event) => onClose === undefined && event.preventDefault()}
      onClose={onClose}
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
          <button type="button" onClick={() => answer(false)}>
            Cancel
          </button>
          <button type="button" class="danger" onClick={() => answer(true)}>
            {action}
          </button>
        </div>
      </Dialog>,
      place,
    );
  });
}
