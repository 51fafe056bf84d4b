/** What another view lays over the map, and what happens on the map meanwhile. Signals only: no map is needed to set them. */

import { signal } from "@preact/signals";
import type { PlaceOfAlerts } from "../rules/pictures/lanes";

/** What a click on the map meant while something is laid over it. */
export type Picked =
  | { readonly kind: "place"; readonly id: string }
  | { readonly kind: "asset"; readonly id: string; readonly at: readonly [number, number] }
  | { readonly kind: "point"; readonly at: readonly [number, number] };

export interface Overlay {
  readonly places: readonly PlaceOfAlerts[];
  /** The one with the halo. */
  readonly selected: string | null;
  /** A point that something is asked about. */
  readonly asked: readonly [number, number] | null;
  readonly pick: (what: Picked) => void;
}

/** Null while the map is the operators' own. */
export const overlay = signal<Overlay | null>(null);
