import type { JSX } from "preact";
import { type IconName, SVG_PATHS_BY_ICON_NAME } from "./icons";

/** An icon, hidden from screen readers: a control that shows only an icon needs an `aria-label`. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="i" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SVG_PATHS_BY_ICON_NAME[name]} />
    </svg>
  );
}

/** The product's logo. */
export function Logo({ isLarge = false }: { isLarge?: boolean }): JSX.Element {
  return (
    <svg class={isLarge ? "mark big" : "mark"} viewBox="0 0 20 20" aria-hidden="true">
      <path
        d="M5.5 1h9A4.5 4.5 0 0 1 19 5.5v9a4.5 4.5 0 0 1-4.5 4.5h-9A4.5 4.5 0 0 1 1 14.5v-9A4.5 4.5 0 0 1 5.5 1Zm.9 4.2v9.6h7.4v-1.9H8.6V5.2H6.4Zm6.2.3a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8Z"
        fill-rule="evenodd"
      />
    </svg>
  );
}
