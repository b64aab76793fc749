// What was counted over time, drawn by uPlot in the page's own colours.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

export interface Series {
  label: string;
  values: number[];
}

const HEIGHT = 280;
const DAY = 24 * 60 * 60;

interface Props {
  /** Seconds since the epoch. Days are UTC. */
  times: number[];
  /** What was counted then, stacked. */
  series: Series[];
  /** To compare the sum with. */
  before: Series;
}

/** A property of the page's style as the canvas takes colours. */
function colors(element: HTMLElement): (property: string) => string {
  const probe = element.appendChild(document.createElement("span"));
  return (property) => {
    probe.style.color = `var(${property})`;
    return getComputedStyle(probe).color;
  };
}

export function Plot({ times, series, before }: Props): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      element.replaceChildren();
      const color = colors(element);
      const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
      // The highest is drawn first, and each of the others over what is below it.
      const stacked: number[][] = [];
      for (const { values } of series) stacked.push(values.map((value, at) => value + (stacked.at(-1)?.[at] ?? 0)));
      const paths = uPlot.paths.bars?.({ size: [0.7, 60] });
      const bars: uPlot.Series[] = series.map(({ label, values }, index) => ({
        label,
        fill: color(`--series-${(index % 6) + 1}`),
        width: 0,
        points: { show: false },
        ...(paths ? { paths } : {}),
        value: (_, __, ___, at) => (at === null ? "–" : String(values[at] ?? 0)),
      }));
      const line = { label: before.label, stroke: color("--ink"), width: 1.5, dash: [5, 4], points: { show: false } };
      const half = ((times[1] ?? 0) - (times[0] ?? 0)) / 2 || DAY / 2;
      const options: uPlot.Options = {
        width: element.clientWidth,
        height: HEIGHT,
        tzDate: (time) => uPlot.tzDate(new Date(time * 1000), "Etc/UTC"),
        axes: [axis, { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000, 100_000] }],
        scales: {
          x: { range: (_, first, last) => [first - half, last + half] },
          y: { range: (_, __, most) => [0, Math.max(most * 1.1, 4)] },
        },
        cursor: { drag: { x: false, y: false } },
        series: [{ label: "From", value: "{YYYY}-{MM}-{DD}" }, ...bars.reverse(), line],
      };
      plot = new uPlot(options, [times, ...stacked.reverse(), before.values], element);
    };
    draw();
    const size = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    size.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      size.disconnect();
      dark.removeEventListener("change", draw);
      plot?.destroy();
    };
  }, [JSON.stringify([times, series, before])]);
  return (
    <div class="plot" ref={place} role="img" aria-label={`A plot of ${series.map(({ label }) => label).join(", ")}`} />
  );
}
