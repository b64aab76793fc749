// What opens below its name, over the page: Escape, a click beside it and another screen close it.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  style: string;
  name: ComponentChildren;
  label?: string;
  children: ComponentChildren;
}

export function Menu({ style, name, label, children }: Props): JSX.Element {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = () => {
      if (menu.current) menu.current.open = false;
    };
    const beside = ({ target }: Event) => {
      if (!menu.current?.contains(target as Node)) close();
    };
    addEventListener("pointerdown", beside);
    addEventListener("hashchange", close);
    return () => {
      removeEventListener("pointerdown", beside);
      removeEventListener("hashchange", close);
    };
  }, []);
  return (
    <details
      ref={menu}
      class={style}
      onKeyDown={({ key, currentTarget }) => {
        if (key !== "Escape" || !currentTarget.open) return;
        currentTarget.open = false;
        currentTarget.querySelector("summary")?.focus();
      }}
    >
      <summary aria-label={label}>{name}</summary>
      <div>{children}</div>
    </details>
  );
}
