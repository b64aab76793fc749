// The colour scheme: light, dark, or the system's. The choice is stored in the browser, not with the user.

import { signal } from "@preact/signals";

export type ColorScheme = "light" | "dark" | "system";

const SCHEME_STORAGE_KEY = "scheme";

function readStoredScheme(): ColorScheme {
  const storedScheme = localStorage.getItem(SCHEME_STORAGE_KEY);
  return storedScheme === "light" || storedScheme === "dark" ? storedScheme : "system";
}

export const colorScheme = signal<ColorScheme>(readStoredScheme());

function applySchemeToDocument(): void {
  if (colorScheme.peek() === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = colorScheme.peek();
}

export function setColorScheme(newScheme: ColorScheme): void {
  colorScheme.value = newScheme;
  if (newScheme === "system") localStorage.removeItem(SCHEME_STORAGE_KEY);
  else localStorage.setItem(SCHEME_STORAGE_KEY, newScheme);
  applySchemeToDocument();
}

applySchemeToDocument();
