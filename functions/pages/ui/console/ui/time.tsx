// Formats for times, days and counts, and a relative time that updates itself.

import { signal } from "@preact/signals";
import type { JSX } from "preact";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Times up to this many days ago are shown relative to now. */
const RELATIVE_DAYS = 7;

/** The console is in English, so dates and counts are formatted in English too. */
const LANGUAGE = "en-GB";
const exact = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
const counts = new Intl.NumberFormat("en");

const dayFormat = (withYear: boolean, timeZone?: string) =>
  new Intl.DateTimeFormat(LANGUAGE, {
    day: "numeric",
    month: "short",
    ...(withYear ? { year: "numeric" } : {}),
    ...(timeZone ? { timeZone } : {}),
  });
const dayOfThisYear = dayFormat(false);
const dayOfAnyYear = dayFormat(true);
const utcDayOfThisYear = dayFormat(false, "UTC");
const utcDayOfAnyYear = dayFormat(true, "UTC");

/** The current time, updated once a minute, so that relative times on screen stay correct. */
const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, MINUTE_MS);

/** Returns `1,284`. */
export const formatCount = (count: number): string => counts.format(count);

/**
 * Returns `22 Nov`, with the year if it is not the current one. A day such as `2026-11-22` is in UTC, because the API counts
 * days in UTC.
 */
export function formatDay(day: string | number | Date): string {
  const date = new Date(day);
  const utc = typeof day === "string" && /^\d{4}-\d{2}-\d{2}$/.test(day);
  const today = new Date();
  if (utc) {
    return (date.getUTCFullYear() === today.getUTCFullYear() ? utcDayOfThisYear : utcDayOfAnyYear).format(date);
  }
  return (date.getFullYear() === today.getFullYear() ? dayOfThisYear : dayOfAnyYear).format(date);
}

/** Returns `22 Nov 2026, 14:05`, in the browser's time zone. */
export const formatTime = (at: string | number | Date): string => exact.format(new Date(at));

const midnight = (time: number): number => new Date(time).setHours(0, 0, 0, 0);

/** Returns `12 min ago`, `2 h ago`, `Yesterday`, `3 d ago` or `22 Nov`. */
export function formatRelative(at: string | number | Date, from = Date.now()): string {
  const time = new Date(at).getTime();
  const passed = from - time;
  if (Math.abs(passed) < MINUTE_MS) return "Just now";
  if (passed < 0) return formatDay(time);
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`;
  // The quotient is rounded, because a day has 23 or 25 hours when the clocks change.
  const days = Math.round((midnight(from) - midnight(time)) / DAY_MS);
  if (days === 0) return `${Math.floor(passed / HOUR_MS)} h ago`;
  if (days === 1) return "Yesterday";
  return days < RELATIVE_DAYS ? `${days} d ago` : formatDay(time);
}

export function RelativeTime({ at }: { at: string }): JSX.Element {
  return (
    <time dateTime={at} title={formatTime(at)}>
      {formatRelative(at, Math.max(now.value, Date.now()))}
    </time>
  );
}
