// A place that takes a file which is dropped on it.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

interface Drop {
  /** Whether something is held over it. */
  over: boolean;
  on: {
    onDragOver: (event: DragEvent) => void;
    onDragLeave: () => void;
    onDrop: (event: DragEvent) => void;
  };
}

export function useDrop(take: (file: File | undefined) => void): Drop {
  const [over, setOver] = useState(false);
  const on = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      take(event.dataTransfer?.files[0]);
    },
  };
  return { over, on };
}

/** The same by the browser's own dialog, for whoever drops nothing. */
export function FileInput({ accept, take }: { accept: string; take: (file: File | undefined) => void }): JSX.Element {
  return (
    <input
      class="unseen"
      type="file"
      accept={accept}
      onInput={({ currentTarget }) => {
        take(currentTarget.files?.[0]);
        // The same file may be chosen again, mended.
        currentTarget.value = "";
      }}
    />
  );
}
