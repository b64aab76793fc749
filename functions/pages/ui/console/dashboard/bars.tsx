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

const HEIGHT = 208;
/** Baseline of the bars, from the top, and height of the highest bar. */
const FLOOR = 183;
const PLOT_HEIGHT = 172;
/** Space between two segments of a bar. */
const GAP = 1.5;
/** Width of a digit in the labels of the axis, which are set in tabular figures of 12 px. */
const DIGIT_PX = 7;
/** Minimum distance between two labels below the bars. */
const TICK_PX = 64;
/** Possible numbers of bars between two labels: whole weeks and parts of a year where they fit. */
const TICK_STEPS: Record<Unit, number[]> = { day: [1, 7, 14, 28], week: [1, 2, 4, 13, 26], month: [1, 2, 3, 6, 12] };
const MAX_BAR_PX = 40;
/** Minimum value at the top of the axis, so that a single lead does not fill the whole height. */
const MIN_SCALE = 4;

/** Returns the values of the grid lines: at most three multiples of 1, 2 or 5 times a power of ten. */
function gridLines(max: number): number[] {
  for (let power = 1; ; power *= 10) {
    for (const step of [power, 2 * power, 5 * power]) {
      const count = Math.floor(max / step);
      if (count <= 3) return Array.from({ length: count }, (_, index) => (index + 1) * step);
    }
  }
}

/** Rounds a length to hundredths of a pixel, which keeps the markup short. */
const px = (length: number): number => Math.round(length * 100) / 100;

/** Returns a ref and the width of its element in whole pixels. The width is 0 before the first measurement. */
export function useWidth(): [ref: { current: HTMLDivElement | null }, width: number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

export const axisWidth = (max: number): number => formatCount(max).length * DIGIT_PX + 12;

interface Props {
  label: string;
  unit: Unit;
  width: number;
  buckets: Bucket[];
  /** Counts of each status in the team's order. The first status is at the top of the bars. */
  series: Series[];
  href: (bucket: Bucket) => string;
}

export function Bars({ label, unit, width, buckets, series, href }: Props): JSX.Element {
  // The chart has one Tab stop, initially the newest bar. Arrow keys move the focus between bars.
  const [current, setCurrent] = useState(-1);
  const totals = buckets.map((_, at) => series.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0));
  const max = Math.max(...totals, MIN_SCALE);
  const lines = gridLines(max);
  const plotWidth = width - axisWidth(lines.at(-1) ?? max);
  const slot = plotWidth / buckets.length;
  const bar = Math.min(MAX_BAR_PX, Math.max(slot * 0.52, Math.min(slot - 3, 8)));
  const least = Math.ceil(TICK_PX / slot);
  const tickEvery = TICK_STEPS[unit].find((step) => step >= least) ?? least;
  const drawn = totals.flatMap((total, at) => (total > 0 ? [at] : []));
  const stop = drawn.includes(current) ? current : drawn.at(-1);
  const y = (count: number) => px(FLOOR - (count / max) * PLOT_HEIGHT);

  const onKeyDown = (event: KeyboardEvent & { currentTarget: SVGSVGElement }) => {
    const place = drawn.indexOf(stop ?? 0);
    const next = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: drawn.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const at = drawn[Math.max(0, Math.min(next, drawn.length - 1))] ?? 0;
    setCurrent(at);
    event.currentTarget.querySelector<SVGAElement>(`[data-bar="${at}"]`)?.focus();
  };

  return (
    <svg class="chart" viewBox={`0 0 ${width} ${HEIGHT}`} role="group" aria-label={label} onKeyDown={onKeyDown}>
      {lines.map((count) => (
        <g key={count}>
          <line x1="0" x2={plotWidth} y1={y(count)} y2={y(count)} />
          <text x={width} y={y(count) + 4} text-anchor="end">
            {formatCount(count)}
          </text>
        </g>
      ))}
      <line x1="0" x2={plotWidth} y1={FLOOR + 1.5} y2={FLOOR + 1.5} />
      {buckets.map((bucket, at) => {
        const x = px(at * slot);
        const total = totals[at] ?? 0;
        const tick =
          at % tickEvery === 0 && x + TICK_PX / 2 < width ? (
            <text x={x} y={HEIGHT - 4}>
              {bucket.tick}
            </text>
          ) : null;
        if (total === 0) return <g key={bucket.from}>{tick}</g>;
        const parts = series.filter(({ counts }) => (counts[at] ?? 0) > 0);
        const byStatus = parts.map(({ name, counts }) => `${name} ${formatCount(counts[at] ?? 0)}`).join(", ");
        // The accessible name equals the visible title: users of voice control say what they see.
        const name = `${bucket.name}: ${formatCount(total)} ${total === 1 ? "lead" : "leads"} (${byStatus})`;
        let below = 0;
        return (
          <g key={bucket.from}>
            <a
              href={href(bucket)}
              aria-label={name}
              data-bar={at}
              // SVG attribute names are case-sensitive, so this is not `tabIndex`.
              tabindex={at === stop ? 0 : -1}
              onFocus={() => setCurrent(at)}
            >
              <title>{name}</title>
              <rect class="area" x={x} y={FLOOR - PLOT_HEIGHT} width={px(slot)} height={PLOT_HEIGHT} />
              {[...parts].reverse().map(({ id, color, counts }) => {
                const count = counts[at] ?? 0;
                const full = (count / max) * PLOT_HEIGHT;
                below += count;
                // A segment too low for the gap is up to 1 px high, but never higher than its count, so that bars match the
                // axis.
                const height = Math.max(full - GAP, Math.min(full, 1));
                return (
                  <rect
                    key={id}
                    data-color={color}
                    x={x}
                    y={px(y(below) + full - height)}
                    width={px(bar)}
                    height={px(height)}
                    rx="2"
                  />
                );
              })}
            </a>
            {tick}
          </g>
        );
      })}
    </svg>
  );
}
