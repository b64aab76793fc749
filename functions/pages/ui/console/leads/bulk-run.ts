// Sends one change of many leads in requests of a hundred leads each. A run can be stopped between requests.

import { describeError, RequestError, wait } from "../app/api";
import { MAX_PAGE_LEADS } from "./list-pages";

const MAX_IDS_PER_REQUEST = MAX_PAGE_LEADS;
/** More parallel requests would contend for the team's counters. */
const PARALLEL_REQUESTS = 3;
const MAX_TRIES = 4;

export interface BulkResult {
  /** Ids of leads that were changed. */
  done: number[];
  /** Ids of leads that somebody deleted in the meantime. */
  deleted: number[];
  /** Ids of leads that were not changed, because the run was stopped or a request failed. */
  left: number[];
  error?: unknown;
}

export interface BulkOptions {
  /** Receives the number of leads that are processed so far. */
  onProgress?: (done: number) => void;
  isStopped?: () => boolean;
  idsPerRequest?: number;
}

/** Returns the lead ids that the API's error names as unknown. */
function unknownIds(error: unknown): number[] {
  const faults = error instanceof RequestError ? error.errors.filter(({ field }) => field === "ids") : [];
  return faults.flatMap(({ message }) => (message.match(/\d+/g) ?? []).map(Number));
}

/**
 * Sends one request, and retries temporary errors. Ids of deleted leads are removed from the request. Returns the ids that were
 * changed.
 */
async function sendOnce(ids: number[], send: (ids: number[]) => Promise<unknown>): Promise<number[]> {
  let present = ids;
  for (let tries = 1; present.length > 0; ) {
    try {
      await send(present);
      break;
    } catch (error) {
      const unknown = new Set(unknownIds(error));
      const known = present.filter((id) => !unknown.has(id));
      if (known.length < present.length) present = known;
      else if (error instanceof RequestError && error.isTemporary && tries < MAX_TRIES) {
        tries += 1;
        await wait(error.retryAfterMs);
      } else throw error;
    }
  }
  return present;
}

/** Sends all requests of a change. A retry is harmless: the change leaves a lead as it is that was changed already. */
export async function runInBulk(
  ids: readonly number[],
  send: (ids: number[]) => Promise<unknown>,
  { onProgress, isStopped, idsPerRequest = MAX_IDS_PER_REQUEST }: BulkOptions = {},
): Promise<BulkResult> {
  const result: BulkResult = { done: [], deleted: [], left: [] };
  let next = 0;
  let failed = false;
  const work = async () => {
    while (next < ids.length && !failed && !isStopped?.()) {
      const chunk = ids.slice(next, next + idsPerRequest);
      next += chunk.length;
      try {
        const present = await sendOnce(chunk, send);
        const changed = new Set(present);
        result.done.push(...present);
        result.deleted.push(...chunk.filter((id) => !changed.has(id)));
        onProgress?.(result.done.length + result.deleted.length);
      } catch (error) {
        failed = true;
        result.error = error;
        result.left.push(...chunk);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, work));
  result.left.push(...ids.slice(next));
  return result;
}

/** Message for a failed run: `200 of 450 leads moved to Lost. The API cannot be reached.` */
export const describeFailure = (done: string, { error }: BulkResult): string => `${done} ${describeError(error)}`;
