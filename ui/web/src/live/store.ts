/** What the page knows of the city now, as signals that views follow. */

import { batch, computed, signal } from "@preact/signals";
import { judge, type Liveness, reported } from "./liveness";
import type { Asset, City, Health, Incident, Message, Quantities } from "./protocol";
import { isOpen, isWaiting, takeAssets, takeIncidents, takeOne } from "./reduce";
import { Trend } from "./trend";

export const incidents = signal<ReadonlyMap<string, Incident>>(new Map());
export const health = signal<Health | null>(null);
export const city = signal<City | null>(null);
export const quantities = signal<Quantities>({});

/** The server's clock, epoch milliseconds, moving on once a second. */
export const now = signal(Date.now());
export const liveness = signal<Liveness>({ state: "connecting" });
/** Whether a snapshot has come: before it an empty list means nothing. */
export const known = signal(false);

/** Assets by id. Not a signal: there are thousands and they change all the time; see `onAssets`. */
export const assets = new Map<string, Asset>();
/** Grows when assets come or go, not when they merely speak. */
export const assetCount = signal(0);

export const eventsPerSecond = new Trend(3_600_000);
export const lateness = new Trend(3_600_000);
/** Grows with every sample of the two trends. */
export const sampled = signal(0);

export const open = computed(() => [...incidents.value.values()].filter(isOpen));
export const waiting = computed(() => open.value.filter(isWaiting).length);

export interface AssetChange {
  readonly all: boolean;
  readonly changed: readonly Asset[];
}
type AssetListener = (change: AssetChange) => void;
type ArrivalListener = (ids: readonly string[]) => void;
const assetListeners = new Set<AssetListener>();
const arrivalListeners = new Set<ArrivalListener>();

/** Call the listener with every change of assets, until the returned function is called. */
export function onAssets(listener: AssetListener): () => void {
  assetListeners.add(listener);
  return () => assetListeners.delete(listener);
}

/** Call the listener with the incidents that a delta brought and nobody knew. */
export function onArrival(listener: ArrivalListener): () => void {
  arrivalListeners.add(listener);
  return () => arrivalListeners.delete(listener);
}

const openedAt = Date.now();
let heardAt: number | null = null;
let offset = 0;
let recentLate: { at: number; late: number }[] = [];

/** Take a message of the feed. */
export function take(message: Message): void {
  const here = Date.now();
  heardAt = here;
  offset = message.now - here;
  if (message.clock !== null) {
    // The clock ticks once a second, so one message alone says little: the least of the last seconds does.
    recentLate = recentLate.filter((sample) => here - sample.at < 2_500);
    recentLate.push({ at: here, late: Math.max(0, message.now - message.clock) });
  }
  const step = takeIncidents(incidents.peek(), message);
  takeAssets(assets, message);
  batch(() => {
    if (message.type === "snapshot" || message.incidents.length > 0) {
      // Before the new picture is drawn, so that the list can decide who has to wait.
      if (step.arrived.length > 0) for (const listener of arrivalListeners) listener(step.arrived);
      incidents.value = step.incidents;
    }
    if (message.health !== null) health.value = message.health;
    if (assetCount.peek() !== assets.size) assetCount.value = assets.size;
    known.value = true;
  });
  if (message.type === "snapshot" || message.assets.length > 0) {
    const change = { all: message.type === "snapshot", changed: step.changedAssets };
    for (const listener of assetListeners) listener(change);
  }
  look();
}

/** Take an incident that came as the answer to a command. */
export function takeAnswer(incident: Incident): void {
  incidents.value = takeOne(incidents.peek(), incident);
}

/** Look at the clock and at the feed; to be called once a second and after each message. */
export function look(): void {
  const here = Date.now();
  const late = recentLate.length === 0 ? null : Math.min(...recentLate.map((sample) => sample.late));
  const next = judge({
    openedAt,
    heardAt,
    now: here,
    late,
    blind: health.peek()?.blind ?? null,
  });
  if (JSON.stringify(next) !== JSON.stringify(liveness.peek()) && steady(next)) liveness.value = next;
}

/** Move the page's clock on and take a sample of the line; to be called once a second. */
export function tick(): void {
  const slept = Date.now() - tickedAt > SLEPT_AFTER;
  tickedAt = Date.now();
  // A page that was asleep has messages waiting to be read: the feed is judged by the next tick.
  if (!slept) look();
  const here = Date.now() + offset;
  const state = liveness.peek();
  const alive = state.state !== "lost" && state.state !== "connecting";
  eventsPerSecond.add(here, alive ? (reported(health.peek(), "ingest", "events_per_s") ?? null) : null);
  lateness.add(here, alive && "late" in state && state.late !== null ? state.late / 1000 : null);
  batch(() => {
    now.value = here;
    sampled.value += 1;
  });
}

/** A tick that comes this late says that the page itself stood still, milliseconds. */
const SLEPT_AFTER = 2_500;
let tickedAt = Date.now();
let shownAt = 0;

/** A figure that changes with every message is unreadable: only another state shows at once. */
function steady(next: Liveness): boolean {
  const here = Date.now();
  if (next.state === liveness.peek().state && here - shownAt < 950) return false;
  shownAt = here;
  return true;
}
