/** How the page's picture of the city follows from the feed: pure steps, no time, no network. */

import type { Asset, Incident, Message } from "./protocol";

/** How long an incident that is over stays known to the page, milliseconds. */
export const KEEP_CLOSED = 3_600_000;

/** Whether an incident still concerns operators by itself: it holds, or nobody has resolved it yet. */
export function isOpen(incident: Incident): boolean {
  return !incident.inhibited_by && isUnsettled(incident);
}

function isUnsettled(incident: Incident): boolean {
  return (
    incident.condition === "active" ||
    (incident.work_state !== "resolved" && incident.work_state !== "closed")
  );
}

/** What a larger incident speaks for is not forgotten while it holds: it may come back, and can be opened. */
function isKept(incident: Incident): boolean {
  return incident.inhibited_by ? incident.condition === "active" : isUnsettled(incident);
}

/** Whether nobody has taken an open incident yet. */
export function isWaiting(incident: Incident): boolean {
  return incident.work_state === "new" && isOpen(incident);
}

/** What one message changed. */
export interface Step {
  readonly incidents: ReadonlyMap<string, Incident>;
  /** Incidents that were not known before; empty for a snapshot, which is not news. */
  readonly arrived: readonly string[];
  readonly changedAssets: readonly Asset[];
}

/**
 * Take a message into what is known of incidents.
 *
 * A snapshot replaces everything that it is newer than; a delta replaces an incident only by a higher
 * revision. So a message that comes twice, or late, changes nothing.
 */
export function takeIncidents(known: ReadonlyMap<string, Incident>, message: Message): Step {
  const snapshot = message.type === "snapshot";
  const next = new Map<string, Incident>(snapshot ? [] : known);
  const arrived: string[] = [];
  for (const incident of message.incidents) {
    const before = known.get(incident.id);
    if (before === undefined) {
      if (!snapshot && !incident.inhibited_by) arrived.push(incident.id);
    } else if (before.revision >= incident.revision) {
      next.set(before.id, before);
      continue;
    }
    next.set(incident.id, incident);
  }
  for (const [id, incident] of next) {
    if (!isKept(incident) && message.now - incident.updated_at > KEEP_CLOSED) next.delete(id);
  }
  return { incidents: next, arrived, changedAssets: message.assets };
}

/** Put one incident that came by another way (an answer to a command) among the known ones. */
export function takeOne(
  known: ReadonlyMap<string, Incident>,
  incident: Incident,
): ReadonlyMap<string, Incident> {
  const before = known.get(incident.id);
  if (before !== undefined && before.revision >= incident.revision) return known;
  return new Map(known).set(incident.id, incident);
}

/** Take a message into what is known of assets, in place: there are many, and maps follow the changes. */
export function takeAssets(known: Map<string, Asset>, message: Message): void {
  if (message.type === "snapshot") known.clear();
  for (const asset of message.assets) known.set(asset.id, asset);
}
