// What is filtered, as a file.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { exported, type LeadFilter, told } from "./api";
import { Dialog } from "./dialog";
import { say } from "./messages";

/** Has the browser save a file. */
export function save(name: string, parts: BlobPart[], type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function Export({ filter, onClose }: { filter: LeadFilter; onClose: () => void }): JSX.Element {
  const [format, setFormat] = useState<"csv" | "ndjson">("csv");
  const [bom, setBom] = useState(false);
  /** How many pages of a thousand leads have come. */
  const [pages, setPages] = useState<number>();
  const [failed, setFailed] = useState<string>();
  const stopped = useRef(false);
  const close = () => {
    stopped.current = true;
    onClose();
  };
  const start = async () => {
    setPages(0);
    setFailed(undefined);
    try {
      const parts = format === "csv" && bom ? ["\uFEFF"] : [];
      for await (const page of exported(filter, format)) {
        if (stopped.current) return;
        parts.push(page);
        setPages((pages = 0) => pages + 1);
      }
      const day = new Date().toISOString().slice(0, 10);
      save(`leads-${day}.${format}`, parts, format === "csv" ? "text/csv" : "application/x-ndjson");
      say("The export is saved.");
      close();
    } catch (error) {
      setFailed(told(error));
      setPages(undefined);
    }
  };
  return (
    <Dialog title="Export" onClose={close}>
      <p>What the filters show, as a file. One of CSV can be imported again.</p>
      <div class="choices" role="radiogroup" aria-label="Format">
        <label class="check">
          <input type="radio" name="format" checked={format === "csv"} onInput={() => setFormat("csv")} />
          CSV
        </label>
        <label class="check">
          <input type="radio" name="format" checked={format === "ndjson"} onInput={() => setFormat("ndjson")} />
          NDJSON
        </label>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={bom}
          disabled={format !== "csv"}
          onInput={({ currentTarget }) => setBom(currentTarget.checked)}
        />
        For Excel (with a byte order mark)
      </label>
      {failed ? (
        <p class="failure" role="alert">
          {failed}
        </p>
      ) : null}
      <div class="actions">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="primary" disabled={pages !== undefined} onClick={start}>
          {pages === undefined ? "Export" : `Reading page ${pages + 1} …`}
        </button>
      </div>
    </Dialog>
  );
}
