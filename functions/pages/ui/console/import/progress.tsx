// How far an import is, for the frame. The importer itself is in a chunk of its own, which the other screens do without.

import { signal } from "@preact/signals";
import type { JSX } from "preact";

/** The run that is under way. */
export interface ImportProgress {
  file: string;
  dryRun: boolean;
  done: number;
  total: number;
  /** Whether it waits for the connection or for the API. */
  waiting: boolean;
}

export const importRun = signal<ImportProgress | undefined>(undefined);

/** The count beside “Import” in the navigation while an import goes on: `62 %`. */
export function ImportCount(): JSX.Element | null {
  const run = importRun.value;
  if (!run) return null;
  return (
    <span class="count" title={`${run.dryRun ? "Checking" : "Importing"} ${run.file}`}>
      {Math.floor((100 * run.done) / run.total)} %
      <span class="unseen"> {run.waiting ? "done, waiting for the connection" : "done"}</span>
    </span>
  );
}
