// Whether the API is reachable. `navigator.onLine` does not suffice: a system on the same machine is reachable without a
// network.

import { effect, signal, untracked } from "@preact/signals";

/** Pause between two checks while the API is unreachable. */
const CHECK_MS = 5000;

export const reachable = signal(true);
/** Time of the latest response of the API, in milliseconds since the epoch. */
export const lastAnswerAt = signal(Date.now());

/** The server did not respond, or failed temporarily. */
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

/** Calls the listener whenever the API becomes reachable or unreachable. Returns the function that stops this. */
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

/**
 * Sends a request to the sign-in service. Throws `Unreachable` for a rate limit and for server errors, because they say nothing
 * about the credentials.
 */
export async function fetchFromIssuer(address: string, request?: RequestInit): Promise<Response> {
  const response = await fetch(address, request).catch(() => {
    throw new Unreachable("The sign-in");
  });
  if (response.status === 429 || response.status >= 500) throw new Unreachable("The sign-in");
  return response;
}
