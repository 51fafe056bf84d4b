/** How the pictures are looked at: which part of the time, which kinds of alerts, which place, and what is asked of it. */

import { batch, computed, effect, signal } from "@preact/signals";
import { Refused } from "../../live/commands";
import { openedRule } from "../../view";
import type { Change, WhatIfAlert } from "../protocol";
import { draft, idOf, selectedAlert, since, until, whatIf } from "../store";
import { askWhy, type WhyAnswer } from "./ask";
import type { Span } from "./scale";

/** The whole time of the answer that is shown. */
export const whole = computed<Span>(() => {
  const shown = whatIf.value;
  return shown === null ? { from: since.value, to: until.value } : { from: shown.since, to: shown.until };
});
/** The part of it that is magnified; null for all of it. */
export const magnified = signal<Span | null>(null);
export const seen = computed<Span>(() => {
  const part = magnified.value;
  const all = whole.value;
  if (part === null || part.from < all.from - 1 || part.to > all.to + 1) return all;
  return part;
});

/** The kinds of alerts that are not shown. */
export const hidden = signal<ReadonlySet<Change>>(new Set());
/** The place on the map whose alerts the list shows; null for all. */
export const placeShown = signal<string | null>(null);

/** The alerts that the filters let through. */
export const shown = computed<readonly WhatIfAlert[]>(() =>
  (whatIf.value?.alerts ?? []).filter((alert) => !hidden.value.has(alert.change)),
);

/** Whether a limit is held by the pointer: its picture keeps its scale meanwhile. */
export const dragging = signal(false);
/** A limit that was moved, and the draft that came of it: the server has not read it yet. */
export const edited = signal<{ readonly line: string; readonly value: number; readonly of: string } | null>(
  null,
);

/** On narrow screens, which picture is seen under the time line. */
export type Tab = "histogram" | "load" | "alerts" | "why";
export const tab = signal<Tab>("histogram");

/** What "why not here?" is asked of. */
export interface WhyWhere {
  readonly key: string | null;
  readonly at: readonly [number, number] | null;
  /** How the place is called, where it has a name. */
  readonly name: string | null;
}
export const whyOpen = signal(false);
export const whyWhere = signal<WhyWhere | null>(null);
/** The time in question, epoch milliseconds; null until somebody chooses one. */
export const whyAt = signal<number | null>(null);
export const whyAnswer = signal<WhyAnswer | null>(null);
export const whyAsking = signal(false);
/** Why there is no answer; empty where the server could not be reached. */
export const whyTrouble = signal<string | null>(null);

/** Ask why an alert is raised, or no longer is. */
export function whyOf(alert: WhatIfAlert): void {
  const at = alert.lat === null || alert.lon === null ? null : ([alert.lon, alert.lat] as const);
  whyHere({ key: alert.key, at, name: alert.name }, alert.raised_at);
}

/** Ask of a place, at a time, or at the time that was chosen last. */
export function whyHere(where: WhyWhere, at?: number): void {
  batch(() => {
    whyOpen.value = true;
    tab.value = "why";
    whyWhere.value = where;
    if (at !== undefined) whyAt.value = at;
    else whyAt.value ??= whole.peek().to;
  });
}

export function closeWhy(): void {
  batch(() => {
    whyOpen.value = false;
    whyWhere.value = null;
    whyAnswer.value = null;
    whyTrouble.value = null;
    if (tab.peek() === "why") tab.value = "alerts";
  });
}

export function toggleChange(change: Change): void {
  const next = new Set(hidden.peek());
  if (!next.delete(change)) next.add(change);
  hidden.value = next;
}

/** Select an alert, and look where it lies. */
export function select(alert: WhatIfAlert | null): void {
  selectedAlert.value = alert === null ? null : idOf(alert);
  if (alert === null) return;
  const view = seen.peek();
  if (alert.raised_at >= view.from && alert.raised_at <= view.to) return;
  const half = (view.to - view.from) / 2;
  const all = whole.peek();
  const from = Math.min(Math.max(alert.raised_at - half, all.from), all.to - 2 * half);
  magnified.value = { from, to: from + 2 * half };
}

/** Look at another rule from the beginning; returns what ends it. */
export function followRule(): () => void {
  let before = openedRule.peek();
  return effect(() => {
    if (openedRule.value === before) return;
    before = openedRule.value;
    batch(() => {
      closeWhy();
      whyAt.value = null;
      magnified.value = null;
      placeShown.value = null;
      edited.value = null;
      tab.value = "histogram";
    });
  });
}

/** How long a question must rest before it is asked, milliseconds: the time may be dragged. */
const REST = 120;

/** Ask anew whenever the rule, the place or the time in question changes; returns what ends it. */
export function followWhy(): () => void {
  return effect(() => {
    const where = whyWhere.value;
    const at = whyAt.value;
    const text = draft.value;
    if (!whyOpen.value || where === null || at === null || text === "") return;
    const gone = new AbortController();
    const timer = setTimeout(async () => {
      whyAsking.value = true;
      try {
        const answer = await askWhy({ text, key: where.key, place: where.at, at }, gone.signal);
        if (gone.signal.aborted) return;
        batch(() => {
          whyAnswer.value = answer;
          whyTrouble.value = null;
        });
      } catch (error) {
        if (gone.signal.aborted) return;
        if (!(error instanceof Refused)) throw error;
        whyTrouble.value = error.message;
      } finally {
        if (!gone.signal.aborted) whyAsking.value = false;
      }
    }, REST);
    return () => {
      clearTimeout(timer);
      gone.abort();
      whyAsking.value = false;
    };
  });
}
