// A text to copy.

import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Dialog } from "./dialog";

interface Props {
  title: string;
  /** What is to be known of it. */
  children: ComponentChildren;
  text: string;
  what: string;
  close: () => void;
}

export function CopyDialog({ title, children, text, what, close }: Props): JSX.Element {
  return (
    <Dialog title={title} onClose={close}>
      <p>{children}</p>
      <Copied text={text} what={what} />
      <div class="actions">
        <button type="button" class="primary" onClick={close}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

function Copied({ text, what }: Pick<Props, "text" | "what">): JSX.Element {
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
