// Drafts: unsaved input in session storage. Drafts survive navigation, a reload and an expired session. Closing the tab and
// signing out delete them.

import { useCallback, useRef, useState } from "preact/hooks";
import { currentSession } from "../app/session";

/**
 * Returns the storage key of a draft. It contains the user and the team, so that another user who signs in in this tab does not
 * see the draft.
 */
function storageKey(key: string): string {
  const session = currentSession();
  const userKey = session.is === "out" ? "" : `${session.user.team}:${session.user.id}`;
  return `draft:${userKey}:${key}`;
}

/** Returns the stored draft, or `undefined` if there is none. */
export function readDraft<T>(key: string): T | undefined {
  const storedJson = sessionStorage.getItem(storageKey(key));
  if (storedJson === null) return undefined;
  try {
    return JSON.parse(storedJson) as T;
  } catch {
    return undefined;
  }
}

export function writeDraft(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(storageKey(key), JSON.stringify(value));
  } catch {
    // The storage is full or disabled. The text stays in the component's state.
  }
}

export function clearDraft(key: string): void {
  sessionStorage.removeItem(storageKey(key));
}

type Update<T> = T | ((previous: T) => T);

/**
 * State that is stored as a draft. Returns the value, its setter, and a function that deletes the draft and resets the value to
 * `initial`. A value equal to `initial` is not stored. The setter also works after the component was unmounted, so that a late
 * response can delete its draft.
 */
export function useDraft<T>(key: string, initial: T): [T, (next: Update<T>) => void, () => void] {
  const [, redraw] = useState({});
  const latestRef = useRef<{ key: string; value: T } | undefined>(undefined);
  // When `key` changes, the first render already shows the draft of the new key.
  if (latestRef.current?.key !== key) latestRef.current = { key, value: readDraft<T>(key) ?? initial };
  const setValue = useCallback(
    (next: Update<T>) => {
      const previous = latestRef.current?.key === key ? latestRef.current.value : (readDraft<T>(key) ?? initial);
      const value = next instanceof Function ? next(previous) : next;
      if (JSON.stringify(value) === JSON.stringify(initial)) clearDraft(key);
      else writeDraft(key, value);
      if (latestRef.current?.key === key) latestRef.current = { key, value };
      redraw({});
    },
    [key],
  );
  const clearValue = useCallback(() => setValue(initial), [setValue]);
  return [latestRef.current.value, setValue, clearValue];
}
