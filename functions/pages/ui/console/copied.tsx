// A text to copy.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

export function Copied({ text, what }: { text: string; what: string }): JSX.Element {
  const [done, setDone] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(`${what} is copied.`);
    } catch {
      // Over plain http there is no clipboard but on the machine itself.
      field.current?.select();
      setDone(`${what} is selected, to be copied.`);
    }
  };
  return (
    <div class="copied">
      <textarea ref={field} readOnly aria-label={what} rows={Math.min(text.split("\n").length + 1, 12)} value={text} />
      <button type="button" onClick={copy}>
        Copy
      </button>
      <small role="status">{done}</small>
    </div>
  );
}
