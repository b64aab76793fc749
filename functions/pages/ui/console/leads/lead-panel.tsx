import type { JSX } from "preact";
import { closeLead } from "./open-lead";

/** A lead beside the board or the list. */
export function LeadPanel({ id }: { id: number }): JSX.Element {
  return (
    <aside class="panel" aria-label="Lead">
      <header>
        <a class="link" href={`#/leads/${id}`}>
          Open as a page
        </a>
        <span class="push" />
        <button type="button" class="btn ghost" onClick={closeLead}>
          Close
        </button>
      </header>
    </aside>
  );
}
