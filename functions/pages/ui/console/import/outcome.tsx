// The progress and result of a check or an import, with the failed rows grouped by reason.

import type { JSX } from "preact";
import { downloadFile } from "../leads/export";
import { Icon } from "../ui/icon";
import { formatCount } from "../ui/time";
import { buildFailedRowsCsv, type CsvFile } from "./csv-file";
import { formatRowCount, type ImportRun } from "./import-run";

const MAX_SHOWN_FAILURE_REASONS = 20;
/** Maximum number of ranges of row numbers that are listed for a reason. */
const MAX_ROW_RANGES_PER_REASON = 6;

/** Formats sorted row numbers as ranges: `3, 5–9, 12 and 40 more`. */
function formatRowNumbersAsRanges(rowNumbers: number[]): string {
  const rowRanges: { from: number; to: number }[] = [];
  for (const rowNumber of rowNumbers) {
    const lastRowRange = rowRanges.at(-1);
    if (lastRowRange && lastRowRange.to + 1 === rowNumber) lastRowRange.to = rowNumber;
    else rowRanges.push({ from: rowNumber, to: rowNumber });
  }
  const shownRowRanges = rowRanges.slice(0, MAX_ROW_RANGES_PER_REASON);
  const hiddenRowCount = rowRanges
    .slice(MAX_ROW_RANGES_PER_REASON)
    .reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const rowRangesText = shownRowRanges.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
  return hiddenRowCount > 0 ? `${rowRangesText} and ${formatCount(hiddenRowCount)} more` : rowRangesText;
}

/** Groups failed rows by reason. Returns each reason with its row numbers, the most frequent reason first. */
function groupFailedRowsByReason(failed: ReadonlyMap<number, string>): [string, number[]][] {
  const rowNumbersByReason = new Map<string, number[]>();
  for (const [number, reason] of failed) {
    const rowNumbers = rowNumbersByReason.get(reason);
    if (rowNumbers) rowNumbers.push(number);
    else rowNumbersByReason.set(reason, [number]);
  }
  for (const failedRowNumbers of rowNumbersByReason.values()) failedRowNumbers.sort((one, other) => one - other);
  return [...rowNumbersByReason].sort(([, one], [, other]) => other.length - one.length);
}

function formatImportRunTitle({ dryRun, isFinished, stopReason, totalRows, doneRows, failedRows }: ImportRun): string {
  const passedRowCount = doneRows - failedRows.size;
  if (!isFinished) return `${dryRun ? "Checking" : "Importing"} ${formatRowCount(totalRows)}`;
  if (stopReason)
    return `${dryRun ? "Check" : "Import"} stopped after ${formatCount(doneRows)} of ${formatRowCount(totalRows)}`;
  const passedRowCountText =
    failedRows.size > 0 ? `${formatCount(passedRowCount)} of ${formatRowCount(totalRows)}` : formatRowCount(totalRows);
  return dryRun ? `${passedRowCountText} can be imported` : `${passedRowCountText} imported`;
}

export function ImportResultSection({ run, csvFile }: { run: ImportRun; csvFile: CsvFile }): JSX.Element {
  const {
    dryRun,
    isFinished,
    stopReason,
    waitReason,
    totalRows,
    doneRows,
    created,
    updated,
    unchanged,
    archived,
    failedRows,
  } = run;
  const failureReasonsWithRowNumbers = groupFailedRowsByReason(failedRows);
  const downloadFailedRows = () =>
    downloadFile(
      csvFile.name.replace(/(\.\w+)?$/, "-failed.csv"),
      [buildFailedRowsCsv(csvFile, failedRows)],
      "text/csv",
    );
  return (
    <section class="outcome" aria-label="Outcome">
      <div class="sec">
        <h2 class="title">{formatImportRunTitle(run)}</h2>
        {isFinished ? null : (
          <span class="count">
            {formatCount(doneRows)} of {formatCount(totalRows)}
          </span>
        )}
      </div>
      <p class="unseen" role="status">
        {formatImportRunTitle(run)}
      </p>
      {isFinished && !stopReason ? null : (
        <progress max={totalRows} value={doneRows} aria-label={dryRun ? "Rows checked" : "Rows imported"} />
      )}
      {waitReason && !isFinished ? (
        <p class="row warn" role="status">
          <Icon name="cloud-off" />
          {waitReason} The import goes on by itself.
        </p>
      ) : null}
      {stopReason ? (
        <p class={stopReason.startsWith("You") ? "quiet" : "bad"}>
          {stopReason} {dryRun ? "" : "The rows counted here are written. Going on writes none of them twice."}
        </p>
      ) : null}
      <dl class="tally">
        {[
          { label: dryRun ? "To be created" : "Created", count: created },
          { label: dryRun ? "To be changed" : "Changed", count: updated },
          { label: "Unchanged", count: unchanged },
          { label: "Failed", count: failedRows.size },
        ].map(({ label, count }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd class={label === "Failed" && count > 0 ? "huge num bad" : "huge num"}>{formatCount(count)}</dd>
          </div>
        ))}
      </dl>
      {archived > 0 ? (
        <p class="quiet">
          {formatRowCount(archived)} {archived === 1 ? "is of a lead" : "are of leads"} in the archive.
        </p>
      ) : null}
      {failureReasonsWithRowNumbers.length > 0 ? (
        <>
          <table class="plain reasons">
            <thead>
              <tr>
                <th scope="col" class="w-s">
                  Failed
                </th>
                <th scope="col">Reason</th>
                <th scope="col" class="w-l">
                  Rows in the file
                </th>
              </tr>
            </thead>
            <tbody>
              {failureReasonsWithRowNumbers.slice(0, MAX_SHOWN_FAILURE_REASONS).map(([reason, numbers]) => (
                <tr key={reason}>
                  <td class="num">{formatRowCount(numbers.length)}</td>
                  <th scope="row">
                    <bdi>{reason}</bdi>
                  </th>
                  <td class="quiet num">{formatRowNumbersAsRanges(numbers)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {failureReasonsWithRowNumbers.length > MAX_SHOWN_FAILURE_REASONS ? (
            <p class="quiet">
              {formatCount(failureReasonsWithRowNumbers.length - MAX_SHOWN_FAILURE_REASONS)} more reasons are in the
              file.
            </p>
          ) : null}
          {isFinished ? (
            <p class="row wrap">
              <button type="button" class="btn" onClick={downloadFailedRows}>
                <Icon name="download" />
                Save {formatRowCount(failedRows.size)} that failed
              </button>
              <small class="quiet">With the reasons in a last column. Correct them there, and import that file.</small>
            </p>
          ) : null}
        </>
      ) : null}
    </section>
  );
}
