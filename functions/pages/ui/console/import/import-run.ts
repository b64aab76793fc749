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
  sleep,
  toHex,
  unwrap,
} from "../app/api";
import { UnreachableError } from "../app/connection";
import { session } from "../app/session";
import { formatCount } from "../ui/time";
import { reportFailure, showToast } from "../ui/toast";
import { getTargetLabel } from "./columns";
import type { CsvFile } from "./csv-file";
import { buildBatches, type ImportOptions, type LeadRow } from "./lead-rows";
import { DryRunPrediction, DUPLICATE_EMAIL_MESSAGE } from "./prediction";
import { importProgress } from "./progress";

const MAX_RETRY_PAUSE_MS = 10_000;
/**
 * Error codes of rows that may or may not have been written. The whole batch is then sent again with the same idempotency key,
 * and the API continues where the first request ended.
 */
const RETRIED_ROW_CODES = ["conflict", "outcome_unknown", "unavailable"];
/** HTTP statuses after which a request is sent again. */
const RETRIED_HTTP_STATUSES = [409, 429, 503];

type RowResult = BatchResponse["results"][number];

export interface ImportRun {
  dryRun: boolean;
  totalRows: number;
  doneRows: number;
  created: number;
  updated: number;
  unchanged: number;
  /** Number of rows that changed an archived lead. */
  archived: number;
  /** Reasons of failed rows, by row number. */
  failedRows: ReadonlyMap<number, string>;
  /** Why the run is waiting to send a request again. */
  waitReason?: string | undefined;
  /** Why the run ended early. */
  stopReason?: string;
  isFinished: boolean;
}

/** The file to import. This signal and `importOptions` are kept while other screens are shown, so that the user can return. */
export const csvFile = signal<CsvFile | undefined>(undefined);
export const importOptions = signal<ImportOptions | undefined>(undefined);
/** The current run, or the last one with the current file and options. */
export const importRun = signal<ImportRun | undefined>(undefined);
export const isImportRunning = computed(() => importRun.value !== undefined && !importRun.value.isFinished);

effect(() => {
  const currentRun = importRun.value;
  importProgress.value =
    currentRun && !currentRun.isFinished
      ? {
          file: csvFile.value?.name ?? "",
          dryRun: currentRun.dryRun,
          done: currentRun.doneRows,
          total: currentRun.totalRows,
          isWaiting: currentRun.waitReason !== undefined,
        }
      : undefined;
});

/** Closing the page would end a run, so the browser asks for confirmation. */
const preventUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
effect(() => {
  if (isImportRunning.value && !importRun.peek()?.dryRun) addEventListener("beforeunload", preventUnload);
  else removeEventListener("beforeunload", preventUnload);
});

/** Stops the run. The current request is still completed. */
export function stopImport(): void {
  if (importRun.value && !importRun.value.isFinished)
    importRun.value = { ...importRun.value, isFinished: true, stopReason: "You stopped it." };
}

/** Changes import options, and removes the result of an earlier run, which does not apply to the new options. */
export function updateImportOptions(change: Partial<ImportOptions>): void {
  if (!importOptions.value) return;
  importRun.value = undefined;
  importOptions.value = { ...importOptions.value, ...change };
}

/** Removes the file, the options and the run. */
export function resetImport(): void {
  stopImport();
  importRun.value = undefined;
  csvFile.value = undefined;
  importOptions.value = undefined;
}

// Signing out removes the file and the run, which belong to the user.
effect(() => {
  if (session.value.is === "out") untracked(resetImport);
});

/**
 * Returns the text with which the idempotency keys of all requests begin. Session storage keeps this prefix until the import is
 * complete. If the user drops the same file again, its requests have the same keys, so the import resumes.
 */
async function prepareKeyPrefix(
  batches: LeadRow[][],
  options: unknown,
): Promise<{ keyPrefix: string; forgetKeyPrefix: () => void }> {
  const newKeyPrefix = createIdempotencyKey();
  // The key prefix is stored under a hash of the rows and the options. Browsers provide the hash function
  // (`crypto.subtle`) only over HTTPS and on localhost. Elsewhere the prefix is not stored, so an import that is
  // started again cannot resume.
  if (!crypto.subtle) return { keyPrefix: newKeyPrefix, forgetKeyPrefix: () => undefined };
  const contentToHash = new TextEncoder().encode(JSON.stringify([batches, options]));
  const storageKey = `import ${toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", contentToHash)))}`;
  const keyPrefix = sessionStorage.getItem(storageKey) ?? newKeyPrefix;
  sessionStorage.setItem(storageKey, keyPrefix);
  return { keyPrefix, forgetKeyPrefix: () => sessionStorage.removeItem(storageKey) };
}

const endWithPeriod = (text: string): string => (text.endsWith(".") ? text : `${text}.`);

/** Returns the reason of a failed row, with the labels of the screen. */
function describeRowError({ code, message = "", errors = [] }: RowResult): string {
  if (code === "email_exists") return "A lead with this e-mail address exists.";
  if (errors.length === 0) return endWithPeriod(message);
  return errors.map(({ field, message }) => endWithPeriod(`${getTargetLabel(field)}: ${message}`)).join(" ");
}

/** Starts a run, which imports the rows of the file or, with `dryRun`, only checks them. */
export async function startImport(
  chosenOptions: ImportOptions,
  createBusinesses: boolean,
  dryRun: boolean,
): Promise<void> {
  const currentFile = csvFile.value;
  if (!currentFile || isImportRunning.value) return;
  const { mode, fill } = chosenOptions;
  const requestOptions = { mode, fill, createBusinesses };
  const batches = buildBatches(currentFile, chosenOptions);
  let currentRun: ImportRun = {
    dryRun,
    totalRows: currentFile.rows.length,
    doneRows: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    archived: 0,
    failedRows: new Map(),
    isFinished: false,
  };
  importRun.value = currentRun;
  const isRunCurrent = () => importRun.value === currentRun && !currentRun.isFinished;
  const updateRun = (change: Partial<ImportRun>) => {
    if (!isRunCurrent()) return;
    currentRun = { ...currentRun, ...change };
    importRun.value = currentRun;
  };
  const prediction = dryRun ? new DryRunPrediction(requestOptions) : undefined;
  const writtenEmails = new Set<string>();
  const { keyPrefix, forgetKeyPrefix } = await prepareKeyPrefix(batches, requestOptions);
  try {
    for (const [index, batch] of batches.entries()) {
      const leads = batch.map(({ cells }) => cells);
      const batchBody: BatchRequest = { ...requestOptions, dryRun, format: "csv", leads };
      const headerParams = dryRun ? {} : { header: { "Idempotency-Key": `${keyPrefix}-${index}` } };
      const batchResponse = await sendWithRetry(
        () => unwrap(api.POST("/leads/batch", { params: headerParams, body: batchBody })),
        updateRun,
        isRunCurrent,
      );
      if (!batchResponse) return;
      const resultCounts = {
        created: currentRun.created,
        updated: currentRun.updated,
        unchanged: currentRun.unchanged,
      };
      const failedRows = new Map(currentRun.failedRows);
      let { archived } = currentRun;
      for (const apiResult of batchResponse.results) {
        const leadRow = batch[apiResult.index];
        if (!leadRow) continue;
        const rowResult = prediction?.predictResult(leadRow.cells, apiResult) ?? apiResult;
        const rowEmail = leadRow.cells.email?.toLowerCase() ?? "";
        if (rowResult.result === "failed") {
          const isDuplicateInFile = rowResult.code === "email_exists" && writtenEmails.has(rowEmail);
          failedRows.set(leadRow.number, isDuplicateInFile ? DUPLICATE_EMAIL_MESSAGE : describeRowError(rowResult));
        } else {
          resultCounts[rowResult.result] += 1;
          writtenEmails.add(rowEmail);
          if (rowResult.archived) archived += 1;
        }
      }
      updateRun({ ...resultCounts, archived, failedRows, doneRows: currentRun.doneRows + batch.length });
    }
    if (!isRunCurrent()) return;
    updateRun({ isFinished: true });
    if (dryRun) return;
    forgetKeyPrefix();
    showImportSummaryToast(currentRun);
  } catch (error) {
    updateRun({ isFinished: true, stopReason: describeError(error) });
    if (!dryRun) reportFailure(`The import ended early. ${describeError(error)}`);
  }
}

const formatLeadCount = (count: number): string => `${formatCount(count)} ${count === 1 ? "lead" : "leads"}`;
export const formatRowCount = (count: number): string => `${formatCount(count)} ${count === 1 ? "row" : "rows"}`;

function showImportSummaryToast({ created, updated, failedRows }: ImportRun): void {
  const summaryText = `${formatLeadCount(created)} created, ${formatCount(updated)} changed`;
  if (failedRows.size > 0) reportFailure(`${formatRowCount(failedRows.size)} could not be imported. ${summaryText}.`);
  else showToast(`${summaryText}.`);
}

/**
 * Sends a batch until its outcome is known: retries while the API is unreachable or busy. Returns `undefined` if the run was
 * stopped.
 */
async function sendWithRetry(
  send: () => Promise<BatchResponse>,
  updateRun: (change: Partial<ImportRun>) => void,
  isRunCurrent: () => boolean,
): Promise<BatchResponse | undefined> {
  for (let pauseMs = 1000; isRunCurrent(); pauseMs = Math.min(pauseMs * 2, MAX_RETRY_PAUSE_MS)) {
    let waitReason: string;
    let minPauseMs = 0;
    try {
      const batchResponse = await send();
      const unfinishedRow = batchResponse.results.find(
        ({ result, code = "" }) => result === "failed" && RETRIED_ROW_CODES.includes(code),
      );
      if (!unfinishedRow) {
        updateRun({ waitReason: undefined });
        return batchResponse;
      }
      waitReason = endWithPeriod(unfinishedRow.message ?? "The outcome is not known yet");
    } catch (error) {
      const isApiBusy = error instanceof RequestError && RETRIED_HTTP_STATUSES.includes(error.status);
      if (!isApiBusy && !(error instanceof UnreachableError)) throw error;
      minPauseMs = error instanceof RequestError ? error.retryAfterMs : 0;
      waitReason = endWithPeriod(describeError(error));
    }
    updateRun({ waitReason });
    await sleep(Math.max(minPauseMs, (0.5 + Math.random() / 2) * pauseMs));
  }
  return undefined;
}
