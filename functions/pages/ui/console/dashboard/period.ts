// The dashboard's period: its form in the URL, its labels, and its division into days, weeks or months. Days are in UTC, as in
// the API.

const DAY_MS = 24 * 60 * 60 * 1000;

/** The API's limit for a period, in days. */
export const MAX_PERIOD_DAYS = 5 * 366;

const formatIsoDay = (time: number): string => new Date(time).toISOString().slice(0, 10);
const parseIsoDay = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const isIsoDay = (text: string | null): text is string =>
  text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(parseIsoDay(text));

/** Returns the first day of the month that is `months` months after the month of `day`. */
function startOfMonth(day: string, months = 0): string {
  return formatIsoDay(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + months, 1));
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

const createLastDaysPreset = (count: number): Preset => ({
  key: `${count}d`,
  label: `Last ${count} days`,
  days: (today) => [formatIsoDay(parseIsoDay(today) - (count - 1) * DAY_MS), today],
});

const DEFAULT_PRESET = createLastDaysPreset(30);

export const PRESETS: Preset[] = [
  createLastDaysPreset(7),
  DEFAULT_PRESET,
  createLastDaysPreset(90),
  createLastDaysPreset(365),
  { key: "month", label: "This month", days: (today) => [startOfMonth(today), today] },
  {
    key: "last-month",
    label: "Last month",
    days: (today) => [startOfMonth(today, -1), formatIsoDay(parseIsoDay(startOfMonth(today)) - DAY_MS)],
  },
];

/** Reads the period from `?period=90d` or `?from=2026-11-01&to=2026-11-30`. The default is the last 30 days. */
export function readPeriod(query: URLSearchParams, now = Date.now()): Period {
  const today = formatIsoDay(now);
  const [from, to] = [query.get("from"), query.get("to")];
  if (isIsoDay(from) || isIsoDay(to)) {
    const [first, last] = [isIsoDay(from) ? from : (to as string), isIsoDay(to) ? to : today].sort() as [
      string,
      string,
    ];
    return { from: first, to: last, preset: "custom" };
  }
  const preset = PRESETS.find(({ key }) => key === query.get("period")) ?? DEFAULT_PRESET;
  const [first, last] = preset.days(today);
  return { from: first, to: last, preset: preset.key };
}

/** Returns the URL query with a preset. Other parameters of `query` are kept. */
export function withPreset(query: URLSearchParams, key: string): URLSearchParams {
  const updatedQuery = new URLSearchParams(query);
  for (const parameter of ["from", "to", "period"]) updatedQuery.delete(parameter);
  if (key !== DEFAULT_PRESET.key) updatedQuery.set("period", key);
  return updatedQuery;
}

/** Returns the URL query with a custom period. Other parameters of `query` are kept. */
export function withDays(query: URLSearchParams, from: string, to: string): URLSearchParams {
  const updatedQuery = withPreset(query, DEFAULT_PRESET.key);
  updatedQuery.set("from", from);
  updatedQuery.set("to", to);
  return updatedQuery;
}

const createUtcFormat = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
const shortDayFormat = createUtcFormat({ day: "numeric", month: "short" });
const shortDayAndYearFormat = createUtcFormat({ day: "numeric", month: "short", year: "numeric" });
const longDayFormat = createUtcFormat({ day: "numeric", month: "long" });
const longDayAndYearFormat = createUtcFormat({ day: "numeric", month: "long", year: "numeric" });
const shortMonthFormat = createUtcFormat({ month: "short" });
const shortMonthAndYearFormat = createUtcFormat({ month: "short", year: "numeric" });
const monthFormat = createUtcFormat({ month: "long" });
const monthAndYearFormat = createUtcFormat({ month: "long", year: "numeric" });

const isThisYear = (day: string): boolean => day.slice(0, 4) === formatIsoDay(Date.now()).slice(0, 4);

/** Formats a range of days: `3 – 9 November`, or `3 November` for a single day. */
function formatLongRange(from: string, to: string): string {
  const dayFormat = isThisYear(from) && isThisYear(to) ? longDayFormat : longDayAndYearFormat;
  return dayFormat.formatRange(parseIsoDay(from), parseIsoDay(to));
}

/** Returns the label of a period: the preset's label, or the range of custom days. */
export function formatPeriodLabel({ from, to, preset }: Period): string {
  const knownPreset = PRESETS.find(({ key }) => key === preset);
  if (knownPreset) return knownPreset.label;
  const dayFormat = isThisYear(from) && isThisYear(to) ? shortDayFormat : shortDayAndYearFormat;
  return dayFormat.formatRange(parseIsoDay(from), parseIsoDay(to));
}

export const describePeriod = ({ from, to }: Period): string => formatLongRange(from, to);

/**
 * Describes the previous period that the API compares with: for a whole month the month before, for a whole year the year
 * before, else the same number of days before.
 */
export function describePreviousPeriod({ from, to }: Period): string {
  const nextDay = formatIsoDay(parseIsoDay(to) + DAY_MS);
  if (from.endsWith("-01") && nextDay === startOfMonth(from, 1)) {
    const previousMonthStart = startOfMonth(from, -1);
    return (isThisYear(previousMonthStart) ? monthFormat : monthAndYearFormat).format(parseIsoDay(previousMonthStart));
  }
  if (from.endsWith("-01-01") && nextDay === startOfMonth(from, 12)) return String(Number(from.slice(0, 4)) - 1);
  const days = (parseIsoDay(to) - parseIsoDay(from)) / DAY_MS + 1;
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
  const rangesByStart = new Map<string, [from: string, to: string]>();
  for (const day of days) {
    let start = day;
    if (unit === "week")
      start = formatIsoDay(parseIsoDay(day) - ((new Date(parseIsoDay(day)).getUTCDay() + 6) % 7) * DAY_MS);
    if (unit === "month") start = startOfMonth(day);
    const rangeOfGroup = rangesByStart.get(start);
    if (rangeOfGroup) rangeOfGroup[1] = day;
    else rangesByStart.set(start, [day, day]);
  }
  return Array.from(rangesByStart.values(), ([from, to]) => {
    if (unit !== "month")
      return { from, to, tick: shortDayFormat.format(parseIsoDay(from)), name: formatLongRange(from, to) };
    const tickFormat = from.slice(5, 7) === "01" ? shortMonthAndYearFormat : shortMonthFormat;
    const isWholeMonth = from.endsWith("-01") && formatIsoDay(parseIsoDay(to) + DAY_MS).endsWith("-01");
    const name = isWholeMonth ? monthAndYearFormat.format(parseIsoDay(from)) : formatLongRange(from, to);
    return { from, to, tick: tickFormat.format(parseIsoDay(from)), name };
  });
}

/** Minimum width of a bar with its gap, in pixels. */
const MIN_SLOT_PX = 9;

/** Returns the smallest unit whose bars fit the width. */
export function chooseUnit(days: number, width: number): Unit {
  if (width / days >= MIN_SLOT_PX) return "day";
  return width / (days / 7) >= MIN_SLOT_PX ? "week" : "month";
}
