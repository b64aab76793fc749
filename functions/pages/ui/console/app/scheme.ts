// The colour scheme: light, dark, or the system's. The choice is stored in the browser, not with the user.

import { signal } from "@preact/signals";

export type Scheme = "light" | "dark" | "system";

const STORED = "scheme";

function stored(): Scheme {
  const value = localStorage.getItem(STORED);
  return value === "light" || value === "dark" ? value : "system";
}

export const scheme = signal<Scheme>(stored());

function apply(): void {
  if (scheme.peek() === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = scheme.peek();
}

export function setScheme(next: Scheme): void {
  scheme.value = next;
  if (next === "system") localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, next);
  apply();
}

apply();
