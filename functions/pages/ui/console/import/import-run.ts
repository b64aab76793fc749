// State and execution of an import: the file, the options, and the run, which continues while other screens are shown. Requests
// are retried with the same idempotency key, so a lost connection writes no row twice.

import { computed, effect, signal, untracked } from "@preact/signals";
import {
  api,
  type BatchRequest,
  type BatchResponse,
  createIdempotencyKey,
  describeError,
  RequestError,
  toHex,
  unwrap,
  wait,
} from "../app/api";
import { UnreachableError } from "../app/connection";
import { session } from "../app/session";
import { formatCount } from "../ui/time";
import { notify, reportFailure } from "../ui/toast";
import { labelOf } from "./columns";
import type { Sheet } from "./csv-file";
import { batchesOf, type Choices, type LeadRow } from "./lead-rows";
import { Prediction, SAME_ADDRESS } from "./prediction";
import { importRun } from "./progress";

const MAX_PAUSE_MS = 10_000;
/**
 * Error codes of rows whose outcome is not known yet. The batch is sent again with the same key, and the API continues where
 * the first request ended.
 */
const UNDECIDED = ["conflict", "outcome_unknown", "unavailable"];
/** HTTP statuses after which a request is sent again. */
const BUSY_STATUSES = [409, 429, 503];

type RowResult = BatchResponse["results"][number];

export interface Run {
  dryRun: boolean;
  total: number;
  done: number;
  created: number;
  updated: number;
  unchanged: number;
  /** Number of rows that changed an archived lead. */
  archived: number;
  /** Reasons of failed rows, by row number. */
  failed: ReadonlyMap<number, string>;
  /** Why the run is waiting to send a request again. */
  waiting?: string | undefined;
  /** Why the run ended early. */
  stopped?: string;
  over: boolean;
}

/** The file. This signal and `choices` outlive the import screen, so that the user can look at a lead and return. */
export const sheet = signal<Sheet | undefined>(undefined);
export const choices = signal<Choices | undefined>(undefined);
/** The current run, or the last one with the current file and options. */
export const run = signal<Run | undefined>(undefined);
export const isRunning = computed(() => run.value !== undefined && !run.value.over);

effect(() => {
  const state = run.value;
  importRun.value =
    state && !state.over
      ? {
          file: sheet.value?.name ?? "",
          dryRun: state.dryRun,
          done: state.done,
          total: state.total,
          waiting: state.waiting !== undefined,
        }
      : undefined;
});

/** Closing the page would end a run, so the browser asks for confirmation. */
const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
effect(() => {
  if (isRunning.value && !run.peek()?.dryRun) addEventListener("beforeunload", warn);
  else removeEventListener("beforeunload", warn);
});

/** Stops the run. The current request is still completed. */
export function stop(): void {
  if (run.value && !run.value.over) run.value = { ...run.value, over: true, stopped: "You stopped it." };
}

/** Changes import options. The result of an earlier run is removed, because it does not apply to the new options. */
export function choose(change: Partial<Choices>): void {
  if (!choices.value) return;
  run.value = undefined;
  choices.value = { ...choices.value, ...change };
}

/** Removes the file, the options and the run. */
export function forget(): void {
  stop();
  run.value = undefined;
  sheet.value = undefined;
  choices.value = undefined;
}

// Signing out removes the file and the run, which belong to the user.
effect(() => {
  if (session.value.is === "out") untracked(forget);
});

/**
 * Returns the prefix of the requests' idempotency keys. Session storage keeps the prefix until the import is complete, so that
 * the same file, dropped again, resumes the import.
 */
async function keyOf(batches: LeadRow[][], options: unknown): Promise<{ key: string; release: () => void }> {
  const key = createIdempotencyKey();
  // Over plain HTTP, except on localhost, browsers have no `crypto.subtle`. An import that is restarted there gets a new key,
  // so it cannot resume.
  if (!crypto.subtle) return { key, release: () => undefined };
  const content = new TextEncoder().encode(JSON.stringify([batches, options]));
  const name = `import ${toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", content)))}`;
  const kept = sessionStorage.getItem(name) ?? key;
  sessionStorage.setItem(name, kept);
  return { key: kept, release: () => sessionStorage.removeItem(name) };
}

const sentence = (text: string): string => (text.endsWith(".") ? text : `${text}.`);

/** Returns the reason of a failed row, with the labels of the screen. */
function reasonOf({ code, message = "", errors = [] }: RowResult): string {
  if (code === "email_exists") return "A lead with this e-mail address exists.";
  if (errors.length === 0) return sentence(message);
  return errors.map(({ field, message }) => sentence(`${labelOf(field)}: ${message}`)).join(" ");
}

/** Starts a run, which imports the rows of the file or, with `dryRun`, only checks them. */
export async function start(chosen: Choices, createBusinesses: boolean, dryRun: boolean): Promise<void> {
  const file = sheet.value;
  if (!file || isRunning.value) return;
  const { mode, fill } = chosen;
  const options = { mode, fill, createBusinesses };
  const batches = batchesOf(file, chosen);
  let state: Run = {
    dryRun,
    total: file.rows.length,
    done: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    archived: 0,
    failed: new Map(),
    over: false,
  };
  run.value = state;
  const isCurrent = () => run.value === state && !state.over;
  const change = (change: Partial<Run>) => {
    if (!isCurrent()) return;
    state = { ...state, ...change };
    run.value = state;
  };
  const prediction = dryRun ? new Prediction(options) : undefined;
  const written = new Set<string>();
  const { key, release } = await keyOf(batches, options);
  try {
    for (const [index, batch] of batches.entries()) {
      const leads = batch.map(({ cells }) => cells);
      const body: BatchRequest = { ...options, dryRun, format: "csv", leads };
      const params = dryRun ? {} : { header: { "Idempotency-Key": `${key}-${index}` } };
      const answer = await sendPatiently(() => unwrap(api.POST("/leads/batch", { params, body })), change, isCurrent);
      if (!answer) return;
      const count = { created: state.created, updated: state.updated, unchanged: state.unchanged };
      const failed = new Map(state.failed);
      let { archived } = state;
      for (const answered of answer.results) {
        const row = batch[answered.index];
        if (!row) continue;
        const result = prediction?.result(row.cells, answered) ?? answered;
        const address = row.cells.email?.toLowerCase() ?? "";
        if (result.result === "failed") {
          const isTwice = result.code === "email_exists" && written.has(address);
          failed.set(row.number, isTwice ? SAME_ADDRESS : reasonOf(result));
        } else {
          count[result.result] += 1;
          written.add(address);
          if (result.archived) archived += 1;
        }
      }
      change({ ...count, archived, failed, done: state.done + batch.length });
    }
    if (!isCurrent()) return;
    change({ over: true });
    if (dryRun) return;
    release();
    announce(state);
  } catch (error) {
    change({ over: true, stopped: describeError(error) });
    if (!dryRun) reportFailure(`The import ended early. ${describeError(error)}`);
  }
}

const leadsCount = (count: number): string => `${formatCount(count)} ${count === 1 ? "lead" : "leads"}`;
export const rowsCount = (count: number): string => `${formatCount(count)} ${count === 1 ? "row" : "rows"}`;

function announce({ created, updated, failed }: Run): void {
  const written = `${leadsCount(created)} created, ${formatCount(updated)} changed`;
  if (failed.size > 0) reportFailure(`${rowsCount(failed.size)} could not be imported. ${written}.`);
  else notify(`${written}.`);
}

/**
 * Sends a batch until its outcome is known: retries while the API is unreachable or busy. Returns `undefined` if the run was
 * stopped.
 */
async function sendPatiently(
  send: () => Promise<BatchResponse>,
  change: (change: Partial<Run>) => void,
  isCurrent: () => boolean,
): Promise<BatchResponse | undefined> {
  for (let pause = 1000; isCurrent(); pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
    let reason: string;
    let leastPause = 0;
    try {
      const answer = await send();
      const undecided = answer.results.find(({ result, code = "" }) => result === "failed" && UNDECIDED.includes(code));
      if (!undecided) {
        change({ waiting: undefined });
        return answer;
      }
      reason = sentence(undecided.message ?? "The outcome is not known yet");
    } catch (error) {
      const isBusy = error instanceof RequestError && BUSY_STATUSES.includes(error.status);
      if (!isBusy && !(error instanceof UnreachableError)) throw error;
      leastPause = error instanceof RequestError ? error.retryAfterMs : 0;
      reason = sentence(describeError(error));
    }
    change({ waiting: reason });
    await wait(Math.max(leastPause, (0.5 + Math.random() / 2) * pause));
  }
  return undefined;
}
