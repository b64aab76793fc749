// The feed of events (`GET /events`): one polling loop for the whole page, shared by all components that show leads.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api, type Event, hasStatus, unwrap, wait } from "../app/api";
import { isReachable } from "../app/connection";
import { currentSession } from "../app/session";

const EVENTS_PER_PAGE = 100;
const POLL_PAUSE_MS = 3000;
/** Upper bound on the pause between requests while the feed fails. */
const MAX_POLL_PAUSE_MS = 30_000;

interface FeedListener {
  /** Receives each page of events once, in the order of the feed. */
  onEvents: (events: Event[]) => void;
  /** Called if events may be missing, so that the component must read its data again. */
  onGap: () => void;
}

const feedListeners = new Set<FeedListener>();
let isPolling = false;
let feedCursor: string | undefined;
/** Key of the user to whom the API refuses the feed. No loop is started for this user again. */
let refusedUserKey: string | undefined;

/** The latest page of events. */
export const latestEvents = signal<Event[]>([]);

const getUserKey = (): string => {
  const session = currentSession();
  return session.is === "out" ? "" : `${session.user.team} ${session.user.id}`;
};

async function readFeedPage() {
  if (document.hidden || !isReachable() || currentSession().is !== "in") return undefined;
  const feedQuery = { after: feedCursor ?? "latest", limit: EVENTS_PER_PAGE };
  return unwrap(api.GET("/events", { params: { query: feedQuery } }));
}

async function pollFeed(): Promise<void> {
  let failureCount = 0;
  feedCursor = undefined;
  while (feedListeners.size > 0) {
    try {
      const feedPage = await readFeedPage();
      if (feedPage) {
        const isFirstRequest = feedCursor === undefined;
        feedCursor = feedPage.nextCursor;
        failureCount = 0;
        // The first request only returns a cursor. Events between a component's first read and this cursor are in no page of
        // this loop.
        if (isFirstRequest) for (const { onGap } of [...feedListeners]) onGap();
        else if (feedPage.events.length > 0) {
          latestEvents.value = feedPage.events;
          for (const { onEvents } of [...feedListeners]) onEvents(feedPage.events);
        }
        if (feedPage.hasMore) continue;
      }
    } catch (error) {
      if (hasStatus(error, 403)) {
        refusedUserKey = getUserKey();
        break;
      }
      // The cursor has expired: the API has deleted the events that follow it. The loop starts again at the latest event.
      if (hasStatus(error, 400)) feedCursor = undefined;
      failureCount += 1;
    }
    await wait(Math.min(POLL_PAUSE_MS * 2 ** failureCount, MAX_POLL_PAUSE_MS) * (1 - Math.random() / 4));
  }
  isPolling = false;
}

/**
 * Adds a listener, and starts the polling loop for the first one. Returns the function that removes the listener. The loop ends
 * without listeners.
 */
export function subscribeToFeed(listener: FeedListener): () => void {
  feedListeners.add(listener);
  if (!isPolling && refusedUserKey !== getUserKey()) {
    isPolling = true;
    pollFeed();
  }
  return () => {
    feedListeners.delete(listener);
  };
}

interface UseLeadChangesOptions {
  isSubscribed?: boolean;
  /** Whether the component reads its data after it has subscribed, so that a running loop misses no event. */
  readsAfterSubscribing?: boolean;
}

/**
 * Subscribes the component to the feed. `onEvents` receives each page of events. `onGap` is called if events may be missing:
 * after the loop's first request, after the cursor has expired, and when the component joins a running loop. A component that
 * calls this hook before the hook that reads its data misses no event when it joins. It sets `readsAfterSubscribing` to prevent
 * that last call.
 */
export function useLeadChanges(
  onEvents: FeedListener["onEvents"],
  onGap: FeedListener["onGap"],
  { isSubscribed = true, readsAfterSubscribing = false }: UseLeadChangesOptions = {},
): void {
  const callbacksRef = useRef({ onEvents, onGap });
  callbacksRef.current = { onEvents, onGap };
  useEffect(() => {
    if (!isSubscribed) return undefined;
    const joinsRunningLoop = isPolling && feedCursor !== undefined;
    const unsubscribe = subscribeToFeed({
      onEvents: (events) => callbacksRef.current.onEvents(events),
      onGap: () => callbacksRef.current.onGap(),
    });
    if (joinsRunningLoop && !readsAfterSubscribing) callbacksRef.current.onGap();
    return unsubscribe;
  }, [isSubscribed]);
}
