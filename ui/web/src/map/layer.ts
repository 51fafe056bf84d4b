/** Under which layer of the map a device is shown and hidden, and how it fades; no map needed to say so. */

import { type Asset, KINDS } from "../live/protocol";

/** Its kind, or that it moves; "other" for what this page does not know. */
export function layerOf(asset: Pick<Asset, "kind" | "mobile" | "registered">): string {
  if (asset.mobile && asset.registered) return "moving";
  return (KINDS as readonly string[]).includes(asset.kind) ? asset.kind : "other";
}

/** How much of its colour a device keeps, by how long ago it spoke: 1 fresh, less and less by steps. */
export function freshness(at: number | null, now: number): number {
  if (at === null) return 0.55;
  const minutes = (now - at) / 60_000;
  if (minutes < 5) return 1;
  if (minutes < 15) return 0.75;
  if (minutes < 60) return 0.5;
  return 0.35;
}
