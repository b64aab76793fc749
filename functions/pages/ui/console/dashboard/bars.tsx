// The bar chart of new leads: a bar for each day, week or month, stacked by status. The available width
// is measured, and the SVG is drawn in CSS pixels, so that its text is not scaled.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatCount } from "../ui/time";
import type { ChartBucket, ChartBucketUnit } from "./period";

export interface StatusLeadCountSeries {
  id: number;
  name: string;
  color: string | undefined;
  /** Number of leads in each bucket. */
  counts: number[];
}

const CHART_HEIGHT_PX = 208;
/** Distance of the bars' baseline from the top of the chart. */
const BASELINE_Y_PX = 183;
/** Height of a bar that reaches the top of the axis. */
const PLOT_HEIGHT_PX = 172;
/** Space between two segments of a bar. */
const BAR_SEGMENT_GAP_PX = 1.5;
/** Width of a digit in the labels of the axis, which are set in tabular figures of 12 px. */
const AXIS_DIGIT_WIDTH_PX = 7;
/** Minimum distance between two labels below the bars. */
const MIN_AXIS_LABEL_DISTANCE_PX = 64;
/** A label stands at every n-th bar. These are the possible values of n, smallest first: whole weeks and parts of a year. */
const BARS_PER_LABEL_CHOICES_BY_UNIT: Record<ChartBucketUnit, number[]> = {
  day: [1, 7, 14, 28],
  week: [1, 2, 4, 13, 26],
  month: [1, 2, 3, 6, 12],
};
const MAX_BAR_WIDTH_PX = 40;
/** Minimum value at the top of the axis, so that a single lead does not fill the whole height. */
const MIN_AXIS_TOP_LEAD_COUNT = 4;

/** Returns the values of the grid lines: at most three multiples of 1, 2 or 5 times a power of ten. */
function computeGridLineLeadCounts(maxCount: number): number[] {
  for (let powerOfTen = 1; ; powerOfTen *= 10) {
    for (const gridLineLeadCountStep of [powerOfTen, 2 * powerOfTen, 5 * powerOfTen]) {
      const gridLineCount = Math.floor(maxCount / gridLineLeadCountStep);
      if (gridLineCount <= 3)
        return Array.from({ length: gridLineCount }, (_, index) => (index + 1) * gridLineLeadCountStep);
    }
  }
}

/** Rounds a length to hundredths of a pixel, which keeps the markup short. */
const roundToHundredths = (length: number): number => Math.round(length * 100) / 100;

/** Returns a ref and the width of its element in whole pixels. The width is 0 before the first measurement. */
export function useElementWidth(): [ref: { current: HTMLDivElement | null }, width: number] {
  const measuredElementRef = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!measuredElementRef.current) return;
    const resizeObserver = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    resizeObserver.observe(measuredElementRef.current);
    return () => resizeObserver.disconnect();
  }, []);
  return [measuredElementRef, width];
}

export const computeAxisWidthPx = (maxCount: number): number => formatCount(maxCount).length * AXIS_DIGIT_WIDTH_PX + 12;

interface BarChartProps {
  label: string;
  unit: ChartBucketUnit;
  width: number;
  buckets: ChartBucket[];
  /** Counts of each status in the team's order. The first status is at the top of the bars. */
  series: StatusLeadCountSeries[];
  buildBucketUrl: (bucket: ChartBucket) => string;
}

export function BarChart({ label, unit, width, buckets, series, buildBucketUrl }: BarChartProps): JSX.Element {
  // The chart has one Tab stop, initially the newest bar. Arrow keys move the focus between bars.
  const [focusedBarIndex, setFocusedBarIndex] = useState(-1);
  const totalLeadCountsByBucket = buckets.map((_, at) =>
    series.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0),
  );
  const axisTopLeadCount = Math.max(...totalLeadCountsByBucket, MIN_AXIS_TOP_LEAD_COUNT);
  const gridLineLeadCounts = computeGridLineLeadCounts(axisTopLeadCount);
  const plotWidthPx = width - computeAxisWidthPx(gridLineLeadCounts.at(-1) ?? axisTopLeadCount);
  const barSlotWidthPx = plotWidthPx / buckets.length;
  const barWidthPx = Math.min(MAX_BAR_WIDTH_PX, Math.max(barSlotWidthPx * 0.52, Math.min(barSlotWidthPx - 3, 8)));
  const minBarsPerLabel = Math.ceil(MIN_AXIS_LABEL_DISTANCE_PX / barSlotWidthPx);
  const barsPerLabel = BARS_PER_LABEL_CHOICES_BY_UNIT[unit].find((step) => step >= minBarsPerLabel) ?? minBarsPerLabel;
  const nonEmptyBucketIndexes = totalLeadCountsByBucket.flatMap((total, at) => (total > 0 ? [at] : []));
  const tabStopBarIndex = nonEmptyBucketIndexes.includes(focusedBarIndex)
    ? focusedBarIndex
    : nonEmptyBucketIndexes.at(-1);
  const computeYPxForLeadCount = (count: number) =>
    roundToHundredths(BASELINE_Y_PX - (count / axisTopLeadCount) * PLOT_HEIGHT_PX);

  const handleChartKeyDown = (event: KeyboardEvent & { currentTarget: SVGSVGElement }) => {
    const focusedBarIndexAmongNonEmpty = nonEmptyBucketIndexes.indexOf(tabStopBarIndex ?? 0);
    const targetBarIndexAmongNonEmpty = {
      ArrowLeft: focusedBarIndexAmongNonEmpty - 1,
      ArrowRight: focusedBarIndexAmongNonEmpty + 1,
      Home: 0,
      End: nonEmptyBucketIndexes.length - 1,
    }[event.key];
    if (targetBarIndexAmongNonEmpty === undefined) return;
    event.preventDefault();
    const bucketIndexToFocus =
      nonEmptyBucketIndexes[Math.max(0, Math.min(targetBarIndexAmongNonEmpty, nonEmptyBucketIndexes.length - 1))] ?? 0;
    setFocusedBarIndex(bucketIndexToFocus);
    event.currentTarget.querySelector<SVGAElement>(`[data-bar="${bucketIndexToFocus}"]`)?.focus();
  };

  return (
    <svg
      class="chart"
      viewBox={`0 0 ${width} ${CHART_HEIGHT_PX}`}
      role="group"
      aria-label={label}
      onKeyDown={handleChartKeyDown}
    >
      {gridLineLeadCounts.map((count) => (
        <g key={count}>
          <line x1="0" x2={plotWidthPx} y1={computeYPxForLeadCount(count)} y2={computeYPxForLeadCount(count)} />
          <text x={width} y={computeYPxForLeadCount(count) + 4} text-anchor="end">
            {formatCount(count)}
          </text>
        </g>
      ))}
      <line x1="0" x2={plotWidthPx} y1={BASELINE_Y_PX + 1.5} y2={BASELINE_Y_PX + 1.5} />
      {buckets.map((bucket, at) => {
        const barXPx = roundToHundredths(at * barSlotWidthPx);
        const bucketLeadCount = totalLeadCountsByBucket[at] ?? 0;
        const axisLabelJsx =
          at % barsPerLabel === 0 && barXPx + MIN_AXIS_LABEL_DISTANCE_PX / 2 < width ? (
            <text x={barXPx} y={CHART_HEIGHT_PX - 4}>
              {bucket.tick}
            </text>
          ) : null;
        if (bucketLeadCount === 0) return <g key={bucket.from}>{axisLabelJsx}</g>;
        const nonEmptyStatusSeries = series.filter(({ counts }) => (counts[at] ?? 0) > 0);
        const statusCountsText = nonEmptyStatusSeries
          .map(({ name, counts }) => `${name} ${formatCount(counts[at] ?? 0)}`)
          .join(", ");
        // The accessible name equals the visible title: users of voice control say what they see.
        const barAccessibleName = `${bucket.name}: ${formatCount(bucketLeadCount)} ${bucketLeadCount === 1 ? "lead" : "leads"} (${statusCountsText})`;
        let stackedCount = 0;
        return (
          <g key={bucket.from}>
            <a
              href={buildBucketUrl(bucket)}
              aria-label={barAccessibleName}
              data-bar={at}
              // SVG attribute names are case-sensitive, so this is not `tabIndex`.
              tabindex={at === tabStopBarIndex ? 0 : -1}
              onFocus={() => setFocusedBarIndex(at)}
            >
              <title>{barAccessibleName}</title>
              <rect
                class="area"
                x={barXPx}
                y={BASELINE_Y_PX - PLOT_HEIGHT_PX}
                width={roundToHundredths(barSlotWidthPx)}
                height={PLOT_HEIGHT_PX}
              />
              {[...nonEmptyStatusSeries].reverse().map(({ id, color, counts }) => {
                const segmentLeadCount = counts[at] ?? 0;
                const fullSegmentHeightPx = (segmentLeadCount / axisTopLeadCount) * PLOT_HEIGHT_PX;
                stackedCount += segmentLeadCount;
                // A segment is drawn shorter by the gap above it, but at least 1 px high. A segment of less than 1 px
                // keeps its height, so that no bar is higher than its count on the axis.
                const drawnSegmentHeightPx = Math.max(
                  fullSegmentHeightPx - BAR_SEGMENT_GAP_PX,
                  Math.min(fullSegmentHeightPx, 1),
                );
                return (
                  <rect
                    key={id}
                    data-color={color}
                    x={barXPx}
                    y={roundToHundredths(
                      computeYPxForLeadCount(stackedCount) + fullSegmentHeightPx - drawnSegmentHeightPx,
                    )}
                    width={roundToHundredths(barWidthPx)}
                    height={roundToHundredths(drawnSegmentHeightPx)}
                    rx="2"
                  />
                );
              })}
            </a>
            {axisLabelJsx}
          </g>
        );
      })}
    </svg>
  );
}
