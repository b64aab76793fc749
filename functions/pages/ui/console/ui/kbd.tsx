import type { JSX } from "preact";
import { formatShortcutKeys } from "../app/shortcuts";

/**
 * Hides the keys from the accessible name of the control around them. Screen readers get the keys from `aria-keyshortcuts` and
 * the shortcuts dialog.
 */
const ariaHiddenProps = { "aria-hidden": true };

/** The keys of a shortcut, such as `mod+k` or `g b`, formatted for the platform. */
export function Kbd({ keys }: { keys: string }): JSX.Element {
  return <kbd {...ariaHiddenProps}>{formatShortcutKeys(keys)}</kbd>;
}
