/** What the search box finds: incidents, devices, places and areas, the best of each first. */

import { type Language, text } from "../i18n";
import type { Asset, City, Incident, Severity } from "../live/protocol";
import { fold, score } from "./fold";

export type Hit =
  | {
      readonly group: "incident";
      readonly id: string;
      readonly label: string;
      readonly detail: string;
      readonly severity: Severity;
    }
  | {
      readonly group: "asset";
      readonly id: string;
      readonly label: string;
      readonly detail: string;
      readonly kind: string;
    }
  | { readonly group: "area"; readonly id: string; readonly label: string; readonly detail: string }
  | {
      readonly group: "place";
      readonly id: string;
      readonly label: string;
      readonly detail: string;
      readonly at: readonly [number, number];
    };

export interface Searched {
  readonly incidents: Iterable<Incident>;
  readonly assets: Iterable<Asset>;
  readonly city: City | null;
  readonly language: Language;
}

const EACH = 6;

/** Find up to six of each group; the group with the best find comes first, and of the same worth what is open. */
export function search(query: string, within: Searched): Hit[] {
  const wanted = fold(query);
  if (wanted === "") return [];
  const { language, city } = within;
  const areaNames = new Map(city?.area_tree.map((area) => [area.id, text(area.title, language)]));
  const nameOf = (area: string | null): string => (area === null ? "" : (areaNames.get(area) ?? ""));

  const incidents = best(
    within.incidents,
    (incident) =>
      Math.max(
        score(fold(text(incident.title, language)), wanted),
        score(
          fold(`${text(incident.title, language)} ${incident.place ?? ""} ${nameOf(incident.area)}`),
          wanted,
        ) - 5,
      ),
    (incident): Hit => ({
      group: "incident",
      id: incident.id,
      label: text(incident.title, language),
      detail: incident.place ?? nameOf(incident.area),
      severity: incident.severity,
    }),
  );
  const places = best(
    placesOf(city),
    (place) => score(fold(place.name), wanted),
    (place): Hit => ({ group: "place", id: place.name, label: place.name, detail: "", at: place.at }),
  );
  const areas = best(
    city?.area_tree ?? [],
    (area) => score(fold(`${area.title.vi ?? ""} ${area.title.en ?? ""}`), wanted),
    (area): Hit => ({
      group: "area",
      id: area.id,
      label: text(area.title, language),
      detail: nameOf(area.parent),
    }),
  );
  const assets = best(
    within.assets,
    (asset) =>
      Math.max(
        score(fold(asset.name), wanted),
        score(fold(asset.id), wanted),
        score(fold(`${asset.name} ${asset.site ?? ""} ${nameOf(asset.area)}`), wanted) - 5,
      ),
    (asset): Hit => ({ group: "asset", id: asset.id, label: asset.name, detail: asset.id, kind: asset.kind }),
  );
  const found = [incidents, places, areas, assets].filter((group) => group.length > 0);
  found.sort((a, b) => (b[0]?.worth ?? 0) - (a[0]?.worth ?? 0));
  return found.flatMap((group) => group.map((one) => one.hit));
}

interface Place {
  readonly name: string;
  readonly at: readonly [number, number];
}

/** The named things of the city's sketch, each once, with a point to go to. */
export function placesOf(city: City | null): Place[] {
  const found = new Map<string, Place>();
  for (const feature of city?.sketch.features ?? []) {
    const name = feature.properties?.name;
    if (typeof name !== "string" || name === "" || found.has(name)) continue;
    const at = middle(feature.geometry);
    if (at !== null) found.set(name, { name, at });
  }
  return [...found.values()];
}

function middle(geometry: GeoJSON.Geometry): readonly [number, number] | null {
  switch (geometry.type) {
    case "Point":
      return [geometry.coordinates[0] ?? 0, geometry.coordinates[1] ?? 0];
    case "LineString": {
      const point = geometry.coordinates[Math.floor(geometry.coordinates.length / 2)];
      return point === undefined ? null : [point[0] ?? 0, point[1] ?? 0];
    }
    case "Polygon": {
      const ring = geometry.coordinates[0] ?? [];
      if (ring.length === 0) return null;
      const mean = (axis: number): number =>
        ring.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / ring.length;
      return [mean(0), mean(1)];
    }
    default:
      return null;
  }
}

interface Found {
  readonly hit: Hit;
  readonly worth: number;
}

function best<T>(things: Iterable<T>, worth: (thing: T) => number, show: (thing: T) => Hit): Found[] {
  const found: { thing: T; worth: number }[] = [];
  for (const thing of things) {
    const value = worth(thing);
    if (value > 0) found.push({ thing, worth: value });
  }
  found.sort((a, b) => b.worth - a.worth);
  return found.slice(0, EACH).map(({ thing, worth }) => ({ hit: show(thing), worth }));
}
