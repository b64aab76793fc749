// Messages about actions. A toast for a success disappears by itself and may offer Undo. An alert for a failure stays until the
// user closes the alert.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { describeError } from "../app/api";
import { useShortcut } from "../app/shortcuts";
import { Icon } from "./icon";
import { Kbd } from "./kbd";

const TOAST_DURATION_MS = 8000;

type UndoFunction = () => Promise<unknown> | unknown;

interface ToastContent {
  text: string;
  undo?: UndoFunction | undefined;
}

const currentToastSignal = signal<ToastContent | undefined>(undefined);
/** Failure messages, oldest first. Only the newest is shown; closing it shows the one before. */
const failureMessagesSignal = signal<string[]>([]);

/** Shows a toast about a success, which replaces an earlier toast. Returns `true`, so that a handler can return the result. */
export function showToast(text: string, options: { undo?: UndoFunction } = {}): true {
  currentToastSignal.value = { text, undo: options.undo };
  return true;
}

/** Shows an alert about a failure. Returns `false`, so that a handler can return the result. */
export function showFailureAlert(text: string): false {
  failureMessagesSignal.value = [...failureMessagesSignal.value.filter((other) => other !== text), text];
  return false;
}

/** Awaits a request, and shows a toast for its success or an alert for its failure. Returns whether the request succeeded. */
export async function awaitRequestAndShowOutcome(
  request: Promise<unknown>,
  successText: string,
  failurePrefix = "",
): Promise<boolean> {
  try {
    await request;
  } catch (error) {
    return showFailureAlert(`${failurePrefix} ${describeError(error)}`.trim());
  }
  return showToast(successText);
}

async function undoToastAction(): Promise<void> {
  const undoFunction = currentToastSignal.value?.undo;
  currentToastSignal.value = undefined;
  if (!undoFunction) return;
  try {
    await undoFunction();
  } catch (error) {
    showFailureAlert(`Undo failed. ${describeError(error)}`);
  }
}

/** Removes all messages, because they belong to the user who has signed out. */
export function clearToasts(): void {
  currentToastSignal.value = undefined;
  failureMessagesSignal.value = [];
}

export function Toasts(): JSX.Element {
  useEffect(() => clearToasts, []);
  const newestFailureMessage = failureMessagesSignal.value.at(-1);
  const hiddenFailureCount = failureMessagesSignal.value.length - 1;
  return (
    <div class="floor toasts">
      {newestFailureMessage ? (
        <div key={newestFailureMessage} class="toast failed" role="alert">
          <Icon name="triangle-alert" />
          <span>
            {newestFailureMessage}
            {hiddenFailureCount > 0 ? ` (${hiddenFailureCount} more)` : null}
          </span>
          <button
            type="button"
            aria-label="Close this message"
            onClick={() => {
              failureMessagesSignal.value = failureMessagesSignal.value.slice(0, -1);
            }}
          >
            <Icon name="x" />
          </button>
        </div>
      ) : null}
      {/* The live region is rendered without text first, because screen readers do not announce a region that is added together with its text. */}
      <div role="status">{currentToastSignal.value ? <SuccessToast toast={currentToastSignal.value} /> : null}</div>
    </div>
  );
}

function SuccessToast({ toast: { text, undo } }: { toast: ToastContent }): JSX.Element {
  const [isHeld, setHeld] = useState(false);
  const toastRef = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isHeld) return undefined;
    const toastHideTimer = setTimeout(() => {
      currentToastSignal.value = undefined;
    }, TOAST_DURATION_MS);
    return () => clearTimeout(toastHideTimer);
  }, [text, undo, isHeld]);
  useShortcut("mod+z", undo && undoToastAction, "Undo");
  return (
    <div
      ref={toastRef}
      class="toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(toastRef.current?.contains(document.activeElement) ?? false)}
      onFocusIn={() => setHeld(true)}
      onFocusOut={() => setHeld(false)}
    >
      <Icon name="check" />
      <span>{text}</span>
      {undo ? (
        <button type="button" onClick={undoToastAction}>
          Undo
          <Kbd keys="mod+z" />
        </button>
      ) : null}
    </div>
  );
}
