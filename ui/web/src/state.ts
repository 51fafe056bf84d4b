/** What the operator is looking at: selection, filters, theme, name. Nothing of the city itself. */

import { computed, signal } from "@preact/signals";
import { EVERYTHING, type Filter, matcher } from "./list/filter";
import { type Group, grouped } from "./list/order";
import type { Incident, Severity } from "./live/protocol";
import { city, incidents } from "./live/store";
import { recall, remember } from "./shared/memory";

export type Theme = "dark" | "light";

/** The address decides, then what was chosen before, then dark. */
export function chooseTheme(query: string, remembered: string | null): Theme {
  const asked = new URLSearchParams(query).get("theme");
  const wanted = asked === "dark" || asked === "light" ? asked : remembered;
  return wanted === "light" ? "light" : "dark";
}

export const theme = signal<Theme>(chooseTheme(location.search, recall("theme")));
export const operator = signal(recall("operator") ?? "");
export const filter = signal<Filter>(EVERYTHING);
export const filtersShown = signal(false);
export const collapsed = signal<ReadonlySet<Severity>>(new Set());

/** On a wall everything is read from afar and nobody has a mouse; the address says so, or the key. */
export const wall = signal(new URLSearchParams(location.search).has("wall"));

/** The row that the keys act on, and the incident that the panel shows. */
export const cursor = signal<string | null>(null);
export const opened = signal<string | null>(null);

/** New incidents that wait behind the pill while the list is being read. */
export const held = signal<ReadonlySet<string>>(new Set());

/** What is being written in the panel. */
export const writing = signal<"comment" | "resolve" | null>(null);
/** What goes on once the operator's name is known; null while it is not being asked for. */
export const nameWanted = signal<(() => void) | null>(null);

export const searching = signal(false);
export const helpShown = signal(false);
/** On small screens: how high the list's sheet stands. */
export const sheet = signal<"low" | "half" | "full">("half");

/** The device under the pointer, and the one whose card stays. */
export const pointedAsset = signal<string | null>(null);
export const chosenAsset = signal<string | null>(null);

export type Destination =
  | { readonly kind: "point"; readonly at: readonly [number, number]; readonly zoom: number }
  | { readonly kind: "bounds"; readonly bounds: readonly [number, number, number, number] };
/** Where the map is asked to go; a new object each time. */
export const destination = signal<Destination | null>(null);

/** The kinds of devices that the map does not show; "moving" stands for all that moves. */
export const hiddenLayers = signal<ReadonlySet<string>>(
  new Set((recall("layers") ?? "").split(",").filter((layer) => layer !== "")),
);
/** The base map could not be reached, so the sketch stands in for it. */
export const basemapMissing = signal(false);

/** All that the filter lets through, for the map. */
export const matching = computed<Incident[]>(() => {
  const fits = matcher(filter.value, city.value?.area_tree ?? []);
  return [...incidents.value.values()].filter(fits);
});

/** What the list shows, in groups; who is held back is not among them. */
export const groups = computed<Group[]>(() =>
  grouped(matching.value.filter((incident) => !held.value.has(incident.id))),
);

/** The incidents that the keys can reach, in the list's order. */
export const reachable = computed<readonly Incident[]>(() =>
  groups.value.filter((group) => !collapsed.value.has(group.severity)).flatMap((group) => group.incidents),
);

export function setTheme(next: Theme): void {
  theme.value = next;
  remember("theme", next);
}

export function setOperator(name: string): void {
  operator.value = name.trim();
  remember("operator", operator.value);
}

export function toggleLayer(layer: string): void {
  const next = new Set(hiddenLayers.value);
  if (!next.delete(layer)) next.add(layer);
  hiddenLayers.value = next;
  remember("layers", [...next].join(","));
}
