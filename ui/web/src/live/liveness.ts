/** Whether what is on the screen can be believed: is the feed alive, how late is it, does the city speak. */

import type { Health } from "./protocol";

/** A feed that has said nothing for this long is lost, milliseconds; its heartbeat is one second. */
export const LOST_AFTER = 3_000;
/** A line that is later than this is called late, milliseconds. */
export const LATE_AFTER = 3_000;

export type Liveness =
  | { readonly state: "connecting" }
  | { readonly state: "live"; readonly late: number | null }
  | { readonly state: "late"; readonly late: number }
  | { readonly state: "blind"; readonly since: number | null }
  | { readonly state: "lost"; readonly since: number };

export interface Signs {
  /** When the page was opened, and when the feed last spoke (null: never); the browser's clock. */
  readonly openedAt: number;
  readonly heardAt: number | null;
  /** The browser's clock. */
  readonly now: number;
  /** How far the stream's clock lay behind the server's, lately. */
  readonly late: number | null;
  /** Since when, as the server judges it, the city has sent nothing; null while it speaks. */
  readonly blind: Health["blind"];
}

/** Judge the feed. The worse always wins: a lost feed is never called blind, a blind one never live. */
export function judge(signs: Signs): Liveness {
  if (signs.heardAt === null) {
    if (signs.now - signs.openedAt > LOST_AFTER) return { state: "lost", since: signs.openedAt };
    return { state: "connecting" };
  }
  if (signs.now - signs.heardAt > LOST_AFTER) return { state: "lost", since: signs.heardAt };
  if (signs.blind !== null) return { state: "blind", since: signs.blind.since };
  if (signs.late !== null && signs.late > LATE_AFTER) return { state: "late", late: signs.late };
  return { state: "live", late: signs.late };
}

/** Read a number that the process of this name (or `name:…`, `name-…`) reports; undefined where it does not. */
export function reported(health: Health | null, process: string, field: string): number | undefined {
  const found = health === null ? undefined : processOf(health, process);
  if (found === undefined || found[field] === undefined || found[field] === "") return undefined;
  const value = Number(found[field]);
  return Number.isFinite(value) ? value : undefined;
}

function processOf(health: Health, name: string): Readonly<Record<string, string | number>> | undefined {
  for (const [key, fields] of Object.entries(health.processes)) {
    if (key === name || key.startsWith(`${name}:`) || key.startsWith(`${name}-`)) return fields;
  }
  return undefined;
}
