import type { JSX } from "preact";
import { keyCaps } from "../app/shortcuts";

/** It is no part of the name of the control that it stands in; `aria-keyshortcuts` and the list of shortcuts tell the keys. */
const unspoken = { "aria-hidden": true };

/** Shows keys such as `mod+k` or `g b`. */
export function Kbd({ keys }: { keys: string }): JSX.Element {
  return <kbd {...unspoken}>{keyCaps(keys)}</kbd>;
}
