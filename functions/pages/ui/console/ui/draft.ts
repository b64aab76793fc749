import { useState } from "preact/hooks";

/** Keeps what was typed. Returns the value, its setter, and a function that discards the draft. */
export function useDraft<T>(_key: string, initial: T): [T, (value: T) => void, () => void] {
  const [value, set] = useState(initial);
  return [value, set, () => set(initial)];
}
