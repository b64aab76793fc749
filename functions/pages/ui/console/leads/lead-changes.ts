// The feed of events (`GET /events`): one polling loop for the whole page, shared by all components that show leads.

import { useEffect, useRef } from "preact/hooks";
import { api, getDataOrThrow, isRequestErrorWithStatus, type LeadEvent, sleep } from "../app/api";
import { getIsApiReachable } from "../app/connection";
import { getSessionState } from "../app/session";

const EVENTS_PER_PAGE = 100;
const POLL_PAUSE_MS = 3000;
/** Upper bound on the pause between requests while the feed fails. */
const MAX_POLL_PAUSE_MS = 30_000;

interface FeedCallbacks {
  /** Receives each page of events once, in the order of the feed. */
  onEvents: (events: LeadEvent[]) => void;
  /** Called if events may be missing, so that the component must read its data again. */
  onGap: () => void;
}

const feedListeners = new Set<FeedCallbacks>();
let isPolling = false;
let feedCursor: string | undefined;
/** Identifies the user to whom the API has refused the feed. The polling loop is not started again for this user. */
let refusedUserKey: string | undefined;

const buildUserAndTeamKey = (): string => {
  const sessionState = getSessionState();
  return sessionState.is === "out" ? "" : `${sessionState.user.team} ${sessionState.user.id}`;
};

async function readFeedPage() {
  if (document.hidden || !getIsApiReachable() || getSessionState().is !== "in") return undefined;
  const feedQueryParams = { after: feedCursor ?? "latest", limit: EVENTS_PER_PAGE };
  return getDataOrThrow(api.GET("/events", { params: { query: feedQueryParams } }));
}

async function runFeedPollingLoop(): Promise<void> {
  let failureCount = 0;
  feedCursor = undefined;
  while (feedListeners.size > 0) {
    try {
      const feedPage = await readFeedPage();
      if (feedPage) {
        const isFirstRequest = feedCursor === undefined;
        feedCursor = feedPage.nextCursor;
        failureCount = 0;
        // The first request returns only a cursor, from which the next request reads events. Events between a component's own
        // read and this cursor would be missed, so `onGap` tells the component about the gap.
        if (isFirstRequest) for (const { onGap } of [...feedListeners]) onGap();
        else if (feedPage.events.length > 0) {
          for (const { onEvents } of [...feedListeners]) onEvents(feedPage.events);
        }
        if (feedPage.hasMore) continue;
      }
    } catch (error) {
      if (isRequestErrorWithStatus(error, 403)) {
        refusedUserKey = buildUserAndTeamKey();
        break;
      }
      // Status 400 means that the API has deleted the events after the cursor. The loop starts again at the latest event, and
      // then calls `onGap`.
      if (isRequestErrorWithStatus(error, 400)) feedCursor = undefined;
      failureCount += 1;
    }
    await sleep(Math.min(POLL_PAUSE_MS * 2 ** failureCount, MAX_POLL_PAUSE_MS) * (1 - Math.random() / 4));
  }
  isPolling = false;
}

/**
 * Adds a listener, and starts the polling loop for the first one. Returns the callback that removes the listener; the
 * loop ends without listeners.
 */
export function subscribeToFeed(listener: FeedCallbacks): () => void {
  feedListeners.add(listener);
  if (!isPolling && refusedUserKey !== buildUserAndTeamKey()) {
    isPolling = true;
    runFeedPollingLoop();
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
 * Subscribes the component to the feed. `onGap` tells the component that events may be missing and that it must read
 * its data again. It is called when the polling loop has started, when the loop has started again at the latest event,
 * and when the component has joined a running loop. The option `readsAfterSubscribing` excludes only the last case.
 */
export function useLeadChanges(
  onEvents: FeedCallbacks["onEvents"],
  onGap: FeedCallbacks["onGap"],
  { isSubscribed = true, readsAfterSubscribing = false }: UseLeadChangesOptions = {},
): void {
  const feedCallbacksRef = useRef({ onEvents, onGap });
  feedCallbacksRef.current = { onEvents, onGap };
  useEffect(() => {
    if (!isSubscribed) return undefined;
    const isPollingAlreadyRunning = isPolling && feedCursor !== undefined;
    const unsubscribeFromFeed = subscribeToFeed({
      onEvents: (events) => feedCallbacksRef.current.onEvents(events),
      onGap: () => feedCallbacksRef.current.onGap(),
    });
    if (isPollingAlreadyRunning && !readsAfterSubscribing) feedCallbacksRef.current.onGap();
    return unsubscribeFromFeed;
  }, [isSubscribed]);
}
