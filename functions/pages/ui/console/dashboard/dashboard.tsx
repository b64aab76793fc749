// The dashboard: new leads of a period by time and status, by business, and the most recent leads.

import "../app/first-view";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { api, getDataOrThrow, type LeadSummary, type LeadVolumeStatistics } from "../app/api";
import { replaceUrlQuery, useRoute } from "../app/route";
import { useTeam } from "../app/team";
import { useLeadChanges } from "../leads/lead-changes";
import { buildLeadUrl } from "../leads/open-lead";
import { Avatar, getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { ErrorNote, Skeleton, useLoadable } from "../ui/loading";
import { Menu, MenuItem } from "../ui/menu";
import { EmptyState } from "../ui/states";
import { StatusDot, StatusPill } from "../ui/status";
import { formatCount, RelativeTime } from "../ui/time";
import { BarChart, computeAxisWidthPx, type StatusLeadCountSeries, useElementWidth } from "./bars";
import {
  buildCustomPeriodUrlQuery,
  buildPeriodPresetUrlQuery,
  type ChartBucket,
  chooseBucketUnit,
  describePeriod,
  describePreviousPeriod,
  formatPeriodLabel,
  groupDaysIntoBuckets,
  PERIOD_PRESETS,
  type Period,
  parsePeriodFromUrlQuery,
} from "./period";

const MAX_RECENT_LEADS = 6;
/** Minimum time between two reloads that events cause, in milliseconds. */
const MIN_RELOAD_PAUSE_MS = 5000;

type LeadCountsByDay = Record<string, number>;

const sumCounts = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);
const sharePercentFormatter = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const changePercentFormatter = new Intl.NumberFormat("en", {
  style: "percent",
  maximumFractionDigits: 0,
  signDisplay: "exceptZero",
});
const oneDecimalNumberFormatter = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const formatDailyAverage = (count: number, days: number): string =>
  count / days < 100 ? oneDecimalNumberFormatter.format(count / days) : formatCount(Math.round(count / days));
const formatLeadCount = (count: number): string => `${formatCount(count)} ${count === 1 ? "lead" : "leads"}`;

/** Returns a sentence that compares the number of leads with the previous period, such as `+12% on October`. */
function describeLeadCountChange(now: number, before: number, previous: string): string {
  if (before === 0) return now === 0 ? `None in ${previous} either` : `New: none in ${previous}`;
  if (now === before) return `As many as in ${previous}`;
  const leadCountChangePercent = Math.round(((now - before) / before) * 100);
  return leadCountChangePercent === 0
    ? `About as many as in ${previous}`
    : `${changePercentFormatter.format(leadCountChangePercent / 100)} on ${previous}`;
}

/** Returns the URL of the lead list, filtered to the leads that a number on the dashboard counts. */
function buildLeadListUrl(
  days: { from: string; to: string },
  apiFilter: { status?: number; business?: number | undefined },
): string {
  const listUrlQuery = new URLSearchParams();
  if (apiFilter.status) listUrlQuery.set("status", String(apiFilter.status));
  if (apiFilter.business) listUrlQuery.set("business", String(apiFilter.business));
  listUrlQuery.set("from", days.from);
  listUrlQuery.set("to", days.to);
  return `#/leads?${listUrlQuery}`;
}

export function DashboardScreen(): JSX.Element {
  const { query } = useRoute();
  const { businesses } = useTeam();
  const chosenPeriod = parsePeriodFromUrlQuery(query);
  const chosenBusiness = businesses.find(({ id }) => String(id) === query.get("business"));
  return (
    <>
      <header class="head">
        <div>
          <h1>Dashboard</h1>
          <span class="push" />
          <BusinessFilterMenu query={query} current={chosenBusiness?.id} />
          <PeriodMenu query={query} period={chosenPeriod} />
        </div>
        {chosenPeriod.preset === "custom" ? <CustomPeriodInputs query={query} period={chosenPeriod} /> : null}
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="Figures">
        <DashboardBody
          period={chosenPeriod}
          business={chosenBusiness?.id}
          asTable={query.get("as") === "table"}
          query={query}
        />
      </div>
    </>
  );
}

function BusinessFilterMenu({
  query,
  current,
}: {
  query: URLSearchParams;
  current: number | undefined;
}): JSX.Element | null {
  const { businesses } = useTeam();
  if (businesses.length === 0) return null;
  const setBusinessFilter = (id?: number) => {
    const updatedUrlQuery = new URLSearchParams(query);
    if (id) updatedUrlQuery.set("business", String(id));
    else updatedUrlQuery.delete("business");
    replaceUrlQuery(updatedUrlQuery);
  };
  const chosenBusinessLabel = businesses.find(({ id }) => id === current)?.name ?? "All businesses";
  return (
    <Menu
      label="Business"
      trigger={(props) => (
        <button type="button" class="btn ghost" aria-label={`Business: ${chosenBusinessLabel}`} {...props}>
          <Icon name="briefcase" />
          <span class={current === undefined ? "cut wide" : "cut"}>
            <bdi>{chosenBusinessLabel}</bdi>
          </span>
          <Icon name="chevron-down" />
        </button>
      )}
    >
      <MenuItem isChecked={current === undefined} onSelect={() => setBusinessFilter()}>
        All businesses
      </MenuItem>
      {businesses.map(({ id, name }) => (
        <MenuItem key={id} isChecked={id === current} onSelect={() => setBusinessFilter(id)}>
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
      {PERIOD_PRESETS.map(({ key, label }) => (
        <MenuItem
          key={key}
          isChecked={key === period.preset}
          onSelect={() => replaceUrlQuery(buildPeriodPresetUrlQuery(query, key))}
        >
          {label}
        </MenuItem>
      ))}
      <hr />
      <MenuItem
        isChecked={period.preset === "custom"}
        onSelect={() => replaceUrlQuery(buildCustomPeriodUrlQuery(query, period.from, period.to))}
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
          onChange={({ currentTarget: { value } }) =>
            value && replaceUrlQuery(buildCustomPeriodUrlQuery(query, value, period.to))
          }
        />
      </label>
      <label class="row">
        <span class="quiet">To</span>
        <input
          class="input"
          type="date"
          value={period.to}
          onChange={({ currentTarget: { value } }) =>
            value && replaceUrlQuery(buildCustomPeriodUrlQuery(query, period.from, value))
          }
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
  const loadableDashboardData = useLoadable(async () => {
    const periodAndBusinessFilter = { startDate: from, endDate: to, ...(business ? { business: [business] } : {}) };
    const [volume, recent] = await Promise.all([
      getDataOrThrow(api.GET("/leads/leads-volume", { params: { query: periodAndBusinessFilter } })),
      getDataOrThrow(
        api.GET("/leads/recent-leads", { params: { query: { ...periodAndBusinessFilter, limit: MAX_RECENT_LEADS } } }),
      ),
    ]);
    return { volume, recent, period, business };
  }, [from, to, business]);
  useReloadOnLeadEvents(loadableDashboardData.reload);
  const { value } = loadableDashboardData;
  return (
    <div class="body page">
      {loadableDashboardData.error ? (
        <ErrorNote error={loadableDashboardData.error} retry={loadableDashboardData.reload} />
      ) : null}
      {value ? (
        <DashboardCharts {...value} asTable={asTable} query={query} />
      ) : loadableDashboardData.error ? null : (
        <Skeleton lines={8} />
      )}
    </div>
  );
}

/** Reloads the dashboard after events, at most once in `MIN_RELOAD_PAUSE_MS`, because an import causes thousands of events. */
function useReloadOnLeadEvents(reload: () => Promise<void>): void {
  const reloadFunctionRef = useRef(reload);
  reloadFunctionRef.current = reload;
  const reloadTimerRef = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const scheduleReload = () => {
    reloadTimerRef.current ??= setTimeout(() => {
      reloadTimerRef.current = undefined;
      reloadFunctionRef.current();
    }, MIN_RELOAD_PAUSE_MS);
  };
  useLeadChanges((events) => events.some(({ type }) => type.startsWith("lead.")) && scheduleReload(), scheduleReload, {
    readsAfterSubscribing: true,
  });
  useEffect(() => () => clearTimeout(reloadTimerRef.current), []);
}

interface DashboardChartsProps {
  volume: LeadVolumeStatistics;
  recent: LeadSummary[];
  period: Period;
  business: number | undefined;
  asTable: boolean;
  query: URLSearchParams;
}

function DashboardCharts({ volume, recent, period, business, asTable, query }: DashboardChartsProps): JSX.Element {
  const { statuses } = useTeam();
  const [chartRef, chartWidthPx] = useElementWidth();
  const totalLeadCount = volume.totalLeadsAmount;
  const periodIsoDays = volume.labels;
  const dailyCounts = periodIsoDays.map((day) =>
    sumCounts(volume.statuses.map(({ data }) => (data as LeadCountsByDay)[day] ?? 0)),
  );
  const bucketUnit = chooseBucketUnit(
    periodIsoDays.length,
    chartWidthPx - computeAxisWidthPx(Math.max(...dailyCounts)),
  );
  const chartBuckets = groupDaysIntoBuckets(periodIsoDays, bucketUnit);
  const sumLeadCountsByBucket = (counts: LeadCountsByDay): number[] => {
    let bucketIndex = 0;
    const bucketLeadCounts = chartBuckets.map(() => 0);
    for (const isoDay of periodIsoDays) {
      if (isoDay > (chartBuckets[bucketIndex]?.to ?? isoDay)) bucketIndex += 1;
      bucketLeadCounts[bucketIndex] = (bucketLeadCounts[bucketIndex] ?? 0) + (counts[isoDay] ?? 0);
    }
    return bucketLeadCounts;
  };
  const statusLeadCountSeriesList: StatusLeadCountSeries[] = volume.statuses.map(({ id, name, data }) => ({
    id,
    name,
    color: statuses.find((status) => status.id === id)?.primaryColor,
    counts: sumLeadCountsByBucket(data as LeadCountsByDay),
  }));
  const firstStatusLeadCountSeries = statusLeadCountSeriesList[0];
  const firstStatusLeadCount = sumCounts(firstStatusLeadCountSeries?.counts ?? []);
  const busiestDayIndex = dailyCounts.indexOf(Math.max(...dailyCounts));
  const busiestIsoDay = periodIsoDays[busiestDayIndex];
  const previousPeriodText = describePreviousPeriod(period);

  return (
    <div class="grid">
      <section class="kpi" aria-labelledby="kpi-new">
        <h2 id="kpi-new" class="quiet small">
          New leads
        </h2>
        <a class="huge num" href={buildLeadListUrl(period, { business })}>
          {formatCount(totalLeadCount)}
        </a>
        <p class="small quiet">
          {describeLeadCountChange(totalLeadCount, volume.previousLeadsAmount, previousPeriodText)}
        </p>
      </section>
      {firstStatusLeadCountSeries ? (
        <section class="kpi" aria-labelledby="kpi-first">
          <h2 id="kpi-first" class="quiet small cut">
            Still in <bdi title={firstStatusLeadCountSeries.name}>{firstStatusLeadCountSeries.name}</bdi>
          </h2>
          <a class="huge num" href={buildLeadListUrl(period, { business, status: firstStatusLeadCountSeries.id })}>
            {formatCount(firstStatusLeadCount)}
          </a>
          <p class="small quiet">
            {totalLeadCount > 0
              ? `${sharePercentFormatter.format(firstStatusLeadCount / totalLeadCount)} of the new leads`
              : "No new leads"}
          </p>
        </section>
      ) : null}
      <section class="kpi" aria-labelledby="kpi-average">
        <h2 id="kpi-average" class="quiet small">
          A day on average
        </h2>
        <p class="huge num">{formatDailyAverage(totalLeadCount, periodIsoDays.length)}</p>
        <p class="small quiet">
          {formatDailyAverage(volume.previousLeadsAmount, periodIsoDays.length)} in {previousPeriodText}
        </p>
      </section>
      <section class="kpi" aria-labelledby="kpi-busiest">
        <h2 id="kpi-busiest" class="quiet small">
          Most in one day
        </h2>
        {totalLeadCount > 0 && busiestIsoDay ? (
          <>
            <a class="huge num" href={buildLeadListUrl({ from: busiestIsoDay, to: busiestIsoDay }, { business })}>
              {formatCount(dailyCounts[busiestDayIndex] ?? 0)}
            </a>
            <p class="small quiet">{describePeriod({ from: busiestIsoDay, to: busiestIsoDay, preset: "" })}</p>
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
          <h2 id="new-leads">New leads by {bucketUnit}</h2>
          <span class="push" />
          {totalLeadCount > 0 ? (
            <button
              type="button"
              class="btn ghost little"
              onClick={() => {
                const updatedUrlQuery = new URLSearchParams(query);
                if (asTable) updatedUrlQuery.delete("as");
                else updatedUrlQuery.set("as", "table");
                replaceUrlQuery(updatedUrlQuery);
              }}
            >
              {asTable ? "As bars" : "As a table"}
            </button>
          ) : null}
        </div>
        <div ref={chartRef}>
          {totalLeadCount === 0 ? (
            <NoLeadsMessage period={period} query={query} />
          ) : asTable ? (
            <LeadVolumeTable
              unit={bucketUnit}
              buckets={chartBuckets}
              series={statusLeadCountSeriesList}
              business={business}
            />
          ) : chartWidthPx > 0 ? (
            <BarChart
              label={`New leads by ${bucketUnit} and by their status now, ${describePeriod(period)}`}
              unit={bucketUnit}
              width={chartWidthPx}
              buckets={chartBuckets}
              series={statusLeadCountSeriesList}
              buildBucketUrl={(bucket) => buildLeadListUrl(bucket, { business })}
            />
          ) : null}
        </div>
        {totalLeadCount > 0 ? (
          <ul class="keys" aria-label="New leads by their status now">
            {statusLeadCountSeriesList.map(({ id, name, color, counts }) => (
              <li key={id}>
                <a href={buildLeadListUrl(period, { business, status: id })}>
                  <StatusDot color={color} />
                  <bdi>{name}</bdi>
                  <b class="num">{formatCount(sumCounts(counts))}</b>
                </a>
              </li>
            ))}
          </ul>
        ) : null}
      </section>
      {business === undefined ? (
        <BusinessCharts
          volume={volume}
          period={period}
          unit={bucketUnit}
          buckets={chartBuckets}
          sumByBucket={sumLeadCountsByBucket}
        />
      ) : null}
      <RecentLeadsTable leads={recent} isAlone={business !== undefined} />
    </div>
  );
}

function NoLeadsMessage({ period, query }: { period: Period; query: URLSearchParams }): JSX.Element {
  const { mayWrite } = useTeam();
  return (
    <EmptyState
      icon="chart-no-axes-column"
      title="No leads came in this period"
      text="A bar for each day appears here as soon as there are new leads."
    >
      {period.preset === "365d" ? null : (
        <button type="button" class="btn" onClick={() => replaceUrlQuery(buildPeriodPresetUrlQuery(query, "365d"))}>
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

interface LeadVolumeTableProps {
  unit: string;
  buckets: ChartBucket[];
  series: StatusLeadCountSeries[];
  business: number | undefined;
}

function LeadVolumeTable({ unit, buckets, series, business }: LeadVolumeTableProps): JSX.Element {
  const bucketUnitHeading = { day: "Day", week: "Week", month: "Month" }[unit];
  return (
    <table class="plain volume" aria-label={`New leads by ${unit}`}>
      <thead>
        <tr>
          <th scope="col">{bucketUnitHeading}</th>
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
          const bucketLeadCount = sumCounts(series.map(({ counts }) => counts[at] ?? 0));
          return (
            <tr key={bucket.from}>
              <th scope="row" class="cut">
                {bucket.name}
              </th>
              {series.map(({ id, counts }) => (
                <td key={id} class="right num wide">
                  <LeadCountLink count={counts[at] ?? 0} href={buildLeadListUrl(bucket, { business, status: id })} />
                </td>
              ))}
              <td class="right num">
                <LeadCountLink count={bucketLeadCount} href={buildLeadListUrl(bucket, { business })} />
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
              {formatCount(sumCounts(counts))}
            </td>
          ))}
          <td class="right num">{formatCount(sumCounts(series.flatMap(({ counts }) => counts)))}</td>
        </tr>
      </tfoot>
    </table>
  );
}

/** A count that links to its leads. A zero is left blank. */
function LeadCountLink({ count, href }: { count: number; href: string }): JSX.Element | null {
  return count > 0 ? <a href={href}>{formatCount(count)}</a> : null;
}

interface BusinessChartsProps {
  volume: LeadVolumeStatistics;
  period: Period;
  unit: string;
  buckets: ChartBucket[];
  sumByBucket: (counts: LeadCountsByDay) => number[];
}

/**
 * Small bar charts for each business, on the same scale. They are not stacked, because a lead may belong to several businesses.
 */
function BusinessCharts({ volume, period, unit, buckets, sumByBucket }: BusinessChartsProps): JSX.Element | null {
  const { businesses } = useTeam();
  if (businesses.length === 0 || volume.totalLeadsAmount === 0) return null;
  const businessLeadCountRows = Object.entries(volume.data as Record<string, LeadCountsByDay>)
    .map(([name, data]) => ({ name, id: businesses.find((one) => one.name === name)?.id, counts: sumByBucket(data) }))
    .sort((a, b) => sumCounts(b.counts) - sumCounts(a.counts));
  const leadCountsWithoutBusiness = sumByBucket(volume.unassigned as LeadCountsByDay);
  if (sumCounts(leadCountsWithoutBusiness) > 0)
    businessLeadCountRows.push({ name: "", id: undefined, counts: leadCountsWithoutBusiness });
  const maxBucketLeadCount = Math.max(1, ...businessLeadCountRows.flatMap(({ counts }) => counts));
  const hasLeadsOfSeveralBusinesses =
    sumCounts(businessLeadCountRows.map(({ counts }) => sumCounts(counts))) > volume.totalLeadsAmount;
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
          {businessLeadCountRows.map(({ name, id, counts }) => (
            <tr key={name}>
              <th scope="row" class="cut" title={name || undefined}>
                {id ? (
                  <a href={buildLeadListUrl(period, { business: id })}>
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
                        y={1 - count / maxBucketLeadCount}
                        width="0.6"
                        height={count / maxBucketLeadCount}
                      />
                    ) : null,
                  )}
                </svg>
              </td>
              <td class="right num">{formatCount(sumCounts(counts))}</td>
              <td class="right num quiet wide">
                {sharePercentFormatter.format(sumCounts(counts) / volume.totalLeadsAmount)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasLeadsOfSeveralBusinesses ? (
        <p class="small quiet aside">A lead with several businesses counts in each of them.</p>
      ) : null}
    </section>
  );
}

function RecentLeadsTable({ leads, isAlone }: { leads: LeadSummary[]; isAlone: boolean }): JSX.Element | null {
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
            const leadStatus = statuses.find(({ id }) => id === lead.statusId);
            return (
              <tr key={lead.id}>
                <th scope="row">
                  <span class="row">
                    <Avatar person={lead} size="small" />
                    <a class="cut" href={buildLeadUrl(lead.id)} title={getDisplayName(lead)}>
                      <bdi>{getDisplayName(lead)}</bdi>
                    </a>
                  </span>
                </th>
                <td>{leadStatus ? <StatusPill status={leadStatus} /> : null}</td>
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
