// Whether the API is reachable. `navigator.onLine` does not suffice: a system on the same machine is reachable without a
// network.

import { effect, signal, untracked } from "@preact/signals";

/** Pause between two checks while the API is unreachable. */
const CONNECTION_CHECK_INTERVAL_MS = 5000;

export const isApiReachableSignal = signal(true);
/** Time of the latest response of the API, in milliseconds since the epoch. */
export const lastResponseAtMsSignal = signal(Date.now());

/** The server did not respond, or failed temporarily. */
export class UnreachableError extends Error {
  constructor(subject = "The API") {
    super(`${subject} cannot be reached.`);
  }
}

/** Records whether a request reached the API. */
export function recordApiReachability(isNowReachable: boolean): void {
  if (isNowReachable) lastResponseAtMsSignal.value = Date.now();
  if (isApiReachableSignal.peek() === isNowReachable) return;
  isApiReachableSignal.value = isNowReachable;
  if (!isNowReachable) setTimeout(probeApiReachability, CONNECTION_CHECK_INTERVAL_MS);
}

export const getIsApiReachable = (): boolean => isApiReachableSignal.peek();

async function probeApiReachability(): Promise<void> {
  try {
    await fetch("/", { cache: "no-store" });
    recordApiReachability(true);
  } catch {
    if (isApiReachableSignal.peek()) recordApiReachability(false);
    else setTimeout(probeApiReachability, CONNECTION_CHECK_INTERVAL_MS);
  }
}

addEventListener("online", probeApiReachability);
addEventListener("offline", probeApiReachability);

/** Calls the listener whenever the API becomes reachable or unreachable. Returns the callback that stops this. */
export function watchApiReachability(listener: (reachable: boolean) => void): () => void {
  let wasReachable = isApiReachableSignal.peek();
  return effect(() => {
    const isApiNowReachable = isApiReachableSignal.value;
    if (isApiNowReachable === wasReachable) return;
    wasReachable = isApiNowReachable;
    untracked(() => listener(isApiNowReachable));
  });
}

export const useIsApiReachable = (): boolean => isApiReachableSignal.value;

/**
 * Sends a request to the sign-in service. Throws `UnreachableError` for a rate limit and for server errors, because they say nothing
 * about the credentials.
 */
export async function fetchFromIssuer(url: string, request?: RequestInit): Promise<Response> {
  const issuerResponse = await fetch(url, request).catch(() => {
    throw new UnreachableError("The sign-in");
  });
  if (issuerResponse.status === 429 || issuerResponse.status >= 500) throw new UnreachableError("The sign-in");
  return issuerResponse;
}
