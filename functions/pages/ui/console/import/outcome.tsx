// The progress and result of a check or an import, with the failed rows grouped by reason.

import type { JSX } from "preact";
import { save } from "../leads/export";
import { Icon } from "../ui/icon";
import { formatCount } from "../ui/time";
import { failedRows, type Sheet } from "./csv-file";
import { type Run, rowsCount } from "./import-run";

const MAX_REASONS = 20;
/** Maximum number of ranges of row numbers that are listed for a reason. */
const MAX_RANGES = 6;

/** Formats sorted row numbers as ranges: `3, 5–9, 12 and 40 more`. */
function rangesOf(numbers: number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last.to + 1 === number) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  const shown = ranges.slice(0, MAX_RANGES);
  const hidden = ranges.slice(MAX_RANGES).reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const text = shown.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
  return hidden > 0 ? `${text} and ${formatCount(hidden)} more` : text;
}

/** Groups failed rows by reason. Returns each reason with its row numbers, the most frequent reason first. */
function reasonsOf(failed: ReadonlyMap<number, string>): [string, number[]][] {
  const reasons = new Map<string, number[]>();
  for (const [number, reason] of failed) {
    const numbers = reasons.get(reason);
    if (numbers) numbers.push(number);
    else reasons.set(reason, [number]);
  }
  for (const numbers of reasons.values()) numbers.sort((one, other) => one - other);
  return [...reasons].sort(([, one], [, other]) => other.length - one.length);
}

function titleOf({ dryRun, over, stopped, total, done, failed }: Run): string {
  const passed = done - failed.size;
  if (!over) return `${dryRun ? "Checking" : "Importing"} ${rowsCount(total)}`;
  if (stopped) return `${dryRun ? "Check" : "Import"} stopped after ${formatCount(done)} of ${rowsCount(total)}`;
  const count = failed.size > 0 ? `${formatCount(passed)} of ${rowsCount(total)}` : rowsCount(total);
  return dryRun ? `${count} can be imported` : `${count} imported`;
}

export function Outcome({ run, sheet }: { run: Run; sheet: Sheet }): JSX.Element {
  const { dryRun, over, stopped, waiting, total, done, created, updated, unchanged, archived, failed } = run;
  const reasons = reasonsOf(failed);
  const download = () => save(sheet.name.replace(/(\.\w+)?$/, "-failed.csv"), [failedRows(sheet, failed)], "text/csv");
  return (
    <section class="outcome" aria-label="Outcome">
      <div class="sec">
        <h2 class="title">{titleOf(run)}</h2>
        {over ? null : (
          <span class="count">
            {formatCount(done)} of {formatCount(total)}
          </span>
        )}
      </div>
      <p class="unseen" role="status">
        {titleOf(run)}
      </p>
      {over && !stopped ? null : (
        <progress max={total} value={done} aria-label={dryRun ? "Rows checked" : "Rows imported"} />
      )}
      {waiting && !over ? (
        <p class="row warn" role="status">
          <Icon name="cloud-off" />
          {waiting} The import goes on by itself.
        </p>
      ) : null}
      {stopped ? (
        <p class={stopped.startsWith("You") ? "quiet" : "bad"}>
          {stopped} {dryRun ? "" : "The rows counted here are written. Going on writes none of them twice."}
        </p>
      ) : null}
      <dl class="tally">
        {[
          { label: dryRun ? "To be created" : "Created", count: created },
          { label: dryRun ? "To be changed" : "Changed", count: updated },
          { label: "Unchanged", count: unchanged },
          { label: "Failed", count: failed.size },
        ].map(({ label, count }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd class={label === "Failed" && count > 0 ? "huge num bad" : "huge num"}>{formatCount(count)}</dd>
          </div>
        ))}
      </dl>
      {archived > 0 ? (
        <p class="quiet">
          {rowsCount(archived)} {archived === 1 ? "is of a lead" : "are of leads"} in the archive.
        </p>
      ) : null}
      {reasons.length > 0 ? (
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
              {reasons.slice(0, MAX_REASONS).map(([reason, numbers]) => (
                <tr key={reason}>
                  <td class="num">{rowsCount(numbers.length)}</td>
                  <th scope="row">
                    <bdi>{reason}</bdi>
                  </th>
                  <td class="quiet num">{rangesOf(numbers)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {reasons.length > MAX_REASONS ? (
            <p class="quiet">{formatCount(reasons.length - MAX_REASONS)} more reasons are in the file.</p>
          ) : null}
          {over ? (
            <p class="row wrap">
              <button type="button" class="btn" onClick={download}>
                <Icon name="download" />
                Save {rowsCount(failed.size)} that failed
              </button>
              <small class="quiet">With the reasons in a last column. Correct them there, and import that file.</small>
            </p>
          ) : null}
        </>
      ) : null}
    </section>
  );
}
