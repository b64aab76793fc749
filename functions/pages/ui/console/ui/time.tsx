// Formats for times, days and counts, and a relative time that updates itself.

import { signal } from "@preact/signals";
import type { JSX } from "preact";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Times less than this many days ago are shown relative to now, older times as a date. */
const RELATIVE_TIME_LIMIT_DAYS = 7;

/** The console is in English, so dates and counts are formatted in English too. */
const LOCALE = "en-GB";
const dateTimeFormatter = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const countFormatter = new Intl.NumberFormat("en");

const createDayFormatter = (withYear: boolean, timeZone?: string) =>
  new Intl.DateTimeFormat(LOCALE, {
    day: "numeric",
    month: "short",
    ...(withYear ? { year: "numeric" } : {}),
    ...(timeZone ? { timeZone } : {}),
  });
const dayFormatter = createDayFormatter(false);
const dayWithYearFormatter = createDayFormatter(true);
const utcDayFormatter = createDayFormatter(false, "UTC");
const utcDayWithYearFormatter = createDayFormatter(true, "UTC");

/** The current time, updated once a minute, so that relative times on screen stay correct. */
const currentTimeMsSignal = signal(Date.now());
setInterval(() => {
  currentTimeMsSignal.value = Date.now();
}, MINUTE_MS);

/** Returns `1,284`. */
export const formatCount = (count: number): string => countFormatter.format(count);

/**
 * Returns `22 Nov`, with the year unless the date is in the current year. A day such as `2026-11-22` is in UTC, because the API
 * counts days in UTC.
 */
export function formatDay(day: string | number | Date): string {
  const parsedDate = new Date(day);
  const isUtcDay = typeof day === "string" && /^\d{4}-\d{2}-\d{2}$/.test(day);
  const today = new Date();
  if (isUtcDay) {
    return (parsedDate.getUTCFullYear() === today.getUTCFullYear() ? utcDayFormatter : utcDayWithYearFormatter).format(
      parsedDate,
    );
  }
  return (parsedDate.getFullYear() === today.getFullYear() ? dayFormatter : dayWithYearFormatter).format(parsedDate);
}

/** Returns `22 Nov 2026, 14:05`, in the browser's time zone. */
export const formatDateTime = (at: string | number | Date): string => dateTimeFormatter.format(new Date(at));

const getStartOfLocalDayMs = (timeMs: number): number => new Date(timeMs).setHours(0, 0, 0, 0);

/** Returns `12 min ago`, `2 h ago`, `Yesterday`, `3 d ago` or `22 Nov`. */
export function formatRelativeTime(at: string | number | Date, nowMs = Date.now()): string {
  const timestampMs = new Date(at).getTime();
  const elapsedMs = nowMs - timestampMs;
  if (Math.abs(elapsedMs) < MINUTE_MS) return "Just now";
  if (elapsedMs < 0) return formatDay(timestampMs);
  if (elapsedMs < HOUR_MS) return `${Math.floor(elapsedMs / MINUTE_MS)} min ago`;
  // The number of days is rounded, because a day has 23 or 25 hours when the clocks change.
  const elapsedDays = Math.round((getStartOfLocalDayMs(nowMs) - getStartOfLocalDayMs(timestampMs)) / DAY_MS);
  if (elapsedDays === 0) return `${Math.floor(elapsedMs / HOUR_MS)} h ago`;
  if (elapsedDays === 1) return "Yesterday";
  return elapsedDays < RELATIVE_TIME_LIMIT_DAYS ? `${elapsedDays} d ago` : formatDay(timestampMs);
}

interface RelativeTimeProps {
  at: string;
  /** Whether the time stands within a sentence, where it begins with a small letter. */
  isInSentence?: boolean;
}

export function RelativeTime({ at, isInSentence = false }: RelativeTimeProps): JSX.Element {
  const relativeTimeText = formatRelativeTime(at, Math.max(currentTimeMsSignal.value, Date.now()));
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {/* Months follow a number, so only `Just now` and `Yesterday` begin with a letter. */}
      {isInSentence ? relativeTimeText.charAt(0).toLowerCase() + relativeTimeText.slice(1) : relativeTimeText}
    </time>
  );
}
