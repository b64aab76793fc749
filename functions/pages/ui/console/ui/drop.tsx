// File input by drag and drop, and by the browser's file dialog.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

interface Drop {
  /** Whether something is dragged over the element. */
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

/** A visually hidden file input, for choosing a file without drag and drop. */
export function FileInput({ accept, take }: { accept: string; take: (file: File | undefined) => void }): JSX.Element {
  return (
    <input
      class="unseen"
      type="file"
      accept={accept}
      onInput={({ currentTarget }) => {
        take(currentTarget.files?.[0]);
        // Without this reset, choosing the same file again after fixing it fires no event.
        currentTarget.value = "";
      }}
    />
  );
}
