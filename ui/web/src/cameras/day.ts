/** What a camera counted over a day, as something to choose from and to draw. Pure. */

import type { Counts, Rows } from "./protocol";

/** The whole picture, a zone, or a line. */
export type Of =
  | { readonly kind: "picture" }
  | { readonly kind: "zone"; readonly name: string }
  | { readonly kind: "line"; readonly name: string };

export const keyOf = (of: Of): string => (of.kind === "picture" ? "picture" : `${of.kind} ${of.name}`);

/** All that has counts, in the order in which they are offered. */
export function offered(counts: Counts): Of[] {
  return [
    { kind: "picture" },
    ...counts.lines.map((one): Of => ({ kind: "line", name: one.line })),
    ...counts.zones.map((one): Of => ({ kind: "zone", name: one.zone })),
  ];
}

export interface Bars {
  readonly key: string;
  readonly label: string;
  readonly sum: number;
  readonly values: readonly number[];
}

/** How many labels get a colour of their own; the rest are one. */
const MOST_LABELS = 4;

function rowsOf(counts: Counts, of: Of): { up: Rows; down: Rows; most: Rows; forbidden: Rows } {
  const none: Rows = {};
  if (of.kind === "picture") return { up: counts.seen, down: none, most: counts.most, forbidden: none };
  if (of.kind === "zone") {
    const zone = counts.zones.find((one) => one.zone === of.name);
    return { up: zone?.entered ?? none, down: none, most: zone?.most ?? none, forbidden: none };
  }
  const line = counts.lines.find((one) => one.line === of.name);
  return { up: line?.in ?? none, down: line?.out ?? none, most: none, forbidden: line?.forbidden ?? none };
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Rows added up, quarter hour by quarter hour. */
export function added(rows: Rows, quarters: number): number[] {
  const all = Object.values(rows);
  return Array.from({ length: quarters }, (_, index) => sumOf(all.map((row) => row[index] ?? 0)));
}

export interface Day {
  /** Bars that stand on one another: by label; of a line, all that went in. */
  readonly up: readonly Bars[];
  /** Bars below the line of nothing: all that went out. */
  readonly down: Bars | null;
  /** How many of those that crossed went the forbidden way. */
  readonly forbidden: number;
  /** The most at once, of everything together; null where nobody counted that. */
  readonly most: number | null;
  readonly quarters: number;
}

/** The bars of what is chosen; the labels seen most come first, the last of them stands for the rest. */
export function dayOf(counts: Counts, of: Of): Day {
  const { up, down, most, forbidden } = rowsOf(counts, of);
  const { quarters } = counts;
  const all = Math.max(0, ...(most.all ?? []));
  const rest = {
    forbidden: sumOf(added(forbidden, quarters)),
    most: most.all === undefined ? null : all,
    quarters,
  };
  if (of.kind === "line") {
    const [inwards, outwards] = [added(up, quarters), added(down, quarters)];
    return {
      ...rest,
      up: [{ key: "in", label: "in", sum: sumOf(inwards), values: inwards }],
      down: { key: "out", label: "out", sum: sumOf(outwards), values: outwards },
    };
  }
  const labels = Object.entries(up)
    .map(([label, values]): Bars => ({ key: label, label, sum: sumOf(values), values }))
    .filter((one) => one.sum > 0)
    .sort((a, b) => b.sum - a.sum || a.label.localeCompare(b.label));
  const shown = labels.slice(0, labels.length > MOST_LABELS ? MOST_LABELS - 1 : MOST_LABELS);
  const others = labels.slice(shown.length);
  if (others.length > 0) {
    const rows = Object.fromEntries(others.map((one) => [one.label, one.values]));
    const values = added(rows, quarters);
    shown.push({ key: "others", label: "others", sum: sumOf(values), values });
  }
  return { ...rest, up: shown, down: null };
}

/** The day of a date before or after: `2026-11-22`, one day on. */
export function dayAfter(day: string, by: number): string {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1, date + by)).toISOString().slice(0, 10);
}

/** Which day it is where the city is. */
export function today(at: number, timezone: string | undefined): string {
  const zone = timezone === undefined ? {} : { timeZone: timezone };
  // The Swedish form of a date is the one with the year first.
  return new Intl.DateTimeFormat("sv-SE", {
    ...zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(at);
}
