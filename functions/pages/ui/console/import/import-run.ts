// State and execution of an import: the file, the options, and the run, which continues while other screens are shown. Requests
// are retried with the same idempotency key, so a lost connection writes no row twice.

import { computed, effect, signal, untracked } from "@preact/signals";
import {
  api,
  bytesToHex,
  createIdempotencyKey,
  describeError,
  getDataOrThrow,
  type LeadBatchRequestBody,
  type LeadBatchResponse,
  RequestError,
  sleep,
} from "../app/api";
import { UnreachableError } from "../app/connection";
import { sessionStateSignal } from "../app/session";
import { formatCount } from "../ui/time";
import { showFailureAlert, showToast } from "../ui/toast";
import { findMatchSystem, getImportFieldLabel } from "./columns";
import type { CsvFile } from "./csv-file";
import { buildLeadRowBatches, type ImportOptions, type LeadRow } from "./lead-rows";
import { DryRunPrediction, DUPLICATE_EMAIL_MESSAGE } from "./prediction";
import { importProgressSignal } from "./progress";

const MAX_RETRY_PAUSE_MS = 10_000;
/**
 * Error codes of rows that may or may not have been written. The whole batch is then sent again with the same idempotency key,
 * and the API continues where the first request ended.
 */
const RETRIED_ROW_ERROR_CODES = ["conflict", "outcome_unknown", "unavailable"];
/** HTTP statuses after which a request is sent again. */
const RETRIED_HTTP_STATUSES = [409, 429, 503];

type ImportRowResult = LeadBatchResponse["results"][number];

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

/** The file to import. This signal and `importOptionsSignal` are kept while other screens are shown, so that the user can return. */
export const csvFileSignal = signal<CsvFile | undefined>(undefined);
export const importOptionsSignal = signal<ImportOptions | undefined>(undefined);
/** The current run, or the last one with the current file and options. */
export const importRunSignal = signal<ImportRun | undefined>(undefined);
export const isImportRunningSignal = computed(
  () => importRunSignal.value !== undefined && !importRunSignal.value.isFinished,
);

effect(() => {
  const importRun = importRunSignal.value;
  importProgressSignal.value =
    importRun && !importRun.isFinished
      ? {
          file: csvFileSignal.value?.name ?? "",
          dryRun: importRun.dryRun,
          done: importRun.doneRows,
          total: importRun.totalRows,
          isWaiting: importRun.waitReason !== undefined,
        }
      : undefined;
});

/** Closing the page would end a run, so the browser asks for confirmation. */
const preventUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
effect(() => {
  if (isImportRunningSignal.value && !importRunSignal.peek()?.dryRun) addEventListener("beforeunload", preventUnload);
  else removeEventListener("beforeunload", preventUnload);
});

/** Stops the run. The current request is still completed. */
export function stopImport(): void {
  if (importRunSignal.value && !importRunSignal.value.isFinished)
    importRunSignal.value = { ...importRunSignal.value, isFinished: true, stopReason: "You stopped it." };
}

/** Changes import options, and removes the result of an earlier run, which does not apply to the new options. */
export function updateImportOptions(change: Partial<ImportOptions>): void {
  if (!importOptionsSignal.value) return;
  importRunSignal.value = undefined;
  importOptionsSignal.value = { ...importOptionsSignal.value, ...change };
}

/** Removes the file, the options and the run. */
export function resetImport(): void {
  stopImport();
  importRunSignal.value = undefined;
  csvFileSignal.value = undefined;
  importOptionsSignal.value = undefined;
}

// Signing out removes the file and the run, which belong to the user.
effect(() => {
  if (sessionStateSignal.value.is === "out") untracked(resetImport);
});

/**
 * Returns the prefix of the idempotency keys of all requests, and a function that forgets it. Session storage keeps the
 * prefix until the import is complete. If the user imports the same rows with the same options again, the requests have
 * the same keys, so the import resumes.
 */
async function loadOrCreateIdempotencyPrefix(
  batches: LeadRow[][],
  options: unknown,
): Promise<{ keyPrefix: string; forgetKeyPrefix: () => void }> {
  const newIdempotencyKeyPrefix = createIdempotencyKey();
  // The key prefix is stored under a hash of the rows and the options. Browsers provide the hash function
  // (`crypto.subtle`) only over HTTPS and on localhost. Elsewhere the prefix is not stored, so an import that is
  // started again cannot resume.
  if (!crypto.subtle) return { keyPrefix: newIdempotencyKeyPrefix, forgetKeyPrefix: () => undefined };
  const importBytesToHash = new TextEncoder().encode(JSON.stringify([batches, options]));
  const idempotencyPrefixStorageKey = `import ${bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", importBytesToHash)))}`;
  const idempotencyKeyPrefix = sessionStorage.getItem(idempotencyPrefixStorageKey) ?? newIdempotencyKeyPrefix;
  sessionStorage.setItem(idempotencyPrefixStorageKey, idempotencyKeyPrefix);
  return {
    keyPrefix: idempotencyKeyPrefix,
    forgetKeyPrefix: () => sessionStorage.removeItem(idempotencyPrefixStorageKey),
  };
}

const ensureTrailingFullStop = (text: string): string => (text.endsWith(".") ? text : `${text}.`);

/** Returns the reason of a failed row, with the labels of the screen. */
function describeRowError({ code, message = "", errors = [] }: ImportRowResult): string {
  if (code === "email_exists") return "A lead with this e-mail address exists.";
  if (errors.length === 0) return ensureTrailingFullStop(message);
  return errors
    .map(({ field, message }) => ensureTrailingFullStop(`${getImportFieldLabel(field)}: ${message}`))
    .join(" ");
}

/** Starts a run, which imports the rows of the file or, with `dryRun`, only checks them. */
export async function startImport(
  chosenOptions: ImportOptions,
  createBusinesses: boolean,
  dryRun: boolean,
): Promise<void> {
  const currentFile = csvFileSignal.value;
  if (!currentFile || isImportRunningSignal.value) return;
  const { mode, fill } = chosenOptions;
  const matchSystem = findMatchSystem(chosenOptions.targets);
  const batchBodyOptions = { mode, fill, createBusinesses, ...(matchSystem ? { match: matchSystem } : {}) };
  const leadRowBatches = buildLeadRowBatches(currentFile, chosenOptions);
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
  importRunSignal.value = currentRun;
  const getIsRunActive = () => importRunSignal.value === currentRun && !currentRun.isFinished;
  const updateImportRun = (change: Partial<ImportRun>) => {
    if (!getIsRunActive()) return;
    currentRun = { ...currentRun, ...change };
    importRunSignal.value = currentRun;
  };
  const dryRunPrediction = dryRun ? new DryRunPrediction(batchBodyOptions) : undefined;
  const writtenEmails = new Set<string>();
  const { keyPrefix, forgetKeyPrefix } = await loadOrCreateIdempotencyPrefix(leadRowBatches, batchBodyOptions);
  try {
    for (const [index, batch] of leadRowBatches.entries()) {
      const batchLeadCells = batch.map(({ cells }) => cells);
      const batchBody: LeadBatchRequestBody = { ...batchBodyOptions, dryRun, format: "csv", leads: batchLeadCells };
      const idempotencyHeaderParams = dryRun ? {} : { header: { "Idempotency-Key": `${keyPrefix}-${index}` } };
      const batchResponse = await sendBatchWithRetry(
        () => getDataOrThrow(api.POST("/leads/batch", { params: idempotencyHeaderParams, body: batchBody })),
        updateImportRun,
        getIsRunActive,
      );
      if (!batchResponse) return;
      const rowCountsByResult = {
        created: currentRun.created,
        updated: currentRun.updated,
        unchanged: currentRun.unchanged,
      };
      const failureReasonsByRowNumber = new Map(currentRun.failedRows);
      let { archived } = currentRun;
      for (const apiRowResult of batchResponse.results) {
        const leadRow = batch[apiRowResult.index];
        if (!leadRow) continue;
        const predictedOrApiRowResult = dryRunPrediction?.predictResult(leadRow.cells, apiRowResult) ?? apiRowResult;
        const rowEmail = leadRow.cells.email?.toLowerCase() ?? "";
        if (predictedOrApiRowResult.result === "failed") {
          const isEmailDuplicateInFile = predictedOrApiRowResult.code === "email_exists" && writtenEmails.has(rowEmail);
          failureReasonsByRowNumber.set(
            leadRow.number,
            isEmailDuplicateInFile ? DUPLICATE_EMAIL_MESSAGE : describeRowError(predictedOrApiRowResult),
          );
        } else {
          rowCountsByResult[predictedOrApiRowResult.result] += 1;
          writtenEmails.add(rowEmail);
          if (predictedOrApiRowResult.archived) archived += 1;
        }
      }
      updateImportRun({
        ...rowCountsByResult,
        archived,
        failedRows: failureReasonsByRowNumber,
        doneRows: currentRun.doneRows + batch.length,
      });
    }
    if (!getIsRunActive()) return;
    updateImportRun({ isFinished: true });
    if (dryRun) return;
    forgetKeyPrefix();
    showImportSummaryToast(currentRun);
  } catch (error) {
    updateImportRun({ isFinished: true, stopReason: describeError(error) });
    if (!dryRun) showFailureAlert(`The import ended early. ${describeError(error)}`);
  }
}

const formatLeadCount = (count: number): string => `${formatCount(count)} ${count === 1 ? "lead" : "leads"}`;
export const formatRowCount = (count: number): string => `${formatCount(count)} ${count === 1 ? "row" : "rows"}`;

function showImportSummaryToast({ created, updated, failedRows }: ImportRun): void {
  const summaryText = `${formatLeadCount(created)} created, ${formatCount(updated)} changed`;
  if (failedRows.size > 0)
    showFailureAlert(`${formatRowCount(failedRows.size)} could not be imported. ${summaryText}.`);
  else showToast(`${summaryText}.`);
}

/**
 * Sends a batch until its outcome is known: retries while the API is unreachable or busy. Returns `undefined` if the run was
 * stopped.
 */
async function sendBatchWithRetry(
  send: () => Promise<LeadBatchResponse>,
  updateRun: (change: Partial<ImportRun>) => void,
  isRunCurrent: () => boolean,
): Promise<LeadBatchResponse | undefined> {
  for (let pauseMs = 1000; isRunCurrent(); pauseMs = Math.min(pauseMs * 2, MAX_RETRY_PAUSE_MS)) {
    let waitReason: string;
    let minPauseMs = 0;
    try {
      const batchResponse = await send();
      const unfinishedRowResult = batchResponse.results.find(
        ({ result, code = "" }) => result === "failed" && RETRIED_ROW_ERROR_CODES.includes(code),
      );
      if (!unfinishedRowResult) {
        updateRun({ waitReason: undefined });
        return batchResponse;
      }
      waitReason = ensureTrailingFullStop(unfinishedRowResult.message ?? "The outcome is not known yet");
    } catch (error) {
      const isApiBusy = error instanceof RequestError && RETRIED_HTTP_STATUSES.includes(error.status);
      if (!isApiBusy && !(error instanceof UnreachableError)) throw error;
      minPauseMs = error instanceof RequestError ? error.retryAfterMs : 0;
      waitReason = ensureTrailingFullStop(describeError(error));
    }
    updateRun({ waitReason });
    await sleep(Math.max(minPauseMs, (0.5 + Math.random() / 2) * pauseMs));
  }
  return undefined;
}
