// What is done to the team's leads while one is shown: the feed of events, walked on from when that began.

import { useEffect, useRef } from "preact/hooks";
import { api, type Event, ok, Refused, wait } from "./api";
import { isReachable } from "./connection";
import { current } from "./session";

const LIMIT = 100;
/** Between two looks, and at most where they fail, in milliseconds. */
const PAUSE = 3000;
const LONGEST = 30_000;

const isRefused = (error: unknown, status: number): boolean => error instanceof Refused && error.status === status;

/** Tells of events as they become known, or that some were missed. */
export function useFeed(following: boolean, heard: (events: Event[]) => void, missed: () => void): void {
  const listener = useRef({ heard, missed });
  listener.current = { heard, missed };
  useEffect(() => {
    let open = following;
    let cursor: string | undefined;
    let failures = 0;
    const look = async () => {
      if (document.hidden || !isReachable() || current().is !== "in") return undefined;
      const query = { after: cursor ?? "latest", limit: LIMIT };
      return ok(api.GET("/events", { params: { query } }));
    };
    const walk = async () => {
      while (open) {
        let page: Awaited<ReturnType<typeof look>>;
        try {
          page = await look();
        } catch (error) {
          if (isRefused(error, 403)) return;
          // A cursor is good for as long as events are kept.
          if (isRefused(error, 400)) cursor = undefined;
          failures += 1;
        }
        if (page && open) {
          if (cursor) listener.current.heard(page.events);
          // What became known since the lead was read is before this cursor.
          else listener.current.missed();
          cursor = page.nextCursor;
          failures = 0;
          if (page.hasMore) continue;
        }
        await wait(Math.min(PAUSE * 2 ** failures, LONGEST) * (1 - Math.random() / 4));
      }
    };
    walk();
    return () => {
      open = false;
    };
  }, [following]);
}
