// A text to copy.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { say } from "./messages";

export function Copied({ text, what }: { text: string; what: string }): JSX.Element {
  const code = useRef<HTMLElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(`${what} is copied.`);
    } catch {
      // Over plain http there is no clipboard but on the machine itself.
      if (code.current) getSelection()?.selectAllChildren(code.current);
      say(`${what} is selected, to be copied.`);
    }
  };
  return (
    <div class="copied">
      <pre tabIndex={0} aria-label={what}>
        <code ref={code}>{text}</code>
      </pre>
      <button type="button" onClick={copy}>
        Copy
      </button>
    </div>
  );
}
