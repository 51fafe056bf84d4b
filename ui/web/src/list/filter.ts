/** Which incidents an operator wants to see. */

import type { AreaNode, Incident, Severity } from "../live/protocol";
import { isOpen } from "../live/reduce";

export const STATES = ["open", "new", "taken", "cleared", "resolved"] as const;
export type State = (typeof STATES)[number];

export interface Filter {
  /** Severities that are hidden. */
  readonly hidden: ReadonlySet<Severity>;
  readonly kind: string | null;
  readonly area: string | null;
  readonly state: State;
}

export const EVERYTHING: Filter = { hidden: new Set(), kind: null, area: null, state: "open" };

/** Whether the filter hides anything that is open. */
export function isNarrow(filter: Filter): boolean {
  return filter.hidden.size > 0 || filter.kind !== null || filter.area !== null || filter.state !== "open";
}

/** Make the test that a filter stands for; an area holds the areas within it. */
export function matcher(filter: Filter, tree: readonly AreaNode[]): (incident: Incident) => boolean {
  const areas = filter.area === null ? null : within(filter.area, tree);
  return (incident) =>
    !incident.inhibited_by &&
    !filter.hidden.has(incident.severity) &&
    (filter.kind === null || incident.kind === filter.kind) &&
    (areas === null || (incident.area !== null && areas.has(incident.area))) &&
    inState(incident, filter.state);
}

/** The area and all that lie within it. */
export function within(area: string, tree: readonly AreaNode[]): ReadonlySet<string> {
  const found = new Set([area]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const node of tree) if (node.parent !== null && found.has(node.parent)) found.add(node.id);
  }
  return found;
}

function inState(incident: Incident, state: State): boolean {
  switch (state) {
    case "open":
      return isOpen(incident);
    case "new":
      return isOpen(incident) && incident.work_state === "new";
    case "taken":
      return isOpen(incident) && incident.work_state !== "new";
    case "cleared":
      return isOpen(incident) && incident.condition === "cleared";
    case "resolved":
      return incident.work_state === "resolved" || incident.work_state === "closed";
  }
}
