// The export dialog: saves the filtered leads as a CSV or NDJSON file.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { type LeadFilterParams, readExport } from "../app/api";
import { Dialog } from "../ui/dialog";
import { ErrorNote } from "../ui/loading";
import { showToast } from "../ui/toast";

/** Starts a download of `parts` as a file. */
export function downloadFile(name: string, parts: BlobPart[], type: string): void {
  const downloadLinkElement = document.createElement("a");
  downloadLinkElement.href = URL.createObjectURL(new Blob(parts, { type }));
  downloadLinkElement.download = name;
  downloadLinkElement.click();
  setTimeout(() => URL.revokeObjectURL(downloadLinkElement.href), 60_000);
}

export function ExportDialog({ filter, onClose }: { filter: LeadFilterParams; onClose: () => void }): JSX.Element {
  const [fileFormat, setFileFormat] = useState<"csv" | "ndjson">("csv");
  const [hasByteOrderMark, setHasByteOrderMark] = useState(false);
  /** Number of pages of a thousand leads that were read. `undefined` unless an export is running. */
  const [readPageCount, setReadPageCount] = useState<number>();
  const [exportError, setExportError] = useState<unknown>();
  const isExportStoppedRef = useRef(false);
  const stopExportAndClose = () => {
    isExportStoppedRef.current = true;
    onClose();
  };
  const startExport = async () => {
    setReadPageCount(0);
    setExportError(undefined);
    try {
      const fileParts = fileFormat === "csv" && hasByteOrderMark ? ["\uFEFF"] : [];
      for await (const exportPageText of readExport(filter, fileFormat)) {
        if (isExportStoppedRef.current) return;
        fileParts.push(exportPageText);
        setReadPageCount((pages = 0) => pages + 1);
      }
      const todayIsoDay = new Date().toISOString().slice(0, 10);
      downloadFile(
        `leads-${todayIsoDay}.${fileFormat}`,
        fileParts,
        fileFormat === "csv" ? "text/csv" : "application/x-ndjson",
      );
      showToast("The export is saved");
      stopExportAndClose();
    } catch (error) {
      setExportError(error);
      setReadPageCount(undefined);
    }
  };
  return (
    <Dialog title="Export" onClose={stopExportAndClose}>
      <div class="editor">
        <p class="quiet">Every lead that the filters show, as a file. A CSV file can be imported again.</p>
        <fieldset class="options">
          <legend class="unseen">Format</legend>
          <label class="item">
            <input type="radio" name="format" checked={fileFormat === "csv"} onInput={() => setFileFormat("csv")} />
            CSV, for spreadsheets
          </label>
          <label class="item">
            <input
              type="radio"
              name="format"
              checked={fileFormat === "ndjson"}
              onInput={() => setFileFormat("ndjson")}
            />
            NDJSON, for programs
          </label>
        </fieldset>
        <label class="item">
          <input
            type="checkbox"
            checked={hasByteOrderMark}
            disabled={fileFormat !== "csv"}
            onInput={({ currentTarget }) => setHasByteOrderMark(currentTarget.checked)}
          />
          With a byte order mark, for Excel
        </label>
        {exportError ? <ErrorNote title="The export stopped" error={exportError} /> : null}
      </div>
      <div class="actions">
        <button type="button" class="btn ghost" onClick={stopExportAndClose}>
          Cancel
        </button>
        <button type="button" class="btn primary" disabled={readPageCount !== undefined} onClick={startExport}>
          {readPageCount === undefined ? "Export" : `Reading page ${readPageCount + 1}`}
        </button>
      </div>
    </Dialog>
  );
}
