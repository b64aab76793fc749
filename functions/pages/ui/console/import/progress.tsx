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
  isWaiting: boolean;
}

export const importProgress = signal<ImportProgress | undefined>(undefined);

/** The percentage beside “Import” in the navigation during a run: `62 %`. */
export function ImportPercentage(): JSX.Element | null {
  const progress = importProgress.value;
  if (!progress) return null;
  return (
    <span class="count" title={`${progress.dryRun ? "Checking" : "Importing"} ${progress.file}`}>
      {Math.floor((100 * progress.done) / progress.total)} %
      <span class="unseen"> {progress.isWaiting ? "done, waiting for the connection" : "done"}</span>
    </span>
  );
}
