// The dashboard's period: its form in the URL, its labels, and its division into days, weeks or months. Days are in UTC, as in
// the API.

const DAY_MS = 24 * 60 * 60 * 1000;

const formatIsoDay = (time: number): string => new Date(time).toISOString().slice(0, 10);
const parseIsoDayToMs = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const isIsoDay = (text: string | null): text is string =>
  text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(parseIsoDayToMs(text));

/** Returns the first day of the month that is `months` months after the month of `day`. */
function getFirstIsoDayOfMonth(day: string, months = 0): string {
  return formatIsoDay(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + months, 1));
}

export interface Period {
  /** First and last day of the period: `2026-11-30`. */
  from: string;
  to: string;
  /** Key of the preset. `custom` for days that the user chose. */
  preset: string;
}

interface PeriodPreset {
  key: string;
  label: string;
  getDays: (today: string) => [from: string, to: string];
}

const createLastDaysPreset = (count: number): PeriodPreset => ({
  key: `${count}d`,
  label: `Last ${count} days`,
  getDays: (today) => [formatIsoDay(parseIsoDayToMs(today) - (count - 1) * DAY_MS), today],
});

const DEFAULT_PERIOD_PRESET = createLastDaysPreset(30);

export const PERIOD_PRESETS: PeriodPreset[] = [
  createLastDaysPreset(7),
  DEFAULT_PERIOD_PRESET,
  createLastDaysPreset(90),
  createLastDaysPreset(365),
  { key: "month", label: "This month", getDays: (today) => [getFirstIsoDayOfMonth(today), today] },
  {
    key: "last-month",
    label: "Last month",
    getDays: (today) => [
      getFirstIsoDayOfMonth(today, -1),
      formatIsoDay(parseIsoDayToMs(getFirstIsoDayOfMonth(today)) - DAY_MS),
    ],
  },
];

/** Reads the period from `?period=90d` or `?from=2026-11-01&to=2026-11-30`. The default is the last 30 days. */
export function parsePeriodFromUrlQuery(query: URLSearchParams, now = Date.now()): Period {
  const todayIsoDay = formatIsoDay(now);
  const [from, to] = [query.get("from"), query.get("to")];
  if (isIsoDay(from) || isIsoDay(to)) {
    const [firstDay, lastDay] = [isIsoDay(from) ? from : (to as string), isIsoDay(to) ? to : todayIsoDay].sort() as [
      string,
      string,
    ];
    return { from: firstDay, to: lastDay, preset: "custom" };
  }
  const chosenPreset = PERIOD_PRESETS.find(({ key }) => key === query.get("period")) ?? DEFAULT_PERIOD_PRESET;
  const [firstDay, lastDay] = chosenPreset.getDays(todayIsoDay);
  return { from: firstDay, to: lastDay, preset: chosenPreset.key };
}

/** Returns the URL query with a preset. Other parameters of `query` are kept. */
export function buildPeriodPresetUrlQuery(query: URLSearchParams, key: string): URLSearchParams {
  const updatedUrlQuery = new URLSearchParams(query);
  for (const periodParamName of ["from", "to", "period"]) updatedUrlQuery.delete(periodParamName);
  if (key !== DEFAULT_PERIOD_PRESET.key) updatedUrlQuery.set("period", key);
  return updatedUrlQuery;
}

/** Returns the URL query with a custom period. Other parameters of `query` are kept. */
export function buildCustomPeriodUrlQuery(query: URLSearchParams, from: string, to: string): URLSearchParams {
  const updatedUrlQuery = buildPeriodPresetUrlQuery(query, DEFAULT_PERIOD_PRESET.key);
  updatedUrlQuery.set("from", from);
  updatedUrlQuery.set("to", to);
  return updatedUrlQuery;
}

const createUtcDateFormatter = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
const shortDayFormatter = createUtcDateFormatter({ day: "numeric", month: "short" });
const shortDayAndYearFormatter = createUtcDateFormatter({ day: "numeric", month: "short", year: "numeric" });
const longDayFormatter = createUtcDateFormatter({ day: "numeric", month: "long" });
const longDayAndYearFormatter = createUtcDateFormatter({ day: "numeric", month: "long", year: "numeric" });
const shortMonthFormatter = createUtcDateFormatter({ month: "short" });
const shortMonthAndYearFormatter = createUtcDateFormatter({ month: "short", year: "numeric" });
const longMonthFormatter = createUtcDateFormatter({ month: "long" });
const longMonthAndYearFormatter = createUtcDateFormatter({ month: "long", year: "numeric" });

const isDayInCurrentYear = (day: string): boolean => day.slice(0, 4) === formatIsoDay(Date.now()).slice(0, 4);

/** Formats a range of days: `3 – 9 November`, or `3 November` for a single day. */
function formatLongDayRange(from: string, to: string): string {
  const dayRangeFormatter =
    isDayInCurrentYear(from) && isDayInCurrentYear(to) ? longDayFormatter : longDayAndYearFormatter;
  return dayRangeFormatter.formatRange(parseIsoDayToMs(from), parseIsoDayToMs(to));
}

/** Returns the label of a period: the preset's label, or the range of custom days. */
export function formatPeriodLabel({ from, to, preset }: Period): string {
  const matchingPreset = PERIOD_PRESETS.find(({ key }) => key === preset);
  if (matchingPreset) return matchingPreset.label;
  const dayRangeFormatter =
    isDayInCurrentYear(from) && isDayInCurrentYear(to) ? shortDayFormatter : shortDayAndYearFormatter;
  return dayRangeFormatter.formatRange(parseIsoDayToMs(from), parseIsoDayToMs(to));
}

export const describePeriod = ({ from, to }: Period): string => formatLongDayRange(from, to);

/**
 * Describes the previous period that the API compares with: for a whole month the month before, for a whole year the year
 * before, else the same number of days before.
 */
export function describePreviousPeriod({ from, to }: Period): string {
  const dayAfterPeriod = formatIsoDay(parseIsoDayToMs(to) + DAY_MS);
  if (from.endsWith("-01") && dayAfterPeriod === getFirstIsoDayOfMonth(from, 1)) {
    const previousMonthFirstIsoDay = getFirstIsoDayOfMonth(from, -1);
    return (isDayInCurrentYear(previousMonthFirstIsoDay) ? longMonthFormatter : longMonthAndYearFormatter).format(
      parseIsoDayToMs(previousMonthFirstIsoDay),
    );
  }
  if (from.endsWith("-01-01") && dayAfterPeriod === getFirstIsoDayOfMonth(from, 12))
    return String(Number(from.slice(0, 4)) - 1);
  const periodLengthDays = (parseIsoDayToMs(to) - parseIsoDayToMs(from)) / DAY_MS + 1;
  return periodLengthDays === 1 ? "the day before" : `the ${periodLengthDays} days before`;
}

export type ChartBucketUnit = "day" | "week" | "month";

/** The days of the period that one bar counts. */
export interface ChartBucket {
  from: string;
  to: string;
  /** Label on the axis: `3 Nov`, `Nov`. */
  tick: string;
  /** Full name: `3 November`, `3 – 9 November`, `November 2026`. */
  name: string;
}

/**
 * Groups the days of a period into buckets of a day, a week or a month. Weeks begin on Monday. The first and the last
 * bucket may be shorter, because the period may begin or end within a week or month.
 */
export function groupDaysIntoBuckets(days: string[], unit: ChartBucketUnit): ChartBucket[] {
  const dayRangesByBucketStart = new Map<string, [from: string, to: string]>();
  for (const isoDay of days) {
    let groupStart = isoDay;
    if (unit === "week")
      groupStart = formatIsoDay(
        parseIsoDayToMs(isoDay) - ((new Date(parseIsoDayToMs(isoDay)).getUTCDay() + 6) % 7) * DAY_MS,
      );
    if (unit === "month") groupStart = getFirstIsoDayOfMonth(isoDay);
    const existingDayRange = dayRangesByBucketStart.get(groupStart);
    if (existingDayRange) existingDayRange[1] = isoDay;
    else dayRangesByBucketStart.set(groupStart, [isoDay, isoDay]);
  }
  return Array.from(dayRangesByBucketStart.values(), ([from, to]) => {
    if (unit !== "month")
      return { from, to, tick: shortDayFormatter.format(parseIsoDayToMs(from)), name: formatLongDayRange(from, to) };
    const monthAxisLabelFormatter = from.slice(5, 7) === "01" ? shortMonthAndYearFormatter : shortMonthFormatter;
    const isWholeMonth = from.endsWith("-01") && formatIsoDay(parseIsoDayToMs(to) + DAY_MS).endsWith("-01");
    const bucketName = isWholeMonth
      ? longMonthAndYearFormatter.format(parseIsoDayToMs(from))
      : formatLongDayRange(from, to);
    return { from, to, tick: monthAxisLabelFormatter.format(parseIsoDayToMs(from)), name: bucketName };
  });
}

/** Minimum width of a bar with its gap, in pixels. */
const MIN_BAR_SLOT_WIDTH_PX = 9;

/** Returns the smallest unit whose bars fit the width. */
export function chooseBucketUnit(days: number, width: number): ChartBucketUnit {
  if (width / days >= MIN_BAR_SLOT_WIDTH_PX) return "day";
  return width / (days / 7) >= MIN_BAR_SLOT_WIDTH_PX ? "week" : "month";
}
