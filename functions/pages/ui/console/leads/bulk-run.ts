// One change of many leads, sent in requests of a hundred. It can be stopped between requests.

import { describeError, RequestError, wait } from "../app/api";
import { MAX_PAGE_LEADS } from "./list-pages";

const MAX_IDS_PER_REQUEST = MAX_PAGE_LEADS;
/** More requests at a time contend for the same counters of the team. */
const PARALLEL_REQUESTS = 3;
const MAX_TRIES = 4;

export interface BulkResult {
  /** Leads that were changed. */
  done: number[];
  /** Leads that somebody has deleted meanwhile. */
  deleted: number[];
  /** Leads that were not reached: stopped, or after an error. */
  left: number[];
  error?: unknown;
}

export interface BulkOptions {
  /** Called with how many leads are done. */
  onProgress?: (done: number) => void;
  isStopped?: () => boolean;
  idsPerRequest?: number;
}

/** The ids that an error names as unknown. */
function unknownIds(error: unknown): number[] {
  const faults = error instanceof RequestError ? error.errors.filter(({ field }) => field === "ids") : [];
  return faults.flatMap(({ message }) => (message.match(/\d+/g) ?? []).map(Number));
}

/** Sends one request. Leads that are deleted are left out of it, and errors that pass are tried again. */
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
      else if (error instanceof RequestError && error.passes && tries < MAX_TRIES) {
        tries += 1;
        await wait(error.retryAfter);
      } else throw error;
    }
  }
  return present;
}

/** Changes leads a hundred at a time. Each request is repeatable: a lead that was changed already stays so. */
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

/** What a failed run is said to have done: `200 of 450 leads moved to Lost. The API cannot be reached.` */
export const describeFailure = (done: string, { error }: BulkResult): string => `${done} ${describeError(error)}`;
