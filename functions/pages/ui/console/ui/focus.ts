// Where the focus goes when what had it is shown no longer.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** What opens something, and has the focus again when that is closed. */
export function useFocusBack<T extends HTMLElement>(open: boolean): RefObject<T | null> {
  const opener = useRef<T>(null);
  const was = useRef(open);
  useEffect(() => {
    if (was.current && !open) opener.current?.focus();
    was.current = open;
  }, [open]);
  return opener;
}

/** Of what is shown because it was asked for: it takes the focus, once. */
export function focused(element: HTMLElement | null): void {
  if (!element || element.dataset.focused !== undefined) return;
  element.dataset.focused = "";
  element.focus();
}
