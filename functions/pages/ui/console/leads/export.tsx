// The export dialog: saves the filtered leads as a CSV or NDJSON file.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { type LeadFilter, readExport } from "../app/api";
import { Dialog } from "../ui/dialog";
import { ErrorNote } from "../ui/loading";
import { notify } from "../ui/toast";

/** Starts a download of `parts` as a file. */
export function saveFile(name: string, parts: BlobPart[], type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function ExportDialog({ filter, onClose }: { filter: LeadFilter; onClose: () => void }): JSX.Element {
  const [format, setFormat] = useState<"csv" | "ndjson">("csv");
  const [bom, setBom] = useState(false);
  /** Number of pages of a thousand leads that were read. `undefined` unless an export is running. */
  const [pages, setPages] = useState<number>();
  const [failed, setFailed] = useState<unknown>();
  const isStoppedRef = useRef(false);
  const closeDialog = () => {
    isStoppedRef.current = true;
    onClose();
  };
  const startExport = async () => {
    setPages(0);
    setFailed(undefined);
    try {
      const fileParts = format === "csv" && bom ? ["\uFEFF"] : [];
      for await (const page of readExport(filter, format)) {
        if (isStoppedRef.current) return;
        fileParts.push(page);
        setPages((pages = 0) => pages + 1);
      }
      const day = new Date().toISOString().slice(0, 10);
      saveFile(`leads-${day}.${format}`, fileParts, format === "csv" ? "text/csv" : "application/x-ndjson");
      notify("The export is saved");
      closeDialog();
    } catch (error) {
      setFailed(error);
      setPages(undefined);
    }
  };
  return (
    <Dialog title="Export" onClose={closeDialog}>
      <div class="editor">
        <p class="quiet">Every lead that the filters show, as a file. A CSV file can be imported again.</p>
        <fieldset class="options">
          <legend class="unseen">Format</legend>
          <label class="item">
            <input type="radio" name="format" checked={format === "csv"} onInput={() => setFormat("csv")} />
            CSV, for spreadsheets
          </label>
          <label class="item">
            <input type="radio" name="format" checked={format === "ndjson"} onInput={() => setFormat("ndjson")} />
            NDJSON, for programs
          </label>
        </fieldset>
        <label class="item">
          <input
            type="checkbox"
            checked={bom}
            disabled={format !== "csv"}
            onInput={({ currentTarget }) => setBom(currentTarget.checked)}
          />
          With a byte order mark, for Excel
        </label>
        {failed ? <ErrorNote title="The export stopped" error={failed} /> : null}
      </div>
      <div class="actions">
        <button type="button" class="btn ghost" onClick={closeDialog}>
          Cancel
        </button>
        <button type="button" class="btn primary" disabled={pages !== undefined} onClick={startExport}>
          {pages === undefined ? "Export" : `Reading page ${pages + 1}`}
        </button>
      </div>
    </Dialog>
  );
}
