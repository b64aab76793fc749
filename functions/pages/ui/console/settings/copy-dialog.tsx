// The dialog with a text to copy: a secret that is shown once, or HTML to paste.

import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";

interface CopyTextDialogProps {
  title: string;
  /** Explanation above the text. */
  children: ComponentChildren;
  text: string;
  /** Name of the text: `Secret`. */
  label: string;
  onClose: () => void;
}

export function CopyTextDialog({ title, children, text, label, onClose }: CopyTextDialogProps): JSX.Element {
  const [statusMessage, setStatusMessage] = useState("");
  const textareaRef = useRef<HTMLTextAreaElement>(null);
  const copyTextToClipboard = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setStatusMessage(`${label} copied`);
    } catch {
      // Over plain HTTP, except on localhost, browsers provide no clipboard, so the text is selected instead.
      textareaRef.current?.select();
      setStatusMessage(`${label} selected, to be copied`);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <textarea
        class="input secret"
        ref={textareaRef}
        readOnly
        aria-label={label}
        rows={Math.min(text.split("\n").length, 12)}
        value={text}
      />
      <div class="actions">
        <small class="good" role="status">
          {statusMessage}
        </small>
        <button type="button" class="btn push" onClick={copyTextToClipboard}>
          <Icon name="copy" />
          Copy
        </button>
        <button type="button" class="btn primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
