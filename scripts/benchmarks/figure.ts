import { formatDuration } from "../../actions/core/duration.ts";

/** What the values of a series are: milliseconds if nothing else is said. */
export type Unit = "ms" | "MiB" | "requests";

/** The same measured several times for one command in one run of the benchmarks. */
export interface Series {
  /** As a person would type it, from the top of the repository. */
  readonly command: string;
  /** One of each run. */
  readonly values: readonly number[];
  readonly unit?: Unit;
  /** How often the command would have to run to do the same work; 1 if left out. The total is then the median so often. */
  readonly count?: number;
}

/** What was measured, against what, and what is asked of it. */
export interface Figure {
  readonly name: string;
  readonly measured: Series;
  readonly against?: Series;
  /** The highest ratio of `measured` to `against` that is good. */
  readonly ratioAtMost?: number;
  /** The highest total that is good, in the unit of `measured`. */
  readonly atMost?: number;
}

/** The middle one of some numbers, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new Error("nothing was measured");
  return (low + high) / 2;
}

/** The total of a series in its unit: its median, as often as the command would have to run. */
export function totalOf({ values, count = 1 }: Series): number {
  return median(values) * count;
}

/** The ratio of a figure; undefined when it is compared with nothing. */
export function ratioOf({ measured, against }: Figure): number | undefined {
  return against === undefined ? undefined : totalOf(measured) / totalOf(against);
}

/** Whether a figure is as good as it has to be; one without a target always is. */
export function isMet(figure: Figure): boolean {
  const { measured, ratioAtMost, atMost } = figure;
  const ratio = ratioOf(figure);
  if (ratioAtMost !== undefined && ratio === undefined) throw new Error(`${figure.name} is compared with nothing`);
  const near = ratioAtMost === undefined || ratio === undefined || ratio <= ratioAtMost;
  return near && (atMost === undefined || totalOf(measured) <= atMost);
}

/** A figure as lines of text: the verdict, and below it both values with their commands. */
export function renderFigure(figure: Figure): string {
  const { name, measured, against, ratioAtMost, atMost } = figure;
  const ratio = ratioOf(figure);
  const targets = [
    ...(ratioAtMost === undefined ? [] : [`at most ${showRatio(ratioAtMost)}`]),
    ...(atMost === undefined
      ? []
      : [`at most ${measured.unit === undefined ? formatDuration(atMost) : showValue(atMost, measured.unit)}`]),
  ];
  const verdict = targets.length === 0 ? "" : `  ${isMet(figure) ? "ok" : "MISSED"}: ${targets.join(", ")}`;
  const value = ratio === undefined ? showValue(totalOf(measured), measured.unit) : showRatio(ratio);
  return [
    `${name}: ${value}${verdict}`,
    `    ${renderSeries(measured)}`,
    ...(against === undefined ? [] : [`  / ${renderSeries(against)}`]),
  ].join("\n");
}

function renderSeries(series: Series): string {
  const { command, values, unit, count = 1 } = series;
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => showValue(value, unit));
  const runs = `median of ${values.length}, ${least} to ${most}`;
  const total = showValue(totalOf(series), unit);
  return count === 1 ? `${total} (${runs})  ${command}` : `${total} (${count} × ${runs})  ${command}`;
}

/** Small ratios as fractions, since targets are given so. */
function showRatio(ratio: number): string {
  return ratio < 0.5 ? `1/${(1 / ratio).toFixed(1).replace(/\.0$/, "")}` : `${ratio.toFixed(2)} ×`;
}

function showValue(value: number, unit: Unit = "ms"): string {
  return unit === "ms" ? showTime(value) : `${Math.round(value)} ${unit}`;
}

function showTime(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(2)} s`;
}
