// Keyboard shortcuts. Components register shortcuts while they are shown, `?` lists all of them, and shortcuts of a single key
// can be switched off.

import { computed, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** Handles a shortcut. Returning `false` passes the key to the shortcut with the same keys that was registered before. */
type ShortcutHandler = (event: KeyboardEvent) => unknown;

interface Shortcut {
  keys: string;
  label: string;
  handle: ShortcutHandler;
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
/** Maximum time between the keys of a sequence such as `g b`. */
const MAX_KEY_SEQUENCE_GAP_MS = 1500;
const SINGLE_KEY_SHORTCUTS_STORAGE_KEY = "single-key-shortcuts";

const registeredShortcutsSignal = signal<Shortcut[]>([]);

/** Whether shortcuts of a single key are on. WCAG 2.1.4 requires a way to switch them off. */
export const singleKeyShortcutsEnabledSignal = signal(localStorage.getItem(SINGLE_KEY_SHORTCUTS_STORAGE_KEY) !== "off");

export function setSingleKeyShortcutsEnabled(isEnabled: boolean): void {
  singleKeyShortcutsEnabledSignal.value = isEnabled;
  if (isEnabled) localStorage.removeItem(SINGLE_KEY_SHORTCUTS_STORAGE_KEY);
  else localStorage.setItem(SINGLE_KEY_SHORTCUTS_STORAGE_KEY, "off");
}

/** The shortcuts of the current screen. If several have the same keys, only the one registered last is listed. */
export const activeShortcutsSignal = computed(() => {
  const shortcutsByKeys = new Map<string, Shortcut>();
  for (const shortcut of registeredShortcutsSignal.value) shortcutsByKeys.set(shortcut.keys, shortcut);
  return [...shortcutsByKeys.values()].filter(({ label }) => label !== "");
});

/**
 * Registers a shortcut while a component is shown: `c`, `shift+x`, `g b`, `mod+k`, `Enter`, `Escape`. `mod` is Cmd on a Mac and
 * Ctrl elsewhere. While the focus is in a text field, only `mod` combinations other than `mod+z` work. While a dialog is open,
 * no shortcut works.
 */
export function useShortcut(keys: string, handler: ShortcutHandler | undefined, label: string): void {
  const handlerRef = useRef(handler);
  handlerRef.current = handler;
  const isShortcutEnabled = handler !== undefined;
  useEffect(() => {
    if (!isShortcutEnabled) return undefined;
    const registeredShortcut = { keys, label, handle: (event: KeyboardEvent) => handlerRef.current?.(event) };
    registeredShortcutsSignal.value = [...registeredShortcutsSignal.peek(), registeredShortcut];
    return () => {
      registeredShortcutsSignal.value = registeredShortcutsSignal.peek().filter((one) => one !== registeredShortcut);
    };
  }, [keys, label, isShortcutEnabled]);
}

const KEYBOARD_KEY_LABELS: Record<string, string> = {
  mod: isMac ? "⌘" : "Ctrl ",
  shift: isMac ? "⇧" : "Shift ",
  enter: "↵",
};

/** Formats keys for display: `⌘K` or `Ctrl K`, `G B`, `Shift X`. */
export function formatShortcutKeys(keys: string): string {
  return keys
    .split(" ")
    .map((stroke) =>
      stroke
        .split("+")
        .map((key) => KEYBOARD_KEY_LABELS[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key))
        .join(""),
    )
    .join(" ");
}

function serializeKeyStroke(event: KeyboardEvent): string {
  const pressedKey = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isCmdOrCtrlPressed = isMac ? event.metaKey : event.ctrlKey;
  const isLetter = /^\p{L}$/u.test(pressedKey);
  // Some keyboards need Shift for a sign such as `?`. For signs, Shift is therefore not part of the shortcut.
  const strokeIncludesShift = event.shiftKey && (isLetter || pressedKey.length > 1);
  return `${isCmdOrCtrlPressed ? "mod+" : ""}${strokeIncludesShift ? "shift+" : ""}${pressedKey}`;
}

/** Whether the focused element uses the keys itself, as a text field does. */
function isEditableElement(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) {
    return true;
  }
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

let firstSequenceStroke: { stroke: string; at: number } | undefined;

function tryToRunShortcut(event: KeyboardEvent, keys: string): boolean {
  for (const { keys: shortcutKeys, handle } of [...registeredShortcutsSignal.peek()].reverse()) {
    if (shortcutKeys === keys && handle(event) !== false) {
      event.preventDefault();
      return true;
    }
  }
  return false;
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || ["Shift", "Control", "Meta", "Alt"].includes(event.key)) return;
  if (document.querySelector("dialog:modal")) return;
  const keydownTargetElement = event.target instanceof Element ? event.target : null;
  if (keydownTargetElement?.closest(":popover-open")) return;
  const pressedKeyStroke = serializeKeyStroke(event);
  const strokeHasCmdOrCtrl = pressedKeyStroke.startsWith("mod+");
  if ((!strokeHasCmdOrCtrl || pressedKeyStroke === "mod+z") && isEditableElement(event.target)) return;
  if (!strokeHasCmdOrCtrl && (event.altKey || event.ctrlKey || event.metaKey)) return;
  if (!strokeHasCmdOrCtrl && event.key.length === 1 && !singleKeyShortcutsEnabledSignal.peek()) return;
  const previousKeyStrokeAndTime = firstSequenceStroke;
  firstSequenceStroke = undefined;
  if (
    previousKeyStrokeAndTime &&
    event.timeStamp - previousKeyStrokeAndTime.at < MAX_KEY_SEQUENCE_GAP_MS &&
    tryToRunShortcut(event, `${previousKeyStrokeAndTime.stroke} ${pressedKeyStroke}`)
  )
    return;
  if (tryToRunShortcut(event, pressedKeyStroke)) return;
  if (registeredShortcutsSignal.peek().some(({ keys }) => keys.startsWith(`${pressedKeyStroke} `))) {
    firstSequenceStroke = { stroke: pressedKeyStroke, at: event.timeStamp };
  }
});
