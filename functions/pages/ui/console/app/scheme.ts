// The colour scheme: light, dark, or the system's. The choice is stored in the browser, not with the user.

import { signal } from "@preact/signals";

export type ColorScheme = "light" | "dark" | "system";

const COLOR_SCHEME_STORAGE_KEY = "scheme";

function readStoredScheme(): ColorScheme {
  const storedScheme = localStorage.getItem(COLOR_SCHEME_STORAGE_KEY);
  return storedScheme === "light" || storedScheme === "dark" ? storedScheme : "system";
}

export const colorSchemeSignal = signal<ColorScheme>(readStoredScheme());

function applySchemeToDocument(): void {
  if (colorSchemeSignal.peek() === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = colorSchemeSignal.peek();
}

export function setColorScheme(newScheme: ColorScheme): void {
  colorSchemeSignal.value = newScheme;
  if (newScheme === "system") localStorage.removeItem(COLOR_SCHEME_STORAGE_KEY);
  else localStorage.setItem(COLOR_SCHEME_STORAGE_KEY, newScheme);
  applySchemeToDocument();
}

applySchemeToDocument();
