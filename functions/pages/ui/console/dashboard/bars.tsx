// The bar chart of new leads: a bar for each day, week or month, stacked by status. Its size is in pixels of the available
// width.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatCount } from "../ui/time";
import type { Bucket, Unit } from "./period";

export interface Series {
  id: number;
  name: string;
  color: string | undefined;
  /** Number of leads in each bucket. */
  counts: number[];
}

const CHART_HEIGHT_PX = 208;
/** Baseline of the bars, from the top, and height of the highest bar. */
const BASELINE_PX = 183;
const PLOT_HEIGHT_PX = 172;
/** Space between two segments of a bar. */
const SEGMENT_GAP_PX = 1.5;
/** Width of a digit in the labels of the axis, which are set in tabular figures of 12 px. */
const DIGIT_PX = 7;
/** Minimum distance between two labels below the bars. */
const MIN_LABEL_DISTANCE_PX = 64;
/** A label stands at every n-th bar. These are the possible values of n, smallest first: whole weeks and parts of a year. */
const LABEL_STEPS: Record<Unit, number[]> = { day: [1, 7, 14, 28], week: [1, 2, 4, 13, 26], month: [1, 2, 3, 6, 12] };
const MAX_BAR_PX = 40;
/** Minimum value at the top of the axis, so that a single lead does not fill the whole height. */
const MIN_AXIS_COUNT = 4;

/** Returns the values of the grid lines: at most three multiples of 1, 2 or 5 times a power of ten. */
function computeGridLines(maxCount: number): number[] {
  for (let powerOfTen = 1; ; powerOfTen *= 10) {
    for (const gridStep of [powerOfTen, 2 * powerOfTen, 5 * powerOfTen]) {
      const count = Math.floor(maxCount / gridStep);
      if (count <= 3) return Array.from({ length: count }, (_, index) => (index + 1) * gridStep);
    }
  }
}

/** Rounds a length to hundredths of a pixel, which keeps the markup short. */
const roundPx = (length: number): number => Math.round(length * 100) / 100;

/** Returns a ref and the width of its element in whole pixels. The width is 0 before the first measurement. */
export function useWidth(): [ref: { current: HTMLDivElement | null }, width: number] {
  const elementRef = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!elementRef.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(elementRef.current);
    return () => observer.disconnect();
  }, []);
  return [elementRef, width];
}

export const computeAxisWidth = (maxCount: number): number => formatCount(maxCount).length * DIGIT_PX + 12;

interface Props {
  label: string;
  unit: Unit;
  width: number;
  buckets: Bucket[];
  /** Counts of each status in the team's order. The first status is at the top of the bars. */
  series: Series[];
  bucketUrl: (bucket: Bucket) => string;
}

export function BarChart({ label, unit, width, buckets, series, bucketUrl }: Props): JSX.Element {
  // The chart has one Tab stop, initially the newest bar. Arrow keys move the focus between bars.
  const [current, setCurrent] = useState(-1);
  const totals = buckets.map((_, at) => series.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0));
  const maxCount = Math.max(...totals, MIN_AXIS_COUNT);
  const gridLines = computeGridLines(maxCount);
  const plotWidth = width - computeAxisWidth(gridLines.at(-1) ?? maxCount);
  const slotWidth = plotWidth / buckets.length;
  const barWidth = Math.min(MAX_BAR_PX, Math.max(slotWidth * 0.52, Math.min(slotWidth - 3, 8)));
  const minLabelStep = Math.ceil(MIN_LABEL_DISTANCE_PX / slotWidth);
  const labelStep = LABEL_STEPS[unit].find((step) => step >= minLabelStep) ?? minLabelStep;
  const nonEmptyIndexes = totals.flatMap((total, at) => (total > 0 ? [at] : []));
  const tabStopIndex = nonEmptyIndexes.includes(current) ? current : nonEmptyIndexes.at(-1);
  const computeY = (count: number) => roundPx(BASELINE_PX - (count / maxCount) * PLOT_HEIGHT_PX);

  const onKeyDown = (event: KeyboardEvent & { currentTarget: SVGSVGElement }) => {
    const drawnPosition = nonEmptyIndexes.indexOf(tabStopIndex ?? 0);
    const targetPosition = {
      ArrowLeft: drawnPosition - 1,
      ArrowRight: drawnPosition + 1,
      Home: 0,
      End: nonEmptyIndexes.length - 1,
    }[event.key];
    if (targetPosition === undefined) return;
    event.preventDefault();
    const bucketIndex = nonEmptyIndexes[Math.max(0, Math.min(targetPosition, nonEmptyIndexes.length - 1))] ?? 0;
    setCurrent(bucketIndex);
    event.currentTarget.querySelector<SVGAElement>(`[data-bar="${bucketIndex}"]`)?.focus();
  };

  return (
    <svg
      class="chart"
      viewBox={`0 0 ${width} ${CHART_HEIGHT_PX}`}
      role="group"
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      {gridLines.map((count) => (
        <g key={count}>
          <line x1="0" x2={plotWidth} y1={computeY(count)} y2={computeY(count)} />
          <text x={width} y={computeY(count) + 4} text-anchor="end">
            {formatCount(count)}
          </text>
        </g>
      ))}
      <line x1="0" x2={plotWidth} y1={BASELINE_PX + 1.5} y2={BASELINE_PX + 1.5} />
      {buckets.map((bucket, at) => {
        const barX = roundPx(at * slotWidth);
        const total = totals[at] ?? 0;
        const axisLabel =
          at % labelStep === 0 && barX + MIN_LABEL_DISTANCE_PX / 2 < width ? (
            <text x={barX} y={CHART_HEIGHT_PX - 4}>
              {bucket.tick}
            </text>
          ) : null;
        if (total === 0) return <g key={bucket.from}>{axisLabel}</g>;
        const segments = series.filter(({ counts }) => (counts[at] ?? 0) > 0);
        const statusSummary = segments.map(({ name, counts }) => `${name} ${formatCount(counts[at] ?? 0)}`).join(", ");
        // The accessible name equals the visible title: users of voice control say what they see.
        const accessibleName = `${bucket.name}: ${formatCount(total)} ${total === 1 ? "lead" : "leads"} (${statusSummary})`;
        let stackedCount = 0;
        return (
          <g key={bucket.from}>
            <a
              href={bucketUrl(bucket)}
              aria-label={accessibleName}
              data-bar={at}
              // SVG attribute names are case-sensitive, so this is not `tabIndex`.
              tabindex={at === tabStopIndex ? 0 : -1}
              onFocus={() => setCurrent(at)}
            >
              <title>{accessibleName}</title>
              <rect
                class="area"
                x={barX}
                y={BASELINE_PX - PLOT_HEIGHT_PX}
                width={roundPx(slotWidth)}
                height={PLOT_HEIGHT_PX}
              />
              {[...segments].reverse().map(({ id, color, counts }) => {
                const count = counts[at] ?? 0;
                const fullHeight = (count / maxCount) * PLOT_HEIGHT_PX;
                stackedCount += count;
                // A segment too low for the gap is up to 1 px high, but never higher than its count, so that bars match the
                // axis.
                const segmentHeight = Math.max(fullHeight - SEGMENT_GAP_PX, Math.min(fullHeight, 1));
                return (
                  <rect
                    key={id}
                    data-color={color}
                    x={barX}
                    y={roundPx(computeY(stackedCount) + fullHeight - segmentHeight)}
                    width={roundPx(barWidth)}
                    height={roundPx(segmentHeight)}
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
