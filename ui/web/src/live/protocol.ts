/** What the server says, as types: the words of the feed and of the HTTP API. Times are epoch milliseconds. */

export const SEVERITIES = ["critical", "major", "minor", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const KINDS = ["camera", "wifi", "sensor", "network", "security", "citizen"] as const;
export type Kind = (typeof KINDS)[number];

export type Condition = "active" | "cleared";
export type WorkState = "new" | "acknowledged" | "in_progress" | "resolved" | "closed";
export type AssetStatus = "online" | "offline" | "unknown";
export type Value = number | boolean | string;
export type Words = { readonly vi: string; readonly en: string };

/** An incident without its evidence, as lists and the feed carry it. */
export interface Incident {
  readonly id: string;
  readonly rule: string;
  readonly key: string;
  readonly kind: string | null;
  readonly title: Partial<Words>;
  readonly severity: Severity;
  readonly condition: Condition;
  readonly work_state: WorkState;
  readonly raised_at: number;
  readonly cleared_at: number | null;
  readonly updated_at: number;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly area: string | null;
  readonly place: string | null;
  readonly assets: readonly string[];
  readonly assignee: string | null;
  readonly simulated: boolean;
  /** Grows by one with every change; a copy with a smaller one is older. */
  readonly revision: number;
}

/** One event that made an incident. */
export interface Evidence {
  readonly id: string;
  readonly kind: string;
  readonly asset: string | null;
  readonly at: number;
  readonly zone: string | null;
  readonly signal: string | null;
  readonly codec: string;
  readonly values: Readonly<Record<string, Value>>;
}

/** One thing that machine or people did to an incident. */
export interface TimelineEntry {
  readonly at: number;
  readonly who: string;
  readonly what: string;
  readonly text: string | null;
}

/** An incident with all that is known of it. */
export interface FullIncident extends Incident {
  readonly evidence: readonly Evidence[];
  readonly numbers: Readonly<Record<string, Value>>;
  readonly timeline: readonly TimelineEntry[];
}

export interface Asset {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly area: string | null;
  readonly site: string | null;
  readonly registered: boolean;
  readonly mobile: boolean;
  readonly simulated: boolean;
  readonly status: AssetStatus;
  readonly at: number | null;
  readonly codec: string | null;
  readonly values: Readonly<Record<string, Value>>;
}

export interface Health {
  readonly state: string;
  readonly processes: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  readonly messages: readonly { readonly severity: string; readonly vi: string; readonly en: string }[];
}

export interface AreaNode {
  readonly id: string;
  readonly title: Partial<Words>;
  readonly level: string;
  readonly parent: string | null;
}

export interface Basemap {
  readonly kind: "pmtiles" | "style";
  readonly url: string;
  /** Where it cannot be had, the plain map takes its place without complaint. */
  readonly optional?: boolean;
}

export interface City {
  readonly id: string;
  readonly title: Partial<Words>;
  readonly timezone: string;
  /** West, south, east, north, degrees. */
  readonly bounds: readonly [number, number, number, number];
  readonly areas: GeoJSON.FeatureCollection;
  readonly area_tree: readonly AreaNode[];
  readonly sketch: GeoJSON.FeatureCollection;
  readonly basemap: Basemap | null;
  readonly demo: boolean;
}

export interface Quantity {
  readonly type: string;
  readonly unit: string | null;
  readonly title: Partial<Words>;
}
export type Quantities = Readonly<Record<string, Quantity>>;

/** A message of the feed: everything once, then what changed. */
export interface Message {
  readonly type: "snapshot" | "delta";
  readonly position: string;
  readonly now: number;
  /** The stream's clock; how far it lies behind `now` is how late the line is. */
  readonly clock: number | null;
  readonly incidents: readonly Incident[];
  readonly assets: readonly Asset[];
  readonly health: Health | null;
}

/** Read a message of the feed; null where it is none that this page knows. */
export function readMessage(text: string): Message | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof raw !== "object" || raw === null) return null;
  const message = raw as Record<string, unknown>;
  if (message.type !== "snapshot" && message.type !== "delta") return null;
  return {
    type: message.type,
    position: typeof message.position === "string" ? message.position : "",
    now: typeof message.now === "number" ? message.now : Date.now(),
    clock: typeof message.clock === "number" && message.clock > 0 ? message.clock : null,
    incidents: Array.isArray(message.incidents) ? (message.incidents as Incident[]) : [],
    assets: Array.isArray(message.assets) ? (message.assets as Asset[]) : [],
    health: readHealth(message.health),
  };
}

/** Read what the processes say of themselves; null where nothing was said. */
export function readHealth(raw: unknown): Health | null {
  if (typeof raw !== "object" || raw === null) return null;
  const health = raw as Partial<Health>;
  return {
    state: typeof health.state === "string" ? health.state : "ok",
    processes: typeof health.processes === "object" && health.processes !== null ? health.processes : {},
    messages: Array.isArray(health.messages) ? health.messages : [],
  };
}
