// How many leads came, from when to when, beside the period before.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, ok, type Totals, type Volume } from "./api";
import { Loaded, useLoading } from "./loading";
import { Dot, fullName, number, Photo, StatusName, Time } from "./person";
import { Plot, type Series } from "./plot";
import { BusinessSelect, useTeam } from "./team";

const DAY = 24 * 60 * 60 * 1000;
/** A plot with more points than this shows weeks or months instead of days. */
const POINTS = 120;

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const timeOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);

interface Range {
  startDate: string;
  endDate: string;
}

/** The last so many days, today among them. Days are UTC, as the API counts them. */
const last = (days: number): Range => ({ startDate: dayOf(Date.now() - (days - 1) * DAY), endDate: dayOf(Date.now()) });

const PRESETS = [
  { label: "7 days", days: 7 },
  { label: "30 days", days: 30 },
  { label: "90 days", days: 90 },
  { label: "A year", days: 365 },
];

/** The days just before a range: as many, but the month before a month and the year before a year. */
function periodBefore({ startDate, endDate }: Range): Range {
  const [start, end] = [timeOf(startDate), timeOf(endDate)];
  const before = dayOf(start - DAY);
  const months = (from: string) => Number(from.slice(0, 4)) * 12 + Number(from.slice(5, 7));
  const length = months(dayOf(end + DAY)) - months(startDate);
  const whole = startDate.endsWith("-01") && dayOf(end + DAY).endsWith("-01");
  if (whole && length === 1) return { startDate: `${before.slice(0, 7)}-01`, endDate: before };
  if (whole && length === 12 && startDate.endsWith("-01-01")) {
    return { startDate: `${before.slice(0, 4)}-01-01`, endDate: before };
  }
  return { startDate: dayOf(start - (end - start) - DAY), endDate: before };
}

export function Dashboard(): JSX.Element {
  const [range, setRange] = useState(() => last(30));
  const [business, setBusiness] = useState(0);
  const swapped = range.startDate > range.endDate;
  const whole = swapped ? { startDate: range.endDate, endDate: range.startDate } : range;
  const query: Query = { ...whole, ...(business ? { business: [business] } : {}) };
  const key = JSON.stringify(query);
  const preset = PRESETS.find(({ days }) => JSON.stringify(last(days)) === JSON.stringify(range));
  return (
    <>
      <div class="title">
        <h1>Dashboard</h1>
        <BusinessSelect business={business} choose={setBusiness} />
      </div>
      <div class="range" role="group" aria-label="Period">
        {PRESETS.map(({ label, days }) => (
          <button key={days} type="button" aria-pressed={preset?.days === days} onClick={() => setRange(last(days))}>
            {label}
          </button>
        ))}
        {(["startDate", "endDate"] as const).map((name) => (
          <label key={name}>
            <span class="unseen">{name === "startDate" ? "From" : "To"}</span>
            <input
              type="date"
              value={range[name]}
              onChange={({ currentTarget }) =>
                currentTarget.value && setRange({ ...range, [name]: currentTarget.value })
              }
            />
          </label>
        ))}
      </div>
      <Period key={key} query={query} />
    </>
  );
}

type Query = Range & { business?: number[] };

/** What is shown of a period; of another period nothing of it stays. */
function Period({ query }: { query: Query }): JSX.Element {
  const volume = useLoading(async () => {
    const of = (query: object) => ok(api.GET("/leads/leads-volume", { params: { query } }));
    const [now, before] = await Promise.all([of(query), of({ ...query, ...periodBefore(query) })]);
    return { now, before };
  }, []);
  const totals = useLoading(() => ok(api.GET("/leads/total-leads", { params: { query } })), []);
  const recent = useLoading(
    () => ok(api.GET("/leads/recent-leads", { params: { query: { ...query, limit: 8 } } })),
    [],
  );
  return (
    <>
      <Loaded of={totals}>{(read) => <Figures totals={read} />}</Loaded>
      <section class="panel" aria-label="New leads">
        <h2>New leads by business</h2>
        <Loaded of={volume}>{({ now, before }) => <VolumePlot now={now} before={before} />}</Loaded>
      </section>
      <section class="panel" aria-label="Recent leads">
        <h2>Recent leads</h2>
        <Loaded of={recent}>
          {(leads) =>
            leads.length === 0 ? (
              <p class="quiet">No lead came in this period.</p>
            ) : (
              <ul class="recent">
                {leads.map((lead) => (
                  <li key={lead.id}>
                    <Photo of={lead} />
                    <a href={`#/leads/${lead.id}`}>{fullName(lead)}</a>
                    <RecentStatus name={lead.status} />
                    <Time at={lead.createdAt} />
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </section>
    </>
  );
}

function RecentStatus({ name }: { name: string }): JSX.Element {
  const { statuses } = useTeam();
  return <StatusName status={statuses.find((status) => status.name === name) ?? { name, primaryColor: "gray" }} />;
}

function Figures({ totals }: { totals: Totals }): JSX.Element {
  return (
    <ul class="figures">
      {[totals, ...totals.statuses].map(({ name, current, percentageChange, color }, index) => (
        <li key={`${index} ${name}`} class={index === 0 ? "total" : ""}>
          <span>
            {index === 0 ? null : <Dot color={color} />} {name}
          </span>
          <strong>{number.format(current)}</strong>
          <Change by={percentageChange} />
        </li>
      ))}
    </ul>
  );
}

function Change({ by }: { by: number }): JSX.Element {
  const way = by > 0 ? "up" : by < 0 ? "down" : "same";
  return (
    <span class={`change ${way}`}>
      <span aria-hidden="true">{{ up: "▲", down: "▼", same: "=" }[way]}</span> {number.format(Math.abs(by))} %
      <span class="unseen"> {{ up: "more", down: "less", same: "as many" }[way]} than in the period before</span>
    </span>
  );
}

/** The sums of so many days each. */
function summed(labels: string[], counts: Record<string, number>, days: number): number[] {
  const sums: number[] = [];
  labels.forEach((label, index) => {
    const at = Math.floor(index / days);
    sums[at] = (sums[at] ?? 0) + (counts[label] ?? 0);
  });
  return sums;
}

function VolumePlot({ now, before }: { now: Volume; before: Volume }): JSX.Element {
  const days = now.labels.length > POINTS * 7 ? 30 : now.labels.length > POINTS ? 7 : 1;
  const times = now.labels.filter((_, index) => index % days === 0).map((label) => timeOf(label) / 1000);
  const parts = (volume: Volume): [string, Record<string, number>][] => {
    const unassigned = volume.unassigned as Record<string, number>;
    const some = Object.values(unassigned).some((count) => count > 0);
    const named = Object.entries(volume.data as Record<string, Record<string, number>>);
    return some ? [...named, ["Without a business", unassigned]] : named;
  };
  const series: Series[] = parts(now).map(([label, counts]) => ({ label, values: summed(now.labels, counts, days) }));
  const earlier = parts(before).map(([, counts]) => summed(before.labels, counts, days));
  const sum = times.map((_, at) => earlier.reduce((sum, values) => sum + (values[at] ?? 0), 0));
  const unit = days === 1 ? "day" : days === 7 ? "week" : "30 days";
  return (
    <>
      <p class="quiet">
        {number.format(now.totalLeadsAmount)} leads, {number.format(before.totalLeadsAmount)} in the period before:{" "}
        <Change by={now.percentageChange} />. Each bar is a {unit}.
      </p>
      <Plot times={times} series={series} before={{ label: "Period before", values: sum }} />
      <details>
        <summary>As a table</summary>
        <div class="scrolls" tabIndex={0} role="region" aria-label="New leads as a table">
          <table>
            <thead>
              <tr>
                <th>From</th>
                {series.map(({ label }) => (
                  <th key={label}>{label}</th>
                ))}
                <th>Period before</th>
              </tr>
            </thead>
            <tbody>
              {times.map((time, at) => (
                <tr key={time}>
                  <td>{dayOf(time * 1000)}</td>
                  {series.map(({ label, values }) => (
                    <td key={label}>{values[at] ?? 0}</td>
                  ))}
                  <td>{sum[at] ?? 0}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
