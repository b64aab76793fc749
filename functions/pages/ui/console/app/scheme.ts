// The colour scheme: light, dark, or the system's. The choice is stored in the browser, not with the user.

import { signal } from "@preact/signals";

export type ColorScheme = "light" | "dark" | "system";

const STORAGE_KEY = "scheme";

function readStoredScheme(): ColorScheme {
  const value = localStorage.getItem(STORAGE_KEY);
  return value === "light" || value === "dark" ? value : "system";
}

export const colorScheme = signal<ColorScheme>(readStoredScheme());

function applyScheme(): void {
  if (colorScheme.peek() === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = colorScheme.peek();
}

export function setColorScheme(newScheme: ColorScheme): void {
  colorScheme.value = newScheme;
  if (newScheme === "system") localStorage.removeItem(STORAGE_KEY);
  else localStorage.setItem(STORAGE_KEY, newScheme);
  applyScheme();
}

applyScheme();
