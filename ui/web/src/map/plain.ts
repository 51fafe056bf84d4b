/** The plain base map: drawn from the city's own file where there is no other. Meant to be looked at, not to stand in. */

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { City } from "../live/protocol";
import { TREES } from "./images";
import { LABEL_FONT, type Palette, STRONG_FONT } from "./palette";

const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Widths that grow with the zoom as roads do on paper maps, pixels. */
function width(at11: number, at17: number): ExpressionSpecification {
  return ["interpolate", ["exponential", 1.5], ["zoom"], 11, at11, 17, at17];
}

const layerIs = (layer: string): ExpressionSpecification => ["==", ["get", "layer"], layer];
const shape = (...types: string[]): ExpressionSpecification => ["in", ["geometry-type"], ["literal", types]];
const classed = (...classes: string[]): ExpressionSpecification => [
  "in",
  ["coalesce", ["get", "class"], ""],
  ["literal", classes],
];
const MAJOR = classed("motorway", "trunk", "primary", "national", "highway", "major");
const MIDDLE = classed("secondary", "tertiary");
/** A value for main, middle and small roads. */
const byRoad = <T extends number | string>(major: T, middle: T, small: T): ExpressionSpecification =>
  ["case", MAJOR, major, MIDDLE, middle, small] as ExpressionSpecification;
const FOREST = classed("forest", "wood");
const POLYGON = shape("Polygon", "MultiPolygon");
const SETTLEMENT = classed("town", "village", "city", "suburb");

/** The areas' shapes, and their names where they have a point to stand on. */
export function areaFeatures(city: City, language: "vi" | "en"): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: city.areas.features.map((feature, index) => {
      const title = feature.properties?.title as { vi?: string; en?: string } | string | undefined;
      const name = typeof title === "string" ? title : (title?.[language] ?? title?.vi ?? "");
      return {
        ...feature,
        properties: { id: feature.properties?.id, name: name.normalize("NFC"), other: index % 2 },
      };
    }),
  };
}

/** The outer shapes that no other area is the parent of: what is drawn as ground. */
function leaves(city: City, areas: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  const parents = new Set(city.area_tree.map((area) => area.parent));
  const kept = areas.features.filter((feature) => !parents.has(String(feature.properties?.id)));
  return { type: "FeatureCollection", features: kept.length > 0 ? kept : areas.features };
}

/** Boundaries and names of areas and places, which lie over every base map. */
export function cityLayers(colours: Palette, own: boolean): LayerSpecification[] {
  const layers: LayerSpecification[] = [
    {
      id: "area-boundary",
      type: "line",
      source: "areas",
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.boundary,
        "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.8, 15, 1.6],
        "line-dasharray": [4, 2, 1, 2],
        "line-opacity": own ? 0.9 : 0.6,
      },
    },
  ];
  return layers;
}

export function nameLayers(colours: Palette, own: boolean): LayerSpecification[] {
  const halo = { "text-halo-color": colours.halo, "text-halo-width": 1.4, "text-halo-blur": 0.4 } as const;
  const layers: LayerSpecification[] = [
    {
      id: "place-name",
      type: "symbol",
      source: "sketch",
      filter: ["all", layerIs("place"), ["has", "name"], ["any", SETTLEMENT, [">=", ["zoom"], 12.5]]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": LABEL_FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 11, 11, 16, 13],
        "text-max-width": 8,
        "text-line-height": 1.3,
        "text-padding": 6,
        "symbol-sort-key": ["case", SETTLEMENT, 0, 1],
      },
      paint: { "text-color": colours.label, ...halo },
    },
    {
      id: "area-name",
      type: "symbol",
      source: "area-names",
      maxzoom: 15,
      layout: {
        "text-field": ["get", "name"],
        "text-font": STRONG_FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 10, 11, 14, 14],
        "text-max-width": 7,
        "text-line-height": 1.3,
        "text-padding": 8,
      },
      paint: { "text-color": colours.labelStrong, "text-opacity": 0.85, ...halo },
    },
  ];
  if (!own) return layers;
  layers.unshift(
    {
      id: "road-name",
      type: "symbol",
      source: "sketch",
      minzoom: 12.5,
      filter: ["all", layerIs("road"), ["has", "name"]],
      layout: {
        "symbol-placement": "line",
        "text-field": ["get", "name"],
        "text-font": LABEL_FONT,
        "text-size": 11,
        "text-padding": 12,
        "symbol-spacing": 320,
      },
      paint: { "text-color": colours.label, ...halo },
    },
    {
      id: "water-name",
      type: "symbol",
      source: "sketch",
      filter: ["all", layerIs("water"), ["has", "name"], POLYGON],
      layout: {
        "text-field": ["get", "name"],
        "text-font": LABEL_FONT,
        "text-size": 11,
        "text-max-width": 6,
        "text-line-height": 1.3,
      },
      paint: { "text-color": colours.labelWater, ...halo },
    },
    {
      id: "park-name",
      type: "symbol",
      source: "sketch",
      minzoom: 13,
      filter: ["all", layerIs("park"), ["has", "name"]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": LABEL_FONT,
        "text-size": 11,
        "text-max-width": 7,
      },
      paint: { "text-color": colours.label, ...halo },
    },
  );
  return layers;
}

/** One point inside each area for its name: the middle of its largest ring's extent. */
export function areaNames(areas: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  const features: GeoJSON.Feature[] = [];
  for (const area of areas.features) {
    const rings =
      area.geometry.type === "Polygon"
        ? area.geometry.coordinates.slice(0, 1)
        : area.geometry.type === "MultiPolygon"
          ? area.geometry.coordinates.flatMap((polygon) => polygon.slice(0, 1))
          : [];
    const largest = rings.map(centroid).sort((a, b) => b.size - a.size)[0];
    if (largest === undefined) continue;
    features.push({
      type: "Feature",
      properties: area.properties,
      geometry: { type: "Point", coordinates: [largest.at[0], largest.at[1]] },
    });
  }
  return { type: "FeatureCollection", features };
}

function centroid(ring: GeoJSON.Position[]): { at: [number, number]; size: number } {
  let [x, y, twice] = [0, 0, 0];
  for (let index = 0; index < ring.length; index += 1) {
    const [ax = 0, ay = 0] = ring[index] ?? [];
    const [bx = 0, by = 0] = ring[(index + 1) % ring.length] ?? [];
    const cross = ax * by - bx * ay;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
    twice += cross;
  }
  if (twice === 0) return { at: [ring[0]?.[0] ?? 0, ring[0]?.[1] ?? 0], size: 0 };
  return { at: [x / (3 * twice), y / (3 * twice)], size: Math.abs(twice) };
}

/** The sources that every base map carries of the city itself. */
export function citySources(city: City, language: "vi" | "en"): StyleSpecification["sources"] {
  const areas = leaves(city, areaFeatures(city, language));
  return {
    areas: { type: "geojson", data: areas },
    "area-names": { type: "geojson", data: areaNames(areas) },
    sketch: { type: "geojson", data: composed(city.sketch ?? EMPTY) },
  };
}

// Labels are drawn letter by letter, so a letter must be one character: NFC.
function composed(sketch: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: sketch.features.map((feature) => ({
      ...feature,
      properties: {
        ...feature.properties,
        ...(typeof feature.properties?.name === "string"
          ? { name: feature.properties.name.normalize("NFC") }
          : {}),
      },
    })),
  };
}

/** The whole plain style. */
export function plainStyle(city: City, language: "vi" | "en", colours: Palette): StyleSpecification {
  const roads: ExpressionSpecification = ["all", layerIs("road"), shape("LineString", "MultiLineString")];
  return {
    version: 8,
    sources: citySources(city, language),
    layers: [
      { id: "beyond", type: "background", paint: { "background-color": colours.beyond } },
      {
        id: "land",
        type: "fill",
        source: "areas",
        paint: { "fill-color": ["case", ["==", ["get", "other"], 1], colours.landOther, colours.land] },
      },
      {
        id: "forest",
        type: "fill",
        source: "sketch",
        filter: ["all", layerIs("park"), FOREST, POLYGON],
        paint: { "fill-color": colours.green, "fill-opacity": 0.5, "fill-antialias": false },
      },
      {
        id: "forest-trees",
        type: "fill",
        source: "sketch",
        filter: ["all", layerIs("park"), FOREST, POLYGON],
        paint: { "fill-pattern": TREES },
      },
      {
        id: "park",
        type: "fill",
        source: "sketch",
        filter: ["all", layerIs("park"), ["!", FOREST], POLYGON],
        paint: { "fill-color": colours.green },
      },
      {
        id: "water",
        type: "fill",
        source: "sketch",
        filter: ["all", layerIs("water"), POLYGON],
        paint: { "fill-color": colours.water, "fill-outline-color": colours.shore },
      },
      {
        id: "stream",
        type: "line",
        source: "sketch",
        filter: ["all", layerIs("water"), shape("LineString", "MultiLineString")],
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": colours.water, "line-width": width(1.2, 8) },
      },
      {
        id: "shore",
        type: "line",
        source: "sketch",
        filter: ["all", layerIs("water"), POLYGON],
        layout: { "line-join": "round" },
        paint: { "line-color": colours.shore, "line-width": 1 },
      },
      ...cityLayers(colours, true),
      {
        id: "road-casing",
        type: "line",
        source: "sketch",
        filter: ["all", roads, ["any", MAJOR, MIDDLE]],
        layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": colours.roadCasing,
          "line-width": [
            "interpolate",
            ["exponential", 1.5],
            ["zoom"],
            11,
            byRoad(3.6, 2.4, 0),
            17,
            byRoad(20, 15, 0),
          ],
        },
      },
      {
        id: "road",
        type: "line",
        source: "sketch",
        filter: roads,
        layout: { "line-cap": "round", "line-join": "round", "line-sort-key": byRoad(2, 1, 0) },
        paint: {
          "line-color": byRoad(colours.roadMajor, colours.road, colours.path),
          "line-width": [
            "interpolate",
            ["exponential", 1.5],
            ["zoom"],
            11,
            byRoad(2.2, 1.3, 0.6),
            13,
            byRoad(3.2, 2.2, 1.2),
            17,
            byRoad(17, 12, 7),
          ],
        },
      },
      ...nameLayers(colours, true),
    ],
  };
}
