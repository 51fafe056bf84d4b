/** Alerts laid out on lanes by what becomes of them, and counted where they lie too close to be told apart. */

import type { Change, WhatIfAlert } from "../protocol";
import type { Span } from "./scale";

/** In the order of the lanes, from above: what is new first, what nothing happens to last. */
export const CHANGES = ["added", "gone", "moved", "same"] as const satisfies readonly Change[];

/** A sign for each, so that colour is never the only one. */
export const SIGNS: Readonly<Record<Change, string>> = { added: "+", gone: "−", moved: "↔", same: "=" };

/** As many alerts of one lane, in sight at once, are drawn one by one; more are counted. */
export const APART = 160;

export interface Mark {
  readonly alert: WhatIfAlert;
  /** Pixels from the left edge. */
  readonly x: number;
  readonly width: number;
  /** Where it was before, for one that moved. */
  readonly was: { readonly x: number; readonly width: number } | null;
}

export interface Lane {
  readonly change: Change;
  /** How many begin within the view. */
  readonly count: number;
  /** One by one, where they are few. */
  readonly marks: readonly Mark[];
  /** How many begin within each of `BIN` pixels, where they are many. */
  readonly bins: readonly number[] | null;
}

/** Width of a bar where alerts are counted, pixels. */
export const BIN = 4;
/** An alert is at least so wide, pixels. */
const NARROWEST = 3;

/** Lay alerts out over a width in pixels. */
export function lanes(alerts: readonly WhatIfAlert[], view: Span, width: number): Lane[] {
  const scale = width / Math.max(1, view.to - view.from);
  const place = (span: { raised_at: number; cleared_at: number | null }) => {
    const x = (span.raised_at - view.from) * scale;
    const end = ((span.cleared_at ?? view.to) - view.from) * scale;
    return { x, width: Math.max(NARROWEST, end - x) };
  };
  return CHANGES.map((change) => {
    const seen = alerts.filter((alert) => alert.change === change && meets(alert, view));
    if (seen.length <= APART) {
      const marks = seen.map((alert) => ({
        alert,
        ...place(alert),
        was: alert.was === null ? null : place(alert.was),
      }));
      return { change, count: seen.length, marks, bins: null };
    }
    const bins = new Array<number>(Math.max(1, Math.ceil(width / BIN))).fill(0);
    for (const alert of seen) {
      const bin = Math.min(
        bins.length - 1,
        Math.max(0, Math.floor(((alert.raised_at - view.from) * scale) / BIN)),
      );
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    return { change, count: seen.length, marks: [], bins };
  });
}

function meets(alert: WhatIfAlert, view: Span): boolean {
  const from = Math.min(alert.raised_at, alert.was?.raised_at ?? alert.raised_at);
  const to = Math.max(alert.cleared_at ?? view.to, alert.was?.cleared_at ?? 0);
  return from <= view.to && to >= view.from;
}

/** The mark under the pointer: within reach, and of several the one whose beginning is nearest. */
export function markAt(lane: Lane, x: number, reach: number): Mark | null {
  let nearest: Mark | null = null;
  let distance = Number.POSITIVE_INFINITY;
  for (const mark of lane.marks) {
    const beside = x < mark.x ? mark.x - x : x > mark.x + mark.width ? x - mark.x - mark.width : 0;
    if (beside > reach) continue;
    const away = beside + Math.abs(x - mark.x) / 1_000;
    if (away < distance) {
      nearest = mark;
      distance = away;
    }
  }
  return nearest;
}

/** Fold counts together so that no more than `most` are left. */
export function folded(
  counts: readonly number[],
  most: number,
): { readonly counts: number[]; readonly of: number } {
  const of = Math.max(1, Math.ceil(counts.length / Math.max(1, most)));
  const sums: number[] = [];
  counts.forEach((count, index) => {
    const bin = Math.floor(index / of);
    sums[bin] = (sums[bin] ?? 0) + count;
  });
  return { counts: sums, of };
}

/** Alerts of one place on the map. */
export interface PlaceOfAlerts {
  readonly id: string;
  readonly name: string;
  readonly at: readonly [number, number];
  readonly counts: Readonly<Record<Change, number>>;
  /** What its mark shows: what is new before what is gone, and what stays last. */
  readonly most: Change;
}

/** Put alerts of the same place together; those without a place are left out. */
export function places(alerts: readonly WhatIfAlert[]): PlaceOfAlerts[] {
  const found = new Map<string, { name: string; at: [number, number]; counts: Record<Change, number> }>();
  for (const alert of alerts) {
    if (alert.lat === null || alert.lon === null) continue;
    const id = alert.asset ?? `${alert.lat.toFixed(5)},${alert.lon.toFixed(5)}`;
    const known = found.get(id) ?? {
      name: alert.name ?? alert.key,
      at: [alert.lon, alert.lat] as [number, number],
      counts: { same: 0, added: 0, gone: 0, moved: 0 },
    };
    known.counts[alert.change] += 1;
    found.set(id, known);
  }
  return [...found].map(([id, { name, at, counts }]) => ({
    id,
    name,
    at,
    counts,
    most: CHANGES.find((change) => counts[change] > 0) ?? "same",
  }));
}

/** How many there are: `+3 −1` where some are new and some gone, else the number alone, for the sign says of what. */
export function tally(counts: Readonly<Record<Change, number>>): string {
  const { added, gone, moved, same } = counts;
  if (added > 0 && gone > 0) return `${SIGNS.added}${added} ${SIGNS.gone}${gone}`;
  const only = added || gone || moved || same;
  return only > 1 ? String(only) : "";
}
