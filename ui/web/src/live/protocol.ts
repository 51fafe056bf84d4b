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
  /** For how many alerts it stands; 0 where that is only its own one. */
  readonly speaks_for_count: number;
  /** The incident that speaks for it; then it is in no list, nor on the map. */
  readonly inhibited_by: string | null;
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

/** One of the alerts of an incident that has several. */
export interface Member {
  readonly alert: string;
  readonly key: string;
  readonly raised_at: number;
  readonly cleared_at: number | null;
}

/** A picture that an incident's evidence carries. */
export interface IncidentPicture {
  readonly id: string;
  /** The camera that took it. */
  readonly asset: string | null;
  readonly at: number;
  /** What it is about: left, top, right, bottom, in shares of the picture. */
  readonly box: readonly [number, number, number, number] | null;
}

/** An incident with all that is known of it. */
export interface FullIncident extends Incident {
  /** The newest first; missing where an older server answers. */
  readonly pictures?: readonly IncidentPicture[];
  readonly evidence: readonly Evidence[];
  readonly numbers: Readonly<Record<string, Value>>;
  readonly timeline: readonly TimelineEntry[];
  readonly speaks_for: readonly string[];
  readonly members: readonly Member[];
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
  /** The server's judgement that the city sends nothing, and since when (null: it never did); null while it speaks. */
  readonly blind: { readonly since: number | null } | null;
}

export const DEVICE_STATUSES = ["offline", "silent", "never", "online"] as const;
export type DeviceStatus = (typeof DEVICE_STATUSES)[number];

/** An asset as the list of devices shows it. */
export interface Device {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly codec: string | null;
  readonly area: string | null;
  readonly site: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly registered: boolean;
  readonly simulated: boolean;
  readonly status: DeviceStatus;
  readonly last_event_at: number | null;
  readonly events_per_minute: number;
  /** Events in each of the last twelve five minutes, oldest first; empty where it never spoke. */
  readonly last_hour: readonly number[];
  /** How many of its numbered messages never arrived. */
  readonly gaps: number;
}

/** One page of the devices that fit a question. */
export interface DeviceList {
  readonly devices: readonly Device[];
  readonly total: number;
  readonly by_status: Readonly<Record<DeviceStatus, number>>;
  readonly known: number;
  readonly codecs: readonly string[];
}

/** Numbered messages of a device that never arrived. */
export interface Gap {
  readonly boot: string;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly at: number;
}

/** Messages of one topic that could not be read for one reason. */
export interface RejectedGroup {
  readonly topic: string;
  readonly reason: string;
  readonly codec: string | null;
  readonly count: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly size: number;
  /** The newest one's first bytes as text; null where they are none. */
  readonly text: string | null;
  /** The same as base64. */
  readonly start: string;
}

export interface RejectedList {
  readonly groups: readonly RejectedGroup[];
  readonly total: number;
  readonly messages: number;
  readonly kept: number;
  readonly codecs: readonly string[];
}

export interface DeviceDetails extends Device {
  readonly values: Readonly<Record<string, Value>>;
  readonly missing: readonly Gap[];
  readonly rejected: readonly RejectedGroup[];
}

/** A message to try codecs on. */
export interface TrialRequest {
  readonly topic: string;
  readonly payload: string;
  readonly encoding: "text" | "base64";
  readonly codec: string | null;
}

/** A value on its way through a codec: whatever JSON can hold. */
export type Shown = unknown;

export interface TrialField {
  readonly name: string;
  readonly item: Shown;
  readonly found: readonly { readonly path: string; readonly value: Shown }[];
  readonly became: Shown;
  readonly error: string | null;
}

/** What one message of one codec made of the message that was tried. */
export interface TrialAttempt {
  readonly codec: string;
  readonly message: string | null;
  readonly place: string | null;
  readonly topic: string;
  readonly captures: Readonly<Record<string, string>>;
  readonly verdict: string;
  readonly reason: string | null;
  readonly payload: { readonly decoder: string; readonly error: string | null; readonly gave: Shown } | null;
  readonly when: readonly { readonly says: string; readonly holds: boolean; readonly found: Shown }[];
  readonly each: readonly { readonly name: string; readonly items: number }[];
  readonly fields: readonly TrialField[];
  readonly problems: readonly string[];
}

export interface Trial {
  readonly verdict: "read" | "ignored" | "refused" | "unknown";
  readonly codec: string | null;
  readonly message: string | null;
  readonly reason: string | null;
  readonly tried: readonly TrialAttempt[];
  readonly nearest: readonly {
    readonly codec: string;
    readonly message: string | null;
    readonly topic: string;
    readonly reasons: readonly string[];
  }[];
  readonly events: readonly Evidence[];
  readonly rejected: readonly { readonly reason: string }[];
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
    blind: typeof health.blind === "object" ? health.blind : null,
  };
}
