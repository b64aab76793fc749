// Drafts: unsaved input in session storage. Drafts survive navigation, a reload and an expired session. Closing the tab and
// signing out delete them.

import { useCallback, useRef, useState } from "preact/hooks";
import { getSessionState } from "../app/session";

/**
 * Returns the storage key of a draft. It contains the user and the team, so that another user who signs in in this tab does not
 * see the draft.
 */
function buildDraftStorageKey(key: string): string {
  const signInSessionState = getSessionState();
  const userAndTeamKeyPart =
    signInSessionState.is === "out" ? "" : `${signInSessionState.user.team}:${signInSessionState.user.id}`;
  return `draft:${userAndTeamKeyPart}:${key}`;
}

/** Returns the stored draft, or `undefined` if there is none. */
export function readDraft<T>(key: string): T | undefined {
  const storedDraftJson = sessionStorage.getItem(buildDraftStorageKey(key));
  if (storedDraftJson === null) return undefined;
  try {
    return JSON.parse(storedDraftJson) as T;
  } catch {
    return undefined;
  }
}

export function writeDraft(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(buildDraftStorageKey(key), JSON.stringify(value));
  } catch {
    // `sessionStorage` is full or disabled. The value then exists only in the component's state.
  }
}

export function clearDraft(key: string): void {
  sessionStorage.removeItem(buildDraftStorageKey(key));
}

type DraftValueOrUpdater<T> = T | ((previous: T) => T);

/**
 * State that is stored as a draft. Returns the value, its setter, and a callback that deletes the draft and resets the value to
 * `initial`. A value equal to `initial` is not stored. The setter also works after the component was unmounted, so that a late
 * response can delete its draft.
 */
export function useDraft<T>(key: string, initial: T): [T, (next: DraftValueOrUpdater<T>) => void, () => void] {
  const [, forceRender] = useState({});
  const latestDraftRef = useRef<{ key: string; value: T } | undefined>(undefined);
  // The draft is read during the render, so that a render with another `key` never shows the draft of the previous key.
  if (latestDraftRef.current?.key !== key) latestDraftRef.current = { key, value: readDraft<T>(key) ?? initial };
  const setDraftValue = useCallback(
    (next: DraftValueOrUpdater<T>) => {
      const currentDraftValue =
        latestDraftRef.current?.key === key ? latestDraftRef.current.value : (readDraft<T>(key) ?? initial);
      const newDraftValue = next instanceof Function ? next(currentDraftValue) : next;
      if (JSON.stringify(newDraftValue) === JSON.stringify(initial)) clearDraft(key);
      else writeDraft(key, newDraftValue);
      if (latestDraftRef.current?.key === key) latestDraftRef.current = { key, value: newDraftValue };
      forceRender({});
    },
    [key],
  );
  const resetDraftValue = useCallback(() => setDraftValue(initial), [setDraftValue]);
  return [latestDraftRef.current.value, setDraftValue, resetDraftValue];
}
