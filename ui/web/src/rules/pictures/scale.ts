/** Measures of the pictures: which instants and numbers deserve a mark, and how long a bar is. No screen needed. */

import type { Language } from "../../i18n";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A part of the past, epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The smallest part that can be looked at: below it every alert is a line of its own anyway. */
export const CLOSEST = 10 * MINUTE;

/** Magnify around an instant, by a factor below 1, or take a wider look; always within `whole`. */
export function zoomed(view: Span, whole: Span, around: number, factor: number): Span {
  const longest = whole.to - whole.from;
  const length = Math.min(longest, Math.max(Math.min(CLOSEST, longest), (view.to - view.from) * factor));
  const share = (around - view.from) / Math.max(1, view.to - view.from);
  return kept(whole, around - share * length, length);
}

/** Look further along, by milliseconds; always within `whole`. */
export function shifted(view: Span, whole: Span, by: number): Span {
  return kept(whole, view.from + by, view.to - view.from);
}

function kept(whole: Span, from: number, length: number): Span {
  const begin = Math.min(Math.max(from, whole.from), whole.to - length);
  return { from: begin, to: begin + length };
}

const LOCALE = { vi: "vi-VN", en: "en-GB" } as const;
const STEPS = [
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  5 * DAY,
  10 * DAY,
  30 * DAY,
];

/** How far the clocks of a zone are ahead of UTC at an instant, milliseconds. */
export function zoneOffset(at: number, timezone: string | undefined): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    ...(timezone === undefined ? {} : { timeZone: timezone }),
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(at / 1000) * 1000;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Whether a day begins here. */
  readonly day: boolean;
}

/** Instants on round local times, at most `most` of them: hours as `06:00`, days as `14/11`. */
export function timeTicks(
  view: Span,
  most: number,
  language: Language,
  timezone: string | undefined,
): Tick[] {
  const length = view.to - view.from;
  const step = STEPS.find((one) => length / one <= Math.max(1, most)) ?? 30 * DAY;
  const offset = zoneOffset(view.from, timezone);
  const zone = timezone === undefined ? {} : { timeZone: timezone };
  const ticks: Tick[] = [];
  for (let local = Math.ceil((view.from + offset) / step) * step; local - offset <= view.to; local += step) {
    const at = local - offset;
    const day = local % DAY === 0;
    const form = day
      ? ({ day: "2-digit", month: "2-digit" } as const)
      : ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const);
    ticks.push({
      at,
      day,
      label: new Intl.DateTimeFormat(LOCALE[language], { ...zone, ...form }).format(at),
    });
  }
  return ticks;
}

/** The date and the time to the minute, as a person would say them: `14/11 06:05`. */
export function minuteOf(at: number, language: Language, timezone: string | undefined): string {
  const zone = timezone === undefined ? {} : { timeZone: timezone };
  const day = new Intl.DateTimeFormat(LOCALE[language], { ...zone, day: "2-digit", month: "2-digit" });
  const time = new Intl.DateTimeFormat(LOCALE[language], {
    ...zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return `${day.format(at)} ${time.format(at)}`;
}

/** A round number near a fraction of a range: 1, 2 or 5 times a power of ten. */
export function roundStep(range: number, parts: number): number {
  if (!(range > 0)) return 1;
  const rough = range / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  const times = [1, 2, 5, 10].find((one) => one * power >= rough) ?? 10;
  return Number((times * power).toPrecision(1));
}

/** A value laid on a multiple of a step, without the dust of binary fractions. */
export function onStep(value: number, step: number): number {
  const digits = Math.max(0, -Math.floor(Math.log10(step)) + 1);
  return Number((Math.round(value / step) * step).toFixed(Math.min(12, digits)));
}

/** Round numbers within a range, at most about `most`. */
export function numberTicks(low: number, high: number, most: number): number[] {
  const step = roundStep(high - low, Math.max(1, most));
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step)
    ticks.push(onStep(tick, step));
  return ticks;
}

/** Counts that differ more than this are drawn by their logarithm. */
const WIDE = 60;

/** Whether counts differ so widely that the small ones would not be seen. */
export function differsWidely(counts: readonly number[]): boolean {
  const some = counts.filter((count) => count > 0);
  return some.length > 1 && Math.max(...some) / Math.min(...some) > WIDE;
}

/** The height of a count's bar, 0 to 1; one that is there at all is seen. */
export function barHeight(count: number, most: number, logarithmic: boolean): number {
  if (count <= 0 || most <= 0) return 0;
  return logarithmic ? Math.log1p(count) / Math.log1p(most) : count / most;
}

/** Where a value stands among ascending edges, 0 to 1; outside them at the end. */
export function placeOf(value: number, edges: readonly number[]): number {
  const low = edges[0] ?? 0;
  const high = edges.at(-1) ?? 1;
  return high === low ? 0.5 : Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** How many of the readings an operator and a limit let through, 0 to 1; a bin that is cut counts in part. */
export function shareThatFits(
  edges: readonly number[],
  counts: readonly number[],
  operator: string | null,
  limit: number,
): number {
  let all = 0;
  let above = 0;
  counts.forEach((count, index) => {
    const low = edges[index] ?? 0;
    const high = edges[index + 1] ?? low;
    all += count;
    above +=
      limit <= low ? count : limit >= high ? 0 : (count * (high - limit)) / Math.max(1e-12, high - low);
  });
  if (all === 0) return 0;
  return operator?.startsWith("<") ? 1 - above / all : above / all;
}
