// The colour scheme: light, dark, or the system's. The choice is stored in the browser, not with the user.

import { signal } from "@preact/signals";

export type ColorScheme = "light" | "dark" | "system";

const COLOR_SCHEME_STORAGE_KEY = "scheme";

function readStoredColorScheme(): ColorScheme {
  const storedColorScheme = localStorage.getItem(COLOR_SCHEME_STORAGE_KEY);
  return storedColorScheme === "light" || storedColorScheme === "dark" ? storedColorScheme : "system";
}

export const colorSchemeSignal = signal<ColorScheme>(readStoredColorScheme());

function applyColorSchemeToDocument(): void {
  if (colorSchemeSignal.peek() === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = colorSchemeSignal.peek();
}

export function setColorScheme(newScheme: ColorScheme): void {
  colorSchemeSignal.value = newScheme;
  if (newScheme === "system") localStorage.removeItem(COLOR_SCHEME_STORAGE_KEY);
  else localStorage.setItem(COLOR_SCHEME_STORAGE_KEY, newScheme);
  applyColorSchemeToDocument();
}

applyColorSchemeToDocument();
