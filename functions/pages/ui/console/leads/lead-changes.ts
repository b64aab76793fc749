// Changes of the team's leads by anybody: one walk of the feed of events for the whole page, shared by all that is shown.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api, type Event, isRefused, unwrap, wait } from "../app/api";
import { isReachable } from "../app/connection";
import { current } from "../app/session";

const PAGE_EVENTS = 100;
const PAUSE_MS = 3000;
/** The longest pause while the feed fails. */
const PAUSE_CAP_MS = 30_000;

interface Listener {
  /** Events in the order in which they became known, each batch once. */
  heard: (events: Event[]) => void;
  /** Events may be missing: what is shown must be read again. */
  missed: () => void;
}

const listeners = new Set<Listener>();
let walking = false;
let cursor: string | undefined;
/** The user to whom the API refuses the feed. */
let refusedUser: string | undefined;

/** The latest batch of events. */
export const leadChanges = signal<Event[]>([]);

const userKey = (): string => {
  const session = current();
  return session.is === "out" ? "" : `${session.user.team} ${session.user.id}`;
};

async function look() {
  if (document.hidden || !isReachable() || current().is !== "in") return undefined;
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
        // What happened between a screen's first read and this cursor is in no page of this walk.
        if (isFirst) for (const { missed } of [...listeners]) missed();
        else if (page.events.length > 0) {
          leadChanges.value = page.events;
          for (const { heard } of [...listeners]) heard(page.events);
        }
        if (page.hasMore) continue;
      }
    } catch (error) {
      if (isRefused(error, 403)) {
        refusedUser = userKey();
        break;
      }
      // A cursor is valid for as long as events are kept.
      if (isRefused(error, 400)) cursor = undefined;
      failures += 1;
    }
    await wait(Math.min(PAUSE_MS * 2 ** failures, PAUSE_CAP_MS) * (1 - Math.random() / 4));
  }
  walking = false;
}

/** Listens until the returned function is called. The walk lasts while anybody listens. */
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
  /** Whether the component begins to read its data no earlier than it listens, so that a walk under way misses nothing. */
  readsLater?: boolean;
}

/**
 * Calls `heard` with events as they become known, and `missed` where some may be missing. A component that mounts what it
 * read before is told `missed` once when it joins a walk; call this hook before the one that reads, and set `readsLater`, to
 * avoid that read.
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
