// The progress of an import, and its percentage in the navigation. Both are outside the chunk of the import screen, so
// that the navigation does not load that chunk.

import { signal } from "@preact/signals";
import type { JSX } from "preact";

/** Progress of the current run. */
export interface ImportProgressState {
  file: string;
  dryRun: boolean;
  done: number;
  total: number;
  /** Whether the run waits until the API is reachable or no longer busy. */
  isWaiting: boolean;
}

export const importProgressSignal = signal<ImportProgressState | undefined>(undefined);

/** The percentage beside “Import” in the navigation during a run: `62 %`. */
export function ImportPercentageLabel(): JSX.Element | null {
  const currentImportProgress = importProgressSignal.value;
  if (!currentImportProgress) return null;
  return (
    <span
      class="count"
      title={`${currentImportProgress.dryRun ? "Checking" : "Importing"} ${currentImportProgress.file}`}
    >
      {Math.floor((100 * currentImportProgress.done) / currentImportProgress.total)} %
      <span class="unseen"> {currentImportProgress.isWaiting ? "done, waiting for the connection" : "done"}</span>
    </span>
  );
}
