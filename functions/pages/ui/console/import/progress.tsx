// The progress of an import for the navigation. The import screen is a separate chunk, which the navigation does not load.

import { signal } from "@preact/signals";
import type { JSX } from "preact";

/** Progress of the current run. */
export interface ImportProgress {
  file: string;
  dryRun: boolean;
  done: number;
  total: number;
  /** Whether the run waits until the API is reachable or no longer busy. */
  waiting: boolean;
}

export const importRun = signal<ImportProgress | undefined>(undefined);

/** The percentage beside “Import” in the navigation during a run: `62 %`. */
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
