// What has happened, said for a while at the edge of the page and to screen readers.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { told } from "./api";

interface Message {
  id: number;
  text: string;
  failed: boolean;
}

/** How long a message stays, in milliseconds; one of a failure stays until it is closed. */
const STAYS = 6000;

let messages: Message[] = [];
let show: (messages: Message[]) => void = () => undefined;

function become(next: Message[]): void {
  messages = next;
  show(next);
}

let last = 0;

function add(text: string, failed: boolean): void {
  last += 1;
  const id = last;
  become([...messages.slice(-3), { id, text, failed }]);
  if (!failed) setTimeout(() => close(id), STAYS);
}

const close = (id: number) => become(messages.filter((message) => message.id !== id));

/** Says what has succeeded. */
export function say(text: string): true {
  add(text, false);
  return true;
}

/** Says what has failed. */
export function complain(text: string): false {
  add(text, true);
  return false;
}

/** Says what came of a change; whether it succeeded. */
export async function attempted(change: Promise<unknown>, done: string, failed = ""): Promise<boolean> {
  try {
    await change;
  } catch (error) {
    return complain(`${failed} ${told(error)}`.trim());
  }
  return say(done);
}

export function Messages(): JSX.Element {
  const [shown, setShown] = useState(messages);
  useEffect(() => {
    show = setShown;
    return () => {
      // They are of whoever was signed in.
      messages = [];
    };
  }, []);
  return (
    <div class="messages" role="status" aria-live="polite">
      {shown.map(({ id, text, failed }) => (
        <p key={id} class={failed ? "failed" : ""}>
          {text}
          <button type="button" class="plain" aria-label="Close this message" onClick={() => close(id)}>
            ✕
          </button>
        </p>
      ))}
    </div>
  );
}
