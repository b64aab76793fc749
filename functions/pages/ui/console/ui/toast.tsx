// What has happened: a toast that passes, with Undo where there is one, and alerts of failures, which stay until closed.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { describeError } from "../app/api";
import { useShortcut } from "../app/shortcuts";
import { Icon } from "./icon";
import { Kbd } from "./kbd";

const TOAST_MS = 8000;

type Undo = () => Promise<unknown> | unknown;

interface Toast {
  text: string;
  undo?: Undo | undefined;
}

const toast = signal<Toast | undefined>(undefined);
/** The newest failure is shown; closing it shows the one before. */
const failures = signal<string[]>([]);

/** Says what has been done. The newer toast replaces the older. */
export function notify(text: string, options: { undo?: Undo } = {}): true {
  toast.value = { text, undo: options.undo };
  return true;
}

/** Says what has failed. Returns `false`, so that a handler can end with it. */
export function complain(text: string): false {
  failures.value = [...failures.value.filter((other) => other !== text), text];
  return false;
}

/** Waits for a change and says what came of it. Returns whether it succeeded. */
export async function attempted(change: Promise<unknown>, doneText: string, failedPrefix = ""): Promise<boolean> {
  try {
    await change;
  } catch (error) {
    return complain(`${failedPrefix} ${describeError(error)}`.trim());
  }
  return notify(doneText);
}

async function undoOnce(): Promise<void> {
  const undo = toast.value?.undo;
  toast.value = undefined;
  if (!undo) return;
  try {
    await undo();
  } catch (error) {
    complain(`Undo failed. ${describeError(error)}`);
  }
}

/** Clears the messages of the user who has signed out. */
export function clearToasts(): void {
  toast.value = undefined;
  failures.value = [];
}

export function Toasts(): JSX.Element {
  useEffect(() => clearToasts, []);
  const failure = failures.value.at(-1);
  const older = failures.value.length - 1;
  return (
    <div class="floor toasts">
      {failure ? (
        <div key={failure} class="toast failed" role="alert">
          <Icon name="triangle-alert" />
          <span>
            {failure}
            {older > 0 ? ` (${older} more)` : null}
          </span>
          <button
            type="button"
            aria-label="Close this message"
            onClick={() => {
              failures.value = failures.value.slice(0, -1);
            }}
          >
            <Icon name="x" />
          </button>
        </div>
      ) : null}
      {/* It is there before it has words, or they would not be announced. */}
      <div role="status">{toast.value ? <Passing toast={toast.value} /> : null}</div>
    </div>
  );
}

function Passing({ toast: { text, undo } }: { toast: Toast }): JSX.Element {
  const [held, setHeld] = useState(false);
  const shown = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(() => {
      toast.value = undefined;
    }, TOAST_MS);
    return () => clearTimeout(timer);
  }, [text, undo, held]);
  useShortcut("mod+z", undo && undoOnce, "Undo");
  return (
    <div
      ref={shown}
      class="toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(shown.current?.contains(document.activeElement) ?? false)}
      onFocusIn={() => setHeld(true)}
      onFocusOut={() => setHeld(false)}
    >
      <Icon name="check" />
      <span>{text}</span>
      {undo ? (
        <button type="button" onClick={undoOnce}>
          Undo
          <Kbd keys="mod+z" />
        </button>
      ) : null}
    </div>
  );
}
