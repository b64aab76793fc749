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

const percent = ({ done, total }: ImportProgress): string => `${Math.floor((100 * done) / total)} %`;

/** Shows on every other screen that an import goes on, and leads back to it. */
export function ImportProgressLink(): JSX.Element | null {
  const run = importRun.value;
  if (!run) return null;
  const name = run.dryRun ? "Checking" : "Importing";
  return (
    <a class="import-progress" href="#/import" title={`${name} ${run.file}`}>
      <progress max={run.total} value={run.done} aria-label={`${name} ${run.file}`} />
      <span>{run.waiting ? `${name}, waiting for the connection` : `${name}, ${percent(run)}`}</span>
    </a>
  );
}
