/** A quiet style for vector tiles of any common schema: what is there is drawn, by the role that its name says. */

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { City } from "../live/protocol";
import { LABEL_FONT, type Palette } from "./palette";
import { cityLayers, citySources, nameLayers } from "./plain";

/** Layer names by role: plain OpenStreetMap keys, OpenMapTiles, Protomaps, Mapbox Streets. */
const ROLES = {
  green: ["grass", "park", "wood", "forest", "landcover", "landuse", "landuse_park", "natural"],
  water: ["water", "ocean", "lake"],
  river: ["river", "waterway", "physical_line", "water_lines"],
  building: ["building", "buildings"],
  road: ["highway", "transportation", "roads", "road", "streets"],
  roadName: ["transportation_name", "road_label", "street_labels"],
  place: ["place", "places", "place_label", "place_labels"],
} as const;
export type Role = keyof typeof ROLES;

/** Find the layers of a tile set that play each role. */
export function roles(layers: readonly string[]): Record<Role, string[]> {
  const found = Object.entries(ROLES).map(([role, names]) => [
    role,
    layers.filter((layer) => (names as readonly string[]).includes(layer.toLowerCase())),
  ]);
  return Object.fromEntries(found) as Record<Role, string[]>;
}

const CLASS: ExpressionSpecification = [
  "coalesce",
  ["get", "highway"],
  ["get", "class"],
  ["get", "kind_detail"],
  ["get", "kind"],
  ["get", "pmap:kind"],
  "",
];
const among = (...classes: string[]): ExpressionSpecification => ["in", CLASS, ["literal", classes]];
const MAJOR = among(
  "motorway",
  "trunk",
  "primary",
  "secondary",
  "highway",
  "major_road",
  "motorway_link",
  "trunk_link",
  "primary_link",
);
const PATH = among(
  "path",
  "footway",
  "steps",
  "track",
  "cycleway",
  "pedestrian",
  "bridleway",
  "service",
  "corridor",
  "other",
);
const GREEN: ExpressionSpecification = [
  "any",
  ["!", ["has", "class"]],
  [
    "in",
    ["get", "class"],
    ["literal", ["grass", "wood", "park", "forest", "scrub", "garden", "nature_reserve"]],
  ],
];
const NAME: ExpressionSpecification = [
  "coalesce",
  ["get", "name:vi"],
  ["get", "name"],
  ["get", "name:latin"],
];
const POLYGON: ExpressionSpecification = ["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]];
const LINE: ExpressionSpecification = [
  "in",
  ["geometry-type"],
  ["literal", ["LineString", "MultiLineString"]],
];

const zoomed = (...stops: [number, ExpressionSpecification | number][]): ExpressionSpecification =>
  ["interpolate", ["exponential", 1.5], ["zoom"], ...stops.flat()] as unknown as ExpressionSpecification;

/**
 * Style a PMTiles archive.
 *
 * @param url the archive, as the `pmtiles` protocol takes it
 * @param layers the names of its vector layers
 */
export function tileStyle(
  city: City,
  language: "vi" | "en",
  colours: Palette,
  url: string,
  layers: readonly string[],
): StyleSpecification {
  const found = roles(layers);
  const tiles = "base";
  const drawn: LayerSpecification[] = [
    { id: "beyond", type: "background", paint: { "background-color": colours.land } },
  ];
  for (const layer of found.green) {
    drawn.push({
      id: `green-${layer}`,
      type: "fill",
      source: tiles,
      "source-layer": layer,
      filter: ["all", POLYGON, GREEN],
      paint: { "fill-color": colours.green },
    });
  }
  for (const layer of found.water) {
    drawn.push(
      {
        id: `water-${layer}`,
        type: "fill",
        source: tiles,
        "source-layer": layer,
        filter: POLYGON,
        paint: { "fill-color": colours.water, "fill-outline-color": colours.shore },
      },
      {
        id: `stream-${layer}`,
        type: "line",
        source: tiles,
        "source-layer": layer,
        filter: LINE,
        paint: { "line-color": colours.water, "line-width": zoomed([11, 0.8], [17, 6]) },
      },
    );
  }
  for (const layer of found.river) {
    drawn.push({
      id: `river-${layer}`,
      type: "line",
      source: tiles,
      "source-layer": layer,
      filter: LINE,
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colours.water, "line-width": zoomed([11, 0.8], [17, 6]) },
    });
  }
  for (const layer of found.building) {
    drawn.push({
      id: `building-${layer}`,
      type: "fill",
      source: tiles,
      "source-layer": layer,
      minzoom: 14,
      filter: POLYGON,
      paint: {
        "fill-color": colours.building,
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 14, 0, 15, 1],
      },
    });
  }
  for (const layer of found.road) {
    drawn.push(
      {
        id: `path-${layer}`,
        type: "line",
        source: tiles,
        "source-layer": layer,
        minzoom: 14,
        filter: ["all", LINE, PATH],
        paint: { "line-color": colours.path, "line-width": zoomed([14, 0.5], [17, 2.5]) },
      },
      {
        id: `road-casing-${layer}`,
        type: "line",
        source: tiles,
        "source-layer": layer,
        minzoom: 13,
        filter: ["all", LINE, ["!", PATH]],
        layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": colours.roadCasing,
          "line-width": zoomed([13, ["case", MAJOR, 3.4, 1.8]], [17, ["case", MAJOR, 18, 12]]),
        },
      },
      {
        id: `road-${layer}`,
        type: "line",
        source: tiles,
        "source-layer": layer,
        filter: ["all", LINE, ["!", PATH]],
        layout: { "line-cap": "round", "line-join": "round", "line-sort-key": ["case", MAJOR, 1, 0] },
        paint: {
          "line-color": ["case", MAJOR, colours.roadMajor, colours.road],
          "line-width": zoomed(
            [10, ["case", MAJOR, 1.2, 0.5]],
            [13, ["case", MAJOR, 2.6, 1.1]],
            [17, ["case", MAJOR, 15, 9]],
          ),
        },
      },
    );
  }
  drawn.push(...cityLayers(colours, false));
  for (const layer of found.roadName.length > 0 ? found.roadName : found.road) {
    drawn.push({
      id: `road-name-${layer}`,
      type: "symbol",
      source: tiles,
      "source-layer": layer,
      minzoom: 14,
      filter: ["all", LINE, ["!", PATH], ["any", ["has", "name"], ["has", "name:vi"]]],
      layout: {
        "symbol-placement": "line",
        "text-field": NAME,
        "text-font": LABEL_FONT,
        "text-size": 11,
        "text-padding": 16,
        "symbol-spacing": 400,
      },
      paint: { "text-color": colours.label, "text-halo-color": colours.halo, "text-halo-width": 1.2 },
    });
  }
  for (const layer of found.place) {
    drawn.push({
      id: `place-${layer}`,
      type: "symbol",
      source: tiles,
      "source-layer": layer,
      layout: { "text-field": NAME, "text-font": LABEL_FONT, "text-size": 11, "text-max-width": 8 },
      paint: { "text-color": colours.label, "text-halo-color": colours.halo, "text-halo-width": 1.2 },
    });
  }
  // Where the tiles name no places, the city's own file does.
  const names = nameLayers(colours, false);
  drawn.push(...(found.place.length > 0 ? names.filter((layer) => layer.id !== "place-name") : names));
  return {
    version: 8,
    sources: {
      ...citySources(city, language),
      [tiles]: {
        type: "vector",
        url: `pmtiles://${url}`,
        attribution:
          '© <a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noreferrer">OpenStreetMap</a> contributors',
      },
    },
    layers: drawn,
  };
}
