// Lines over time, drawn by uPlot in the page's own colours.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

export interface Series {
  label: string;
  values: number[];
  /** To compare with, not to read by itself. */
  faint?: boolean;
}

const HEIGHT = 280;

/** Seconds since the epoch, and what was counted then. Days are UTC. */
export function Plot({ times, series }: { times: number[]; series: Series[] }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      const style = getComputedStyle(element);
      const color = (name: string) => style.getPropertyValue(name).trim();
      const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
      const lines = series.map(({ label, faint }, index) => ({
        label,
        stroke: faint ? color("--quiet") : color(`--series-${(index % 6) + 1}`),
        width: 2,
        points: { show: times.length < 40 && !faint },
        ...(faint ? { dash: [4, 4] } : {}),
      }));
      const options: uPlot.Options = {
        width: element.clientWidth,
        height: HEIGHT,
        tzDate: (time) => uPlot.tzDate(new Date(time * 1000), "Etc/UTC"),
        axes: [axis, { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000, 100_000] }],
        scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, 4)] } },
        series: [{ value: "{YYYY}-{MM}-{DD}" }, ...lines],
      };
      plot = new uPlot(options, [times, ...series.map(({ values }) => values)], element);
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
  }, [JSON.stringify([times, series])]);
  return <div class="plot" ref={place} role="img" aria-label={`A plot of ${series.map(({ label }) => label).join(", ")}`} />;
}
