// The bar chart of new leads: a bar for each day, week or month, stacked by status. The available width
// is measured, and the SVG is drawn in CSS pixels, so that its text is not scaled.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatCount } from "../ui/time";
import type { BucketUnit, ChartBucket } from "./period";

export interface StatusSeries {
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
const SEGMENT_GAP_PX = 1.5;
/** Width of a digit in the labels of the axis, which are set in tabular figures of 12 px. */
const DIGIT_WIDTH_PX = 7;
/** Minimum distance between two labels below the bars. */
const MIN_LABEL_DISTANCE_PX = 64;
/** A label stands at every n-th bar. These are the possible values of n, smallest first: whole weeks and parts of a year. */
const LABEL_STEPS: Record<BucketUnit, number[]> = {
  day: [1, 7, 14, 28],
  week: [1, 2, 4, 13, 26],
  month: [1, 2, 3, 6, 12],
};
const MAX_BAR_WIDTH_PX = 40;
/** Minimum value at the top of the axis, so that a single lead does not fill the whole height. */
const MIN_AXIS_TOP_LEADS = 4;

/** Returns the values of the grid lines: at most three multiples of 1, 2 or 5 times a power of ten. */
function computeGridLineValues(maxCount: number): number[] {
  for (let powerOfTen = 1; ; powerOfTen *= 10) {
    for (const gridStep of [powerOfTen, 2 * powerOfTen, 5 * powerOfTen]) {
      const gridLineCount = Math.floor(maxCount / gridStep);
      if (gridLineCount <= 3) return Array.from({ length: gridLineCount }, (_, index) => (index + 1) * gridStep);
    }
  }
}

/** Rounds a length to hundredths of a pixel, which keeps the markup short. */
const roundToHundredths = (length: number): number => Math.round(length * 100) / 100;

/** Returns a ref and the width of its element in whole pixels. The width is 0 before the first measurement. */
export function useElementWidth(): [ref: { current: HTMLDivElement | null }, width: number] {
  const elementRef = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!elementRef.current) return;
    const resizeObserver = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    resizeObserver.observe(elementRef.current);
    return () => resizeObserver.disconnect();
  }, []);
  return [elementRef, width];
}

export const computeAxisWidthPx = (maxCount: number): number => formatCount(maxCount).length * DIGIT_WIDTH_PX + 12;

interface BarChartProps {
  label: string;
  unit: BucketUnit;
  width: number;
  buckets: ChartBucket[];
  /** Counts of each status in the team's order. The first status is at the top of the bars. */
  series: StatusSeries[];
  buildBucketUrl: (bucket: ChartBucket) => string;
}

export function BarChart({ label, unit, width, buckets, series, buildBucketUrl }: BarChartProps): JSX.Element {
  // The chart has one Tab stop, initially the newest bar. Arrow keys move the focus between bars.
  const [focusedBarIndex, setFocusedBarIndex] = useState(-1);
  const bucketTotals = buckets.map((_, at) => series.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0));
  const maxCount = Math.max(...bucketTotals, MIN_AXIS_TOP_LEADS);
  const gridLineValues = computeGridLineValues(maxCount);
  const plotWidth = width - computeAxisWidthPx(gridLineValues.at(-1) ?? maxCount);
  const slotWidth = plotWidth / buckets.length;
  const barWidth = Math.min(MAX_BAR_WIDTH_PX, Math.max(slotWidth * 0.52, Math.min(slotWidth - 3, 8)));
  const minLabelStep = Math.ceil(MIN_LABEL_DISTANCE_PX / slotWidth);
  const labelStep = LABEL_STEPS[unit].find((step) => step >= minLabelStep) ?? minLabelStep;
  const nonEmptyBucketIndexes = bucketTotals.flatMap((total, at) => (total > 0 ? [at] : []));
  const tabStopIndex = nonEmptyBucketIndexes.includes(focusedBarIndex) ? focusedBarIndex : nonEmptyBucketIndexes.at(-1);
  const computeBarY = (count: number) => roundToHundredths(BASELINE_Y_PX - (count / maxCount) * PLOT_HEIGHT_PX);

  const handleChartKeyDown = (event: KeyboardEvent & { currentTarget: SVGSVGElement }) => {
    const focusedBarPosition = nonEmptyBucketIndexes.indexOf(tabStopIndex ?? 0);
    const targetBarPosition = {
      ArrowLeft: focusedBarPosition - 1,
      ArrowRight: focusedBarPosition + 1,
      Home: 0,
      End: nonEmptyBucketIndexes.length - 1,
    }[event.key];
    if (targetBarPosition === undefined) return;
    event.preventDefault();
    const bucketIndex =
      nonEmptyBucketIndexes[Math.max(0, Math.min(targetBarPosition, nonEmptyBucketIndexes.length - 1))] ?? 0;
    setFocusedBarIndex(bucketIndex);
    event.currentTarget.querySelector<SVGAElement>(`[data-bar="${bucketIndex}"]`)?.focus();
  };

  return (
    <svg
      class="chart"
      viewBox={`0 0 ${width} ${CHART_HEIGHT_PX}`}
      role="group"
      aria-label={label}
      onKeyDown={handleChartKeyDown}
    >
      {gridLineValues.map((count) => (
        <g key={count}>
          <line x1="0" x2={plotWidth} y1={computeBarY(count)} y2={computeBarY(count)} />
          <text x={width} y={computeBarY(count) + 4} text-anchor="end">
            {formatCount(count)}
          </text>
        </g>
      ))}
      <line x1="0" x2={plotWidth} y1={BASELINE_Y_PX + 1.5} y2={BASELINE_Y_PX + 1.5} />
      {buckets.map((bucket, at) => {
        const barX = roundToHundredths(at * slotWidth);
        const bucketTotal = bucketTotals[at] ?? 0;
        const axisLabel =
          at % labelStep === 0 && barX + MIN_LABEL_DISTANCE_PX / 2 < width ? (
            <text x={barX} y={CHART_HEIGHT_PX - 4}>
              {bucket.tick}
            </text>
          ) : null;
        if (bucketTotal === 0) return <g key={bucket.from}>{axisLabel}</g>;
        const nonEmptySeries = series.filter(({ counts }) => (counts[at] ?? 0) > 0);
        const statusCountsText = nonEmptySeries
          .map(({ name, counts }) => `${name} ${formatCount(counts[at] ?? 0)}`)
          .join(", ");
        // The accessible name equals the visible title: users of voice control say what they see.
        const accessibleName = `${bucket.name}: ${formatCount(bucketTotal)} ${bucketTotal === 1 ? "lead" : "leads"} (${statusCountsText})`;
        let stackedCount = 0;
        return (
          <g key={bucket.from}>
            <a
              href={buildBucketUrl(bucket)}
              aria-label={accessibleName}
              data-bar={at}
              // SVG attribute names are case-sensitive, so this is not `tabIndex`.
              tabindex={at === tabStopIndex ? 0 : -1}
              onFocus={() => setFocusedBarIndex(at)}
            >
              <title>{accessibleName}</title>
              <rect
                class="area"
                x={barX}
                y={BASELINE_Y_PX - PLOT_HEIGHT_PX}
                width={roundToHundredths(slotWidth)}
                height={PLOT_HEIGHT_PX}
              />
              {[...nonEmptySeries].reverse().map(({ id, color, counts }) => {
                const count = counts[at] ?? 0;
                const fullHeight = (count / maxCount) * PLOT_HEIGHT_PX;
                stackedCount += count;
                // The gap above a segment is subtracted from its height. A segment that is too low for the gap stays up to 1 px
                // high, but never exceeds its true height, so that bars match the axis.
                const segmentHeight = Math.max(fullHeight - SEGMENT_GAP_PX, Math.min(fullHeight, 1));
                return (
                  <rect
                    key={id}
                    data-color={color}
                    x={barX}
                    y={roundToHundredths(computeBarY(stackedCount) + fullHeight - segmentHeight)}
                    width={roundToHundredths(barWidth)}
                    height={roundToHundredths(segmentHeight)}
                    rx="2"
                  />
                );
              })}
            </a>
            {axisLabel}
          </g>
        );
      })}
    </svg>
  );
}
