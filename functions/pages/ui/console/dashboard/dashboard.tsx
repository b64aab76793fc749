// The dashboard: new leads of a period by time and status, by business, and the most recent leads.

import "../app/first-view";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { api, type LeadSummary, unwrap, type Volume } from "../app/api";
import { replaceQuery, useRoute } from "../app/route";
import { useTeam } from "../app/team";
import { useLeadChanges } from "../leads/lead-changes";
import { leadUrl } from "../leads/open-lead";
import { Avatar, fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import { ErrorNote, Skeleton, useLoading } from "../ui/loading";
import { Menu, MenuItem } from "../ui/menu";
import { EmptyState } from "../ui/states";
import { StatusDot, StatusPill } from "../ui/status";
import { formatCount, RelativeTime } from "../ui/time";
import { BarChart, computeAxisWidth, type Series, useWidth } from "./bars";
import {
  type Bucket,
  chooseUnit,
  describePeriod,
  describePreviousPeriod,
  formatPeriodLabel,
  groupDays,
  type Period,
  PRESETS,
  readPeriod,
  withDays,
  withPreset,
} from "./period";

const RECENT_LEADS = 6;
/** Minimum time between two reloads that events cause, in milliseconds. */
const MIN_RELOAD_PAUSE_MS = 5000;

type DayCounts = Record<string, number>;

const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);
const shareFormat = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const changeFormat = new Intl.NumberFormat("en", {
  style: "percent",
  maximumFractionDigits: 0,
  signDisplay: "exceptZero",
});
const tenthsFormat = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const formatAverage = (count: number, days: number): string =>
  count / days < 100 ? tenthsFormat.format(count / days) : formatCount(Math.round(count / days));
const formatLeadCount = (count: number): string => `${formatCount(count)} ${count === 1 ? "lead" : "leads"}`;

/** Returns a sentence that compares two counts. It has no warning colour, because fewer new leads are no error. */
function compareCounts(now: number, before: number, previous: string): string {
  if (before === 0) return now === 0 ? `None in ${previous} either` : `New: none in ${previous}`;
  if (now === before) return `As many as in ${previous}`;
  const percent = Math.round(((now - before) / before) * 100);
  return percent === 0 ? `About as many as in ${previous}` : `${changeFormat.format(percent / 100)} on ${previous}`;
}

/** Links to the list of the leads that a number counts. */
function leadListUrl(
  days: { from: string; to: string },
  apiFilter: { status?: number; business?: number | undefined },
): string {
  const query = new URLSearchParams();
  if (apiFilter.status) query.set("status", String(apiFilter.status));
  if (apiFilter.business) query.set("business", String(apiFilter.business));
  query.set("from", days.from);
  query.set("to", days.to);
  return `#/leads?${query}`;
}

export function Dashboard(): JSX.Element {
  const { query } = useRoute();
  const { businesses } = useTeam();
  const period = readPeriod(query);
  const business = businesses.find(({ id }) => String(id) === query.get("business"));
  return (
    <>
      <header class="head">
        <div>
          <h1>Dashboard</h1>
          <span class="push" />
          <BusinessMenu query={query} current={business?.id} />
          <PeriodMenu query={query} period={period} />
        </div>
        {period.preset === "custom" ? <CustomPeriodInputs query={query} period={period} /> : null}
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="Figures">
        <DashboardBody period={period} business={business?.id} asTable={query.get("as") === "table"} query={query} />
      </div>
    </>
  );
}

function BusinessMenu({ query, current }: { query: URLSearchParams; current: number | undefined }): JSX.Element | null {
  const { businesses } = useTeam();
  if (businesses.length === 0) return null;
  const chooseBusiness = (id?: number) => {
    const newQuery = new URLSearchParams(query);
    if (id) newQuery.set("business", String(id));
    else newQuery.delete("business");
    replaceQuery(newQuery);
  };
  const businessName = businesses.find(({ id }) => id === current)?.name ?? "All businesses";
  return (
    <Menu
      label="Business"
      trigger={(props) => (
        <button type="button" class="btn ghost" aria-label={`Business: ${businessName}`} {...props}>
          <Icon name="briefcase" />
          <span class={current === undefined ? "cut wide" : "cut"}>
            <bdi>{businessName}</bdi>
          </span>
          <Icon name="chevron-down" />
        </button>
      )}
    >
      <MenuItem isChecked={current === undefined} onSelect={() => chooseBusiness()}>
        All businesses
      </MenuItem>
      {businesses.map(({ id, name }) => (
        <MenuItem key={id} isChecked={id === current} onSelect={() => chooseBusiness(id)}>
          <bdi class="cut">{name}</bdi>
        </MenuItem>
      ))}
    </Menu>
  );
}

function PeriodMenu({ query, period }: { query: URLSearchParams; period: Period }): JSX.Element {
  return (
    <Menu
      label="Period"
      trigger={(props) => (
        <button type="button" class="btn" aria-label={`Period: ${formatPeriodLabel(period)}`} {...props}>
          <Icon name="calendar" />
          {formatPeriodLabel(period)}
          <Icon name="chevron-down" />
        </button>
      )}
    >
      {PRESETS.map(({ key, label }) => (
        <MenuItem key={key} isChecked={key === period.preset} onSelect={() => replaceQuery(withPreset(query, key))}>
          {label}
        </MenuItem>
      ))}
      <hr />
      <MenuItem
        isChecked={period.preset === "custom"}
        onSelect={() => replaceQuery(withDays(query, period.from, period.to))}
      >
        Choose days
      </MenuItem>
    </Menu>
  );
}

function CustomPeriodInputs({ query, period }: { query: URLSearchParams; period: Period }): JSX.Element {
  return (
    <div class="bar" role="group" aria-label="Days">
      <label class="row">
        <span class="quiet">From</span>
        <input
          class="input"
          type="date"
          value={period.from}
          max={period.to}
          onChange={({ currentTarget: { value } }) => value && replaceQuery(withDays(query, value, period.to))}
        />
      </label>
      <label class="row">
        <span class="quiet">To</span>
        <input
          class="input"
          type="date"
          value={period.to}
          onChange={({ currentTarget: { value } }) => value && replaceQuery(withDays(query, period.from, value))}
        />
      </label>
    </div>
  );
}

interface DashboardBodyProps {
  period: Period;
  business: number | undefined;
  asTable: boolean;
  query: URLSearchParams;
}

function DashboardBody({ period, business, asTable, query }: DashboardBodyProps): JSX.Element {
  const { from, to } = period;
  const loadable = useLoading(async () => {
    const apiFilter = { startDate: from, endDate: to, ...(business ? { business: [business] } : {}) };
    const [volume, recent] = await Promise.all([
      unwrap(api.GET("/leads/leads-volume", { params: { query: apiFilter } })),
      unwrap(api.GET("/leads/recent-leads", { params: { query: { ...apiFilter, limit: RECENT_LEADS } } })),
    ]);
    return { volume, recent, period, business };
  }, [from, to, business]);
  useReloadOnEvents(loadable.reload);
  const { value } = loadable;
  return (
    <div class="body page">
      {loadable.error ? <ErrorNote error={loadable.error} retry={loadable.reload} /> : null}
      {value ? (
        <DashboardCharts {...value} asTable={asTable} query={query} />
      ) : loadable.error ? null : (
        <Skeleton lines={8} />
      )}
    </div>
  );
}

/** Reloads the dashboard after events, at most once in `MIN_RELOAD_PAUSE_MS`, because an import causes thousands of events. */
function useReloadOnEvents(reload: () => Promise<void>): void {
  const reloadRef = useRef(reload);
  reloadRef.current = reload;
  const timerRef = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const scheduleReload = () => {
    timerRef.current ??= setTimeout(() => {
      timerRef.current = undefined;
      reloadRef.current();
    }, MIN_RELOAD_PAUSE_MS);
  };
  useLeadChanges((events) => events.some(({ type }) => type.startsWith("lead.")) && scheduleReload(), scheduleReload, {
    readsAfterSubscribing: true,
  });
  useEffect(() => () => clearTimeout(timerRef.current), []);
}

interface DashboardChartsProps {
  volume: Volume;
  recent: LeadSummary[];
  period: Period;
  business: number | undefined;
  asTable: boolean;
  query: URLSearchParams;
}

function DashboardCharts({ volume, recent, period, business, asTable, query }: DashboardChartsProps): JSX.Element {
  const { statuses } = useTeam();
  const [chart, width] = useWidth();
  const total = volume.totalLeadsAmount;
  const days = volume.labels;
  const dailyCounts = days.map((day) => sum(volume.statuses.map(({ data }) => (data as DayCounts)[day] ?? 0)));
  const unit = chooseUnit(days.length, width - computeAxisWidth(Math.max(...dailyCounts)));
  const buckets = groupDays(days, unit);
  const sumByBucket = (counts: DayCounts): number[] => {
    let bucketIndex = 0;
    const sums = buckets.map(() => 0);
    for (const day of days) {
      if (day > (buckets[bucketIndex]?.to ?? day)) bucketIndex += 1;
      sums[bucketIndex] = (sums[bucketIndex] ?? 0) + (counts[day] ?? 0);
    }
    return sums;
  };
  const series: Series[] = volume.statuses.map(({ id, name, data }) => ({
    id,
    name,
    color: statuses.find((status) => status.id === id)?.primaryColor,
    counts: sumByBucket(data as DayCounts),
  }));
  const firstStatus = series[0];
  const firstStatusCount = sum(firstStatus?.counts ?? []);
  const busiestIndex = dailyCounts.indexOf(Math.max(...dailyCounts));
  const busiestDay = days[busiestIndex];
  const previousLabel = describePreviousPeriod(period);

  return (
    <div class="grid">
      <section class="kpi" aria-labelledby="kpi-new">
        <h2 id="kpi-new" class="quiet small">
          New leads
        </h2>
        <a class="huge num" href={leadListUrl(period, { business })}>
          {formatCount(total)}
        </a>
        <p class="small quiet">{compareCounts(total, volume.previousLeadsAmount, previousLabel)}</p>
      </section>
      {firstStatus ? (
        <section class="kpi" aria-labelledby="kpi-first">
          <h2 id="kpi-first" class="quiet small cut">
            Still in <bdi title={firstStatus.name}>{firstStatus.name}</bdi>
          </h2>
          <a class="huge num" href={leadListUrl(period, { business, status: firstStatus.id })}>
            {formatCount(firstStatusCount)}
          </a>
          <p class="small quiet">
            {total > 0 ? `${shareFormat.format(firstStatusCount / total)} of the new leads` : "No new leads"}
          </p>
        </section>
      ) : null}
      <section class="kpi" aria-labelledby="kpi-average">
        <h2 id="kpi-average" class="quiet small">
          A day on average
        </h2>
        <p class="huge num">{formatAverage(total, days.length)}</p>
        <p class="small quiet">
          {formatAverage(volume.previousLeadsAmount, days.length)} in {previousLabel}
        </p>
      </section>
      <section class="kpi" aria-labelledby="kpi-busiest">
        <h2 id="kpi-busiest" class="quiet small">
          Most in one day
        </h2>
        {total > 0 && busiestDay ? (
          <>
            <a class="huge num" href={leadListUrl({ from: busiestDay, to: busiestDay }, { business })}>
              {formatCount(dailyCounts[busiestIndex] ?? 0)}
            </a>
            <p class="small quiet">{describePeriod({ from: busiestDay, to: busiestDay, preset: "" })}</p>
          </>
        ) : (
          <>
            <p class="huge num">0</p>
            <p class="small quiet">No new leads</p>
          </>
        )}
      </section>
      <section aria-labelledby="new-leads">
        <div class="sec">
          <h2 id="new-leads">New leads by {unit}</h2>
          <span class="push" />
          {total > 0 ? (
            <button
              type="button"
              class="btn ghost little"
              onClick={() => {
                const newQuery = new URLSearchParams(query);
                if (asTable) newQuery.delete("as");
                else newQuery.set("as", "table");
                replaceQuery(newQuery);
              }}
            >
              {asTable ? "As bars" : "As a table"}
            </button>
          ) : null}
        </div>
        <div ref={chart}>
          {total === 0 ? (
            <NoLeads period={period} query={query} />
          ) : asTable ? (
            <VolumeTable unit={unit} buckets={buckets} series={series} business={business} />
          ) : width > 0 ? (
            <BarChart
              label={`New leads by ${unit} and by their status now, ${describePeriod(period)}`}
              unit={unit}
              width={width}
              buckets={buckets}
              series={series}
              bucketUrl={(bucket) => leadListUrl(bucket, { business })}
            />
          ) : null}
        </div>
        {total > 0 ? (
          <ul class="keys" aria-label="New leads by their status now">
            {series.map(({ id, name, color, counts }) => (
              <li key={id}>
                <a href={leadListUrl(period, { business, status: id })}>
                  <StatusDot color={color} />
                  <bdi>{name}</bdi>
                  <b class="num">{formatCount(sum(counts))}</b>
                </a>
              </li>
            ))}
          </ul>
        ) : null}
      </section>
      {business === undefined ? (
        <Businesses volume={volume} period={period} unit={unit} buckets={buckets} sumByBucket={sumByBucket} />
      ) : null}
      <RecentLeads leads={recent} isAlone={business !== undefined} />
    </div>
  );
}

function NoLeads({ period, query }: { period: Period; query: URLSearchParams }): JSX.Element {
  const { mayWrite } = useTeam();
  return (
    <EmptyState
      icon="chart-no-axes-column"
      title="No leads came in this period"
      text="A bar for each day appears here as soon as there are new leads."
    >
      {period.preset === "365d" ? null : (
        <button type="button" class="btn" onClick={() => replaceQuery(withPreset(query, "365d"))}>
          Show the last 365 days
        </button>
      )}
      {mayWrite ? (
        <a class="btn ghost" href="#/new">
          New lead
        </a>
      ) : null}
    </EmptyState>
  );
}

interface VolumeTableProps {
  unit: string;
  buckets: Bucket[];
  series: Series[];
  business: number | undefined;
}

function VolumeTable({ unit, buckets, series, business }: VolumeTableProps): JSX.Element {
  const unitTitle = { day: "Day", week: "Week", month: "Month" }[unit];
  return (
    <table class="plain volume" aria-label={`New leads by ${unit}`}>
      <thead>
        <tr>
          <th scope="col">{unitTitle}</th>
          {series.map(({ id, name }) => (
            <th key={id} scope="col" class="right cut wide" title={name}>
              <bdi>{name}</bdi>
            </th>
          ))}
          <th scope="col" class="right">
            Leads
          </th>
        </tr>
      </thead>
      <tbody>
        {buckets.map((bucket, at) => {
          const total = sum(series.map(({ counts }) => counts[at] ?? 0));
          return (
            <tr key={bucket.from}>
              <th scope="row" class="cut">
                {bucket.name}
              </th>
              {series.map(({ id, counts }) => (
                <td key={id} class="right num wide">
                  <CountCell count={counts[at] ?? 0} href={leadListUrl(bucket, { business, status: id })} />
                </td>
              ))}
              <td class="right num">
                <CountCell count={total} href={leadListUrl(bucket, { business })} />
              </td>
            </tr>
          );
        })}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">All</th>
          {series.map(({ id, counts }) => (
            <td key={id} class="right num wide">
              {formatCount(sum(counts))}
            </td>
          ))}
          <td class="right num">{formatCount(sum(series.flatMap(({ counts }) => counts)))}</td>
        </tr>
      </tfoot>
    </table>
  );
}

/** A count that links to its leads. A zero is left blank. */
function CountCell({ count, href }: { count: number; href: string }): JSX.Element | null {
  return count > 0 ? <a href={href}>{formatCount(count)}</a> : null;
}

interface BusinessesProps {
  volume: Volume;
  period: Period;
  unit: string;
  buckets: Bucket[];
  sumByBucket: (counts: DayCounts) => number[];
}

/**
 * Small bar charts for each business, on the same scale. They are not stacked, because a lead may belong to several businesses.
 */
function Businesses({ volume, period, unit, buckets, sumByBucket }: BusinessesProps): JSX.Element | null {
  const { businesses } = useTeam();
  if (businesses.length === 0 || volume.totalLeadsAmount === 0) return null;
  const businessRows = Object.entries(volume.data as Record<string, DayCounts>)
    .map(([name, data]) => ({ name, id: businesses.find((one) => one.name === name)?.id, counts: sumByBucket(data) }))
    .sort((a, b) => sum(b.counts) - sum(a.counts));
  const unassigned = sumByBucket(volume.unassigned as DayCounts);
  if (sum(unassigned) > 0) businessRows.push({ name: "", id: undefined, counts: unassigned });
  const maxCount = Math.max(1, ...businessRows.flatMap(({ counts }) => counts));
  const isOverlapping = sum(businessRows.map(({ counts }) => sum(counts))) > volume.totalLeadsAmount;
  return (
    <section class="half" aria-labelledby="by-business">
      <div class="sec">
        <h2 id="by-business">By business</h2>
      </div>
      <table class="plain businesses" aria-labelledby="by-business">
        <thead>
          <tr>
            <th scope="col">Business</th>
            <th scope="col">By {unit}</th>
            <th scope="col" class="right w-xs">
              Leads
            </th>
            <th scope="col" class="right w-xs wide">
              Of all
            </th>
          </tr>
        </thead>
        <tbody>
          {businessRows.map(({ name, id, counts }) => (
            <tr key={name}>
              <th scope="row" class="cut" title={name || undefined}>
                {id ? (
                  <a href={leadListUrl(period, { business: id })}>
                    <bdi>{name}</bdi>
                  </a>
                ) : name ? (
                  <bdi>{name}</bdi>
                ) : (
                  <span class="quiet">No business</span>
                )}
              </th>
              <td>
                <svg
                  class="spark"
                  viewBox={`0 0 ${buckets.length} 1`}
                  preserveAspectRatio="none"
                  role="img"
                  aria-label={`${name || "No business"}: at most ${formatLeadCount(Math.max(...counts))} a ${unit}`}
                >
                  {counts.map((count, at) =>
                    count > 0 ? (
                      <rect
                        key={buckets[at]?.from}
                        x={at + 0.2}
                        y={1 - count / maxCount}
                        width="0.6"
                        height={count / maxCount}
                      />
                    ) : null,
                  )}
                </svg>
              </td>
              <td class="right num">{formatCount(sum(counts))}</td>
              <td class="right num quiet wide">{shareFormat.format(sum(counts) / volume.totalLeadsAmount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {isOverlapping ? <p class="small quiet aside">A lead with several businesses counts in each of them.</p> : null}
    </section>
  );
}

function RecentLeads({ leads, isAlone }: { leads: LeadSummary[]; isAlone: boolean }): JSX.Element | null {
  const { statuses } = useTeam();
  if (leads.length === 0) return null;
  return (
    <section class={isAlone ? undefined : "half"} aria-labelledby="recent-leads">
      <div class="sec">
        <h2 id="recent-leads">Recent leads</h2>
      </div>
      <table class="plain" aria-labelledby="recent-leads">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="w-m">
              Status
            </th>
            <th scope="col" class="right w-s wide">
              Created
            </th>
          </tr>
        </thead>
        <tbody>
          {leads.map((lead) => {
            const status = statuses.find(({ id }) => id === lead.statusId);
            return (
              <tr key={lead.id}>
                <th scope="row">
                  <span class="row">
                    <Avatar person={lead} size="small" />
                    <a class="cut" href={leadUrl(lead.id)} title={fullName(lead)}>
                      <bdi>{fullName(lead)}</bdi>
                    </a>
                  </span>
                </th>
                <td>{status ? <StatusPill status={status} /> : null}</td>
                <td class="right quiet wide">
                  <RelativeTime at={lead.createdAt} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
