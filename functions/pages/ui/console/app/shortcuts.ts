// Keyboard shortcuts. Components register shortcuts while they are shown, `?` lists all of them, and shortcuts of a single key
// can be switched off.

import { computed, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** Handles a shortcut. Returning `false` passes the key to the shortcut with the same keys that was registered before. */
type Handler = (event: KeyboardEvent) => unknown;

interface Shortcut {
  keys: string;
  label: string;
  handle: Handler;
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
/** Maximum time between the keys of a sequence such as `g b`. */
const SEQUENCE_MS = 1500;
const STORED = "single-key-shortcuts";

const registered = signal<Shortcut[]>([]);

/** Whether shortcuts of a single key are on. WCAG 2.1.4 requires a way to switch them off. */
export const singleKeys = signal(localStorage.getItem(STORED) !== "off");

export function switchSingleKeys(on: boolean): void {
  singleKeys.value = on;
  if (on) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, "off");
}

/** The shortcuts of the current screen. Of several with the same keys, only the latest is listed. */
export const shortcuts = computed(() => {
  const byKeys = new Map<string, Shortcut>();
  for (const shortcut of registered.value) byKeys.set(shortcut.keys, shortcut);
  return [...byKeys.values()].filter(({ label }) => label !== "");
});

/**
 * Registers a shortcut while a component is shown: `c`, `shift+x`, `g b`, `mod+k`, `Enter`, `Escape`. `mod` is Cmd on a Mac and
 * Ctrl elsewhere. While the focus is in a text field, only `mod` combinations other than `mod+z` work. While a dialog is open,
 * no shortcut works.
 */
export function useShortcut(keys: string, handler: Handler | undefined, label: string): void {
  const latest = useRef(handler);
  latest.current = handler;
  const enabled = handler !== undefined;
  useEffect(() => {
    if (!enabled) return undefined;
    const shortcut = { keys, label, handle: (event: KeyboardEvent) => latest.current?.(event) };
    registered.value = [...registered.peek(), shortcut];
    return () => {
      registered.value = registered.peek().filter((one) => one !== shortcut);
    };
  }, [keys, label, enabled]);
}

const NAMES: Record<string, string> = { mod: isMac ? "⌘" : "Ctrl ", shift: isMac ? "⇧" : "Shift ", enter: "↵" };

/** Formats keys for display: `⌘K` or `Ctrl K`, `G B`, `Shift X`. */
export function keyCaps(keys: string): string {
  return keys
    .split(" ")
    .map((stroke) =>
      stroke
        .split("+")
        .map((key) => NAMES[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key))
        .join(""),
    )
    .join(" ");
}

function strokeOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const isLetter = /^\p{L}$/u.test(key);
  // For a sign such as `?`, Shift is part of typing the sign, so it is not counted as a modifier.
  const shift = event.shiftKey && (isLetter || key.length > 1);
  return `${mod ? "mod+" : ""}${shift ? "shift+" : ""}${key}`;
}

/** Whether the focused element uses the keys itself, as a text field does. */
function isTaken(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) {
    return true;
  }
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

let begun: { stroke: string; at: number } | undefined;

function act(event: KeyboardEvent, keys: string): boolean {
  for (const { keys: wanted, handle } of [...registered.peek()].reverse()) {
    if (wanted === keys && handle(event) !== false) {
      event.preventDefault();
      return true;
    }
  }
  return false;
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || ["Shift", "Control", "Meta", "Alt"].includes(event.key)) return;
  if (document.querySelector("dialog:modal")) return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(":popover-open")) return;
  const stroke = strokeOf(event);
  const withMod = stroke.startsWith("mod+");
  if ((!withMod || stroke === "mod+z") && isTaken(event.target)) return;
  if (!withMod && (event.altKey || event.ctrlKey || event.metaKey)) return;
  if (!withMod && event.key.length === 1 && !singleKeys.peek()) return;
  const before = begun;
  begun = undefined;
  if (before && event.timeStamp - before.at < SEQUENCE_MS && act(event, `${before.stroke} ${stroke}`)) return;
  if (act(event, stroke)) return;
  if (registered.peek().some(({ keys }) => keys.startsWith(`${stroke} `))) {
    begun = { stroke, at: event.timeStamp };
  }
});
