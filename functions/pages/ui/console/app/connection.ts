// Whether the API can be reached. A browser knows only whether there is a network, which a system on the same machine does not
// need.

import { effect, signal, untracked } from "@preact/signals";

/** Pause between two checks while the API cannot be reached. */
const CHECK_MS = 5000;

export const reachable = signal(true);
/** When the API last answered. */
export const lastAnswerAt = signal(Date.now());

/** No answer came, or one that decides nothing. */
export class Unreachable extends Error {
  constructor(what = "The API") {
    super(`${what} cannot be reached.`);
  }
}

/** Records whether a request reached the API. */
export function setReachable(next: boolean): void {
  if (next) lastAnswerAt.value = Date.now();
  if (reachable.peek() === next) return;
  reachable.value = next;
  if (!next) setTimeout(check, CHECK_MS);
}

export const isReachable = (): boolean => reachable.peek();

async function check(): Promise<void> {
  try {
    await fetch("/", { cache: "no-store" });
    setReachable(true);
  } catch {
    if (reachable.peek()) setReachable(false);
    else setTimeout(check, CHECK_MS);
  }
}

addEventListener("online", check);
addEventListener("offline", check);

/** Calls back when the API becomes reachable or unreachable, until the returned function is called. */
export function watch(listener: (reachable: boolean) => void): () => void {
  let before = reachable.peek();
  return effect(() => {
    const now = reachable.value;
    if (now === before) return;
    before = now;
    untracked(() => listener(now));
  });
}

export const useReachable = (): boolean => reachable.value;

/** Sends a request to the sign-in service. An answer that says nothing of the person counts as none. */
export async function fetchFromIssuer(address: string, request?: RequestInit): Promise<Response> {
  const response = await fetch(address, request).catch(() => {
    throw new Unreachable("The sign-in");
  });
  if (response.status === 429 || response.status >= 500) throw new Unreachable("The sign-in");
  return response;
}
