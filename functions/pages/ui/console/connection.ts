// Whether the API can be reached. A browser knows only whether there is a network, which a system on the same machine needs not.

import { useEffect, useState } from "preact/hooks";

/** How long to wait before looking again, in milliseconds. */
const PAUSE = 5000;

let reachable = true;
const listeners = new Set<() => void>();

/** No answer came, or none that decided anything. */
export class Unreachable extends Error {
  constructor(what = "The API") {
    super(`${what} cannot be reached.`);
  }
}

/** Notes what came of a request to the API. */
export function become(next: boolean): void {
  if (reachable === next) return;
  reachable = next;
  if (!next) setTimeout(look, PAUSE);
  for (const listener of listeners) listener();
}

export const isReachable = (): boolean => reachable;

async function look(): Promise<void> {
  try {
    await fetch("/", { cache: "no-store" });
    become(true);
  } catch {
    if (reachable) become(false);
    else setTimeout(look, PAUSE);
  }
}

addEventListener("online", look);
addEventListener("offline", look);

/** Calls back whenever the API has become reachable or unreachable. */
export function watch(listener: (reachable: boolean) => void): () => void {
  const told = () => listener(reachable);
  listeners.add(told);
  return () => {
    listeners.delete(told);
  };
}

export function useReachable(): boolean {
  const [shown, setShown] = useState(reachable);
  useEffect(() => watch(setShown), []);
  return shown;
}

/** An answer of whoever signs people in; what says nothing of the person is no refusal. */
export async function asked(address: string, request?: RequestInit): Promise<Response> {
  const response = await fetch(address, request).catch(() => {
    throw new Unreachable("The sign-in");
  });
  if (response.status === 429 || response.status >= 500) throw new Unreachable("The sign-in");
  return response;
}
