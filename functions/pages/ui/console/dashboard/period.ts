// The dashboard's period: its form in the URL, its labels, and its division into days, weeks or months. Days are in UTC, as in
// the API.

const DAY_MS = 24 * 60 * 60 * 1000;

/** The API's limit for a period, in days. */
export const MAX_PERIOD_DAYS = 5 * 366;

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const timeOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const isDay = (text: string | null): text is string =>
  text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(timeOf(text));

/** Returns the first day of the month that is `months` months after the month of `day`. */
function monthStart(day: string, months = 0): string {
  return dayOf(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + months, 1));
}

export interface Period {
  /** First and last day of the period: `2026-11-30`. */
  from: string;
  to: string;
  /** Key of the preset. `custom` for days that the user chose. */
  preset: string;
}

interface Preset {
  key: string;
  label: string;
  days: (today: string) => [from: string, to: string];
}

const lastDays = (count: number): Preset => ({
  key: `${count}d`,
  label: `Last ${count} days`,
  days: (today) => [dayOf(timeOf(today) - (count - 1) * DAY_MS), today],
});

const DEFAULT_PRESET = lastDays(30);

export const PRESETS: Preset[] = [
  lastDays(7),
  DEFAULT_PRESET,
  lastDays(90),
  lastDays(365),
  { key: "month", label: "This month", days: (today) => [monthStart(today), today] },
  {
    key: "last-month",
    label: "Last month",
    days: (today) => [monthStart(today, -1), dayOf(timeOf(monthStart(today)) - DAY_MS)],
  },
];

/** Reads the period from `?period=90d` or `?from=2026-11-01&to=2026-11-30`. The default is the last 30 days. */
export function readPeriod(query: URLSearchParams, now = Date.now()): Period {
  const today = dayOf(now);
  const [from, to] = [query.get("from"), query.get("to")];
  if (isDay(from) || isDay(to)) {
    const [first, last] = [isDay(from) ? from : (to as string), isDay(to) ? to : today].sort() as [string, string];
    return { from: first, to: last, preset: "custom" };
  }
  const preset = PRESETS.find(({ key }) => key === query.get("period")) ?? DEFAULT_PRESET;
  const [first, last] = preset.days(today);
  return { from: first, to: last, preset: preset.key };
}

/** Returns the URL query with a preset. Other parameters of `query` are kept. */
export function withPreset(query: URLSearchParams, key: string): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const name of ["from", "to", "period"]) next.delete(name);
  if (key !== DEFAULT_PRESET.key) next.set("period", key);
  return next;
}

/** Returns the URL query with a custom period. Other parameters of `query` are kept. */
export function withDays(query: URLSearchParams, from: string, to: string): URLSearchParams {
  const next = withPreset(query, DEFAULT_PRESET.key);
  next.set("from", from);
  next.set("to", to);
  return next;
}

const format = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
const shortDay = format({ day: "numeric", month: "short" });
const shortDayAndYear = format({ day: "numeric", month: "short", year: "numeric" });
const longDay = format({ day: "numeric", month: "long" });
const longDayAndYear = format({ day: "numeric", month: "long", year: "numeric" });
const shortMonth = format({ month: "short" });
const shortMonthAndYear = format({ month: "short", year: "numeric" });
const month = format({ month: "long" });
const monthAndYear = format({ month: "long", year: "numeric" });

const isThisYear = (day: string): boolean => day.slice(0, 4) === dayOf(Date.now()).slice(0, 4);

/** Formats a range of days: `3 – 9 November`, or `3 November` for a single day. */
function longRange(from: string, to: string): string {
  const style = isThisYear(from) && isThisYear(to) ? longDay : longDayAndYear;
  return style.formatRange(timeOf(from), timeOf(to));
}

/** Returns the label of a period: the preset's label, or the range of custom days. */
export function periodLabel({ from, to, preset }: Period): string {
  const known = PRESETS.find(({ key }) => key === preset);
  if (known) return known.label;
  const style = isThisYear(from) && isThisYear(to) ? shortDay : shortDayAndYear;
  return style.formatRange(timeOf(from), timeOf(to));
}

export const describePeriod = ({ from, to }: Period): string => longRange(from, to);

/**
 * Describes the previous period that the API compares with: for a whole month the month before, for a whole year the year
 * before, else the same number of days before.
 */
export function previousPeriodLabel({ from, to }: Period): string {
  const next = dayOf(timeOf(to) + DAY_MS);
  if (from.endsWith("-01") && next === monthStart(from, 1)) {
    const before = monthStart(from, -1);
    return (isThisYear(before) ? month : monthAndYear).format(timeOf(before));
  }
  if (from.endsWith("-01-01") && next === monthStart(from, 12)) return String(Number(from.slice(0, 4)) - 1);
  const days = (timeOf(to) - timeOf(from)) / DAY_MS + 1;
  return days === 1 ? "the day before" : `the ${days} days before`;
}

export type Unit = "day" | "week" | "month";

/** The days of the period that one bar counts. */
export interface Bucket {
  from: string;
  to: string;
  /** Label on the axis: `3 Nov`, `Nov`. */
  tick: string;
  /** Full name: `3 November`, `3 – 9 November`, `November 2026`. */
  name: string;
}

/**
 * Groups the days of a period into days, weeks or months. Weeks begin on Monday. The period may cut the first and the last
 * group short.
 */
export function groupDays(days: string[], unit: Unit): Bucket[] {
  const starts = new Map<string, [from: string, to: string]>();
  for (const day of days) {
    let start = day;
    if (unit === "week") start = dayOf(timeOf(day) - ((new Date(timeOf(day)).getUTCDay() + 6) % 7) * DAY_MS);
    if (unit === "month") start = monthStart(day);
    const group = starts.get(start);
    if (group) group[1] = day;
    else starts.set(start, [day, day]);
  }
  return Array.from(starts.values(), ([from, to]) => {
    if (unit !== "month") return { from, to, tick: shortDay.format(timeOf(from)), name: longRange(from, to) };
    const tick = from.slice(5, 7) === "01" ? shortMonthAndYear : shortMonth;
    const whole = from.endsWith("-01") && dayOf(timeOf(to) + DAY_MS).endsWith("-01");
    const name = whole ? monthAndYear.format(timeOf(from)) : longRange(from, to);
    return { from, to, tick: tick.format(timeOf(from)), name };
  });
}

/** Minimum width of a bar with its gap, in pixels. */
const MIN_SLOT_PX = 9;

/** Returns the smallest unit whose bars fit the width. */
export function unitFor(days: number, width: number): Unit {
  if (width / days >= MIN_SLOT_PX) return "day";
  return width / (days / 7) >= MIN_SLOT_PX ? "week" : "month";
}
