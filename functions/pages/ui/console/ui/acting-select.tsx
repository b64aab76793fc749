// A select that acts when something is chosen. By keyboard a closed one changes with each arrow key: it acts on Enter, or when it
// is left.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

interface Props {
  label: string;
  value: string;
  options: { value: string; name: string }[];
  act: (value: string) => void;
}

export function ActingSelect({ label, value, options, act }: Props): JSX.Element {
  const [pending, setPending] = useState<string>();
  const byKey = useRef(false);
  const settle = () => {
    if (pending !== undefined && pending !== value) act(pending);
    setPending(undefined);
  };
  return (
    <select
      aria-label={label}
      value={pending ?? value}
      onPointerDown={() => {
        byKey.current = false;
      }}
      onKeyDown={({ key }) => {
        byKey.current = true;
        if (key === "Enter") settle();
        if (key === "Escape") setPending(undefined);
      }}
      onInput={({ currentTarget }) => {
        if (byKey.current) setPending(currentTarget.value);
        else act(currentTarget.value);
      }}
      onBlur={settle}
    >
      {options.map(({ value, name }) => (
        <option key={value} value={value}>
          {name}
        </option>
      ))}
    </select>
  );
}
