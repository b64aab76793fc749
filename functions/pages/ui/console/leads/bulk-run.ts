// Sends one change of many leads in requests of up to a hundred leads, three at a time. A stopped run sends no further
// requests.

import { RequestError, sleep } from "../app/api";
import { MAX_LEADS_PER_PAGE } from "./list-pages";

const MAX_IDS_PER_REQUEST = MAX_LEADS_PER_PAGE;
/** Each request updates the team's counters in the database. More requests in parallel would conflict with each other. */
const MAX_PARALLEL_REQUESTS = 3;
const MAX_ATTEMPTS_PER_REQUEST = 4;

export interface BulkResult {
  /** Ids of leads that were changed. */
  changedIds: number[];
  /** Ids of leads that somebody deleted in the meantime. */
  deletedIds: number[];
  /** Ids of leads that were not changed, because the run was stopped or a request failed. */
  unprocessedIds: number[];
  error?: unknown;
}

export interface BulkRunOptions {
  /** Receives the number of leads that are processed so far. */
  onProgress?: (done: number) => void;
  isStopped?: () => boolean;
  idsPerRequest?: number;
}

/** Returns the lead ids that the API's error names as unknown. */
function parseUnknownLeadIds(error: unknown): number[] {
  const idsFieldErrors = error instanceof RequestError ? error.errors.filter(({ field }) => field === "ids") : [];
  return idsFieldErrors.flatMap(({ message }) => (message.match(/\d+/g) ?? []).map(Number));
}

/**
 * Sends one request, and retries temporary errors. Ids of deleted leads are removed from the request. Returns the ids that were
 * changed.
 */
async function sendIdChunkWithRetries(ids: number[], send: (ids: number[]) => Promise<unknown>): Promise<number[]> {
  let existingIds = ids;
  for (let attempts = 1; existingIds.length > 0; ) {
    try {
      await send(existingIds);
      break;
    } catch (error) {
      const unknownLeadIds = new Set(parseUnknownLeadIds(error));
      const remainingLeadIds = existingIds.filter((id) => !unknownLeadIds.has(id));
      if (remainingLeadIds.length < existingIds.length) existingIds = remainingLeadIds;
      else if (error instanceof RequestError && error.isTemporary && attempts < MAX_ATTEMPTS_PER_REQUEST) {
        attempts += 1;
        await sleep(error.retryAfterMs);
      } else throw error;
    }
  }
  return existingIds;
}

/** Sends all requests of a change, several at a time. A retried request does not change a lead twice. */
export async function sendIdsInParallelChunks(
  ids: readonly number[],
  send: (ids: number[]) => Promise<unknown>,
  { onProgress, isStopped, idsPerRequest = MAX_IDS_PER_REQUEST }: BulkRunOptions = {},
): Promise<BulkResult> {
  const bulkResult: BulkResult = { changedIds: [], deletedIds: [], unprocessedIds: [] };
  let nextIdIndex = 0;
  let hasFailed = false;
  const runChunkWorker = async () => {
    while (nextIdIndex < ids.length && !hasFailed && !isStopped?.()) {
      const leadIdChunk = ids.slice(nextIdIndex, nextIdIndex + idsPerRequest);
      nextIdIndex += leadIdChunk.length;
      try {
        const changedLeadIds = await sendIdChunkWithRetries(leadIdChunk, send);
        const changedLeadIdSet = new Set(changedLeadIds);
        bulkResult.changedIds.push(...changedLeadIds);
        bulkResult.deletedIds.push(...leadIdChunk.filter((id) => !changedLeadIdSet.has(id)));
        onProgress?.(bulkResult.changedIds.length + bulkResult.deletedIds.length);
      } catch (error) {
        hasFailed = true;
        bulkResult.error = error;
        bulkResult.unprocessedIds.push(...leadIdChunk);
      }
    }
  };
  await Promise.all(Array.from({ length: MAX_PARALLEL_REQUESTS }, runChunkWorker));
  bulkResult.unprocessedIds.push(...ids.slice(nextIdIndex));
  return bulkResult;
}
