// Focus management: returns the focus to an opener, and focuses an element once when it appears.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Returns the ref of a button that opens something. The button gets the focus when `open` becomes false. */
export function useFocusBack<T extends HTMLElement>(open: boolean): RefObject<T | null> {
  const opener = useRef<T>(null);
  const was = useRef(open);
  useEffect(() => {
    if (was.current && !open) opener.current?.focus();
    was.current = open;
  }, [open]);
  return opener;
}

/** A callback ref that focuses an element once, when it appears. */
export function focused(element: HTMLElement | null): void {
  if (!element || element.dataset.focused !== undefined) return;
  element.dataset.focused = "";
  element.focus();
}
