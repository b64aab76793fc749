// Focus management: returns the focus to the button that opened something, and focuses an element once when it appears.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Returns the ref of a button that opens something. The button gets the focus when `isOpen` becomes false. */
export function useReturnFocus<T extends HTMLElement>(isOpen: boolean): RefObject<T | null> {
  const openerButtonRef = useRef<T>(null);
  const wasOpenRef = useRef(isOpen);
  useEffect(() => {
    if (wasOpenRef.current && !isOpen) openerButtonRef.current?.focus();
    wasOpenRef.current = isOpen;
  }, [isOpen]);
  return openerButtonRef;
}

/** A callback ref that focuses an element once, when it appears. */
export function focusElementOnce(element: HTMLElement | null): void {
  if (!element || element.dataset.focused !== undefined) return;
  element.dataset.focused = "";
  element.focus();
}
