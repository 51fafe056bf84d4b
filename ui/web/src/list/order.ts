/** The order and the groups of the list: worst first, and of the same severity the newest first. */

import { type Incident, SEVERITIES, type Severity } from "../live/protocol";
import { isOpen } from "../live/reduce";

export interface Group {
  readonly severity: Severity;
  readonly incidents: readonly Incident[];
}

/** 0 for the worst. What this page does not know counts as the least. */
export function rank(severity: string): number {
  const found = SEVERITIES.indexOf(severity as Severity);
  return found < 0 ? SEVERITIES.length - 1 : found;
}

/** Compare two incidents for the list; ids decide at last so that the order never flickers. */
export function compare(a: Incident, b: Incident): number {
  return rank(a.severity) - rank(b.severity) || b.raised_at - a.raised_at || (a.id < b.id ? -1 : 1);
}

/** Sort incidents into groups of one severity, empty ones left out. */
export function grouped(incidents: Iterable<Incident>): Group[] {
  const sorted = [...incidents].sort(compare);
  return SEVERITIES.map((severity, index) => ({
    severity,
    incidents: sorted.filter((incident) => rank(incident.severity) === index),
  })).filter((group) => group.incidents.length > 0);
}

/** Count incidents by severity. */
export function counts(incidents: Iterable<Incident>): Record<Severity, number> {
  const found = { critical: 0, major: 0, minor: 0, warning: 0, info: 0 };
  for (const incident of incidents) {
    const severity = SEVERITIES[rank(incident.severity)];
    if (severity !== undefined) found[severity] += 1;
  }
  return found;
}

/** The open incidents without a place, worst first. */
export function withoutPlace(incidents: Iterable<Incident>): Incident[] {
  return [...incidents]
    .filter((incident) => isOpen(incident) && (incident.lat === null || incident.lon === null))
    .sort(compare);
}
