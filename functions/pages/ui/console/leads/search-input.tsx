// The search input of the board and the list. The shortcut `/` focuses it.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useShortcut } from "../app/shortcuts";
import { Icon } from "../ui/icon";

interface SearchInputProps {
  value: string;
  onChange: (text: string) => void;
}

/** Escape empties the input, and leaves it if it is empty. */
export function SearchInput({ value, onChange }: SearchInputProps): JSX.Element {
  const searchInputRef = useRef<HTMLInputElement>(null);
  useShortcut("/", () => searchInputRef.current?.focus(), "Search this view");
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={searchInputRef}
        class="input"
        type="search"
        placeholder="Search this view"
        aria-label="Search this view"
        aria-keyshortcuts="/"
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          if (value) onChange("");
          else event.currentTarget.blur();
        }}
      />
    </div>
  );
}
