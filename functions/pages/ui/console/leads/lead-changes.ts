// The feed of events (`GET /events`): one polling loop for the whole page, shared by all components that show leads.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api, type Event, hasStatus, unwrap, wait } from "../app/api";
import { isReachable } from "../app/connection";
import { currentSession } from "../app/session";

const PAGE_EVENTS = 100;
const PAUSE_MS = 3000;
/** Upper bound on the pause between requests while the feed fails. */
const PAUSE_CAP_MS = 30_000;

interface Listener {
  /** Receives each page of events once, in the order of the feed. */
  heard: (events: Event[]) => void;
  /** Called if events may be missing, so that the component must read its data again. */
  missed: () => void;
}

const listeners = new Set<Listener>();
let walking = false;
let cursor: string | undefined;
/** Key of the user to whom the API refuses the feed. No loop is started for this user again. */
let refusedUser: string | undefined;

/** The latest page of events. */
export const leadChanges = signal<Event[]>([]);

const userKey = (): string => {
  const session = currentSession();
  return session.is === "out" ? "" : `${session.user.team} ${session.user.id}`;
};

async function look() {
  if (document.hidden || !isReachable() || currentSession().is !== "in") return undefined;
  const query = { after: cursor ?? "latest", limit: PAGE_EVENTS };
  return unwrap(api.GET("/events", { params: { query } }));
}

async function walk(): Promise<void> {
  let failures = 0;
  cursor = undefined;
  while (listeners.size > 0) {
    try {
      const page = await look();
      if (page) {
        const isFirst = cursor === undefined;
        cursor = page.nextCursor;
        failures = 0;
        // The first request only returns a cursor. Events between a component's first read and this cursor are in no page of
        // this loop.
        if (isFirst) for (const { missed } of [...listeners]) missed();
        else if (page.events.length > 0) {
          leadChanges.value = page.events;
          for (const { heard } of [...listeners]) heard(page.events);
        }
        if (page.hasMore) continue;
      }
    } catch (error) {
      if (hasStatus(error, 403)) {
        refusedUser = userKey();
        break;
      }
      // The cursor has expired with the events after it. The loop starts again at the latest event.
      if (hasStatus(error, 400)) cursor = undefined;
      failures += 1;
    }
    await wait(Math.min(PAUSE_MS * 2 ** failures, PAUSE_CAP_MS) * (1 - Math.random() / 4));
  }
  walking = false;
}

/**
 * Adds a listener, and starts the polling loop for the first one. Returns the function that removes the listener. The loop ends
 * without listeners.
 */
export function subscribe(listener: Listener): () => void {
  listeners.add(listener);
  if (!walking && refusedUser !== userKey()) {
    walking = true;
    walk();
  }
  return () => {
    listeners.delete(listener);
  };
}

interface Options {
  following?: boolean;
  /** Whether the component reads its data after it has subscribed, so that a running loop misses no event. */
  readsLater?: boolean;
}

/**
 * Calls `onEvents` with each page of events, and `onGap` if events may be missing. A component that joins a running loop gets
 * one `onGap` call, because its data may be older than the loop's cursor. To avoid that read, call this hook before the hook
 * that reads the data, and set `readsLater`.
 */
export function useLeadChanges(
  heard: Listener["heard"],
  missed: Listener["missed"],
  { following = true, readsLater = false }: Options = {},
): void {
  const latest = useRef({ heard, missed });
  latest.current = { heard, missed };
  useEffect(() => {
    if (!following) return undefined;
    const joins = walking && cursor !== undefined;
    const stop = subscribe({
      heard: (events) => latest.current.heard(events),
      missed: () => latest.current.missed(),
    });
    if (joins && !readsLater) latest.current.missed();
    return stop;
  }, [following]);
}
