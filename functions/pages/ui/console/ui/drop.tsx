// File input by drag and drop, and by the browser's file dialog.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

interface UseFileDropResult {
  /** Whether something is dragged over the element. */
  isDraggedOver: boolean;
  dropHandlers: {
    onDragOver: (event: DragEvent) => void;
    onDragLeave: () => void;
    onDrop: (event: DragEvent) => void;
  };
}

export function useFileDrop(onFile: (file: File | undefined) => void): UseFileDropResult {
  const [isDraggedOver, setDraggedOver] = useState(false);
  const dropHandlers = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setDraggedOver(true);
    },
    onDragLeave: () => setDraggedOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setDraggedOver(false);
      onFile(event.dataTransfer?.files[0]);
    },
  };
  return { isDraggedOver, dropHandlers: dropHandlers };
}

/** A visually hidden file input, for choosing a file without drag and drop. */
export function FileInput({
  accept,
  onFile,
}: {
  accept: string;
  onFile: (file: File | undefined) => void;
}): JSX.Element {
  return (
    <input
      class="unseen"
      type="file"
      accept={accept}
      onInput={({ currentTarget }) => {
        onFile(currentTarget.files?.[0]);
        // The input is reset, because otherwise choosing the same file again after fixing it fires no event.
        currentTarget.value = "";
      }}
    />
  );
}
