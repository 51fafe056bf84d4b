/** Devices on the map: what stands still is written once and coloured by state; what moves is a small source of its own. */

import type { ExpressionSpecification, GeoJSONSource, Map as GlMap, LayerSpecification } from "maplibre-gl";
import type { Asset } from "../live/protocol";
import { OFFLINE } from "./images";
import { freshness, layerOf } from "./layer";
import type { Palette } from "./palette";

export const FIXED = "assets-fixed";
export const MOVING = "assets-moving";
/** The layers that answer to the pointer. */
export const ASSET_LAYERS = [`${FIXED}-dot`, `${MOVING}-dot`];

/** How seldom the map is told of changes, milliseconds: eyes do not follow more. */
const FLUSH_EVERY = 300;

/** From here on a device shows its kind. */
const ICON_ZOOM = 14;

interface State {
  readonly status: string;
  readonly fresh: number;
}

export function assetSources(): {
  readonly [id: string]: {
    readonly type: "geojson";
    readonly data: GeoJSON.FeatureCollection;
    readonly promoteId: string;
  };
} {
  const empty = { type: "FeatureCollection", features: [] } as GeoJSON.FeatureCollection;
  return {
    [FIXED]: { type: "geojson", data: empty, promoteId: "id" },
    [MOVING]: { type: "geojson", data: empty, promoteId: "id" },
  };
}

export function assetLayers(colours: Palette, hidden: ReadonlySet<string>): LayerSpecification[] {
  return [FIXED, MOVING].flatMap((source) => layersOf(source, colours, hidden));
}

function layersOf(source: string, colours: Palette, hidden: ReadonlySet<string>): LayerSpecification[] {
  const status: ExpressionSpecification = [
    "match",
    ["coalesce", ["feature-state", "status"], "unknown"],
    "online",
    colours.online,
    "offline",
    colours.offline,
    colours.unknown,
  ];
  const offline: ExpressionSpecification = ["==", ["coalesce", ["feature-state", "status"], ""], "offline"];
  const fresh: ExpressionSpecification = ["coalesce", ["feature-state", "fresh"], 0.55];
  const bigger = source === MOVING ? 1 : 0;
  return [
    {
      id: `${source}-dot`,
      type: "circle",
      source,
      filter: shownFilter(hidden),
      paint: {
        "circle-radius": [
          "interpolate",
          ["linear"],
          ["zoom"],
          10,
          1.8 + bigger,
          12,
          3 + bigger,
          ICON_ZOOM - 0.3,
          3.8 + bigger,
          ICON_ZOOM + 0.2,
          8,
          17,
          11,
        ],
        // Offline is a ring, so that it is told from online without colour.
        "circle-color": ["step", ["zoom"], ["case", offline, colours.halo, status], ICON_ZOOM, colours.disc],
        "circle-opacity": ["step", ["zoom"], fresh, ICON_ZOOM, 0.95],
        "circle-stroke-color": ["step", ["zoom"], ["case", offline, status, colours.halo], ICON_ZOOM, status],
        "circle-stroke-width": ["step", ["zoom"], ["case", offline, 1.4, 0.7], ICON_ZOOM, 1.75],
        "circle-stroke-opacity": fresh,
      },
    },
    {
      id: `${source}-icon`,
      type: "symbol",
      source,
      minzoom: ICON_ZOOM,
      filter: shownFilter(hidden),
      layout: {
        "icon-image": ["concat", "kind-", ["get", "layer"]],
        "icon-allow-overlap": true,
        "icon-size": ["interpolate", ["linear"], ["zoom"], ICON_ZOOM, 0.85, 17, 1.1],
      },
      paint: { "icon-opacity": ["max", 0.45, fresh] },
    },
    {
      id: `${source}-cross`,
      type: "symbol",
      source,
      minzoom: ICON_ZOOM,
      filter: shownFilter(hidden),
      layout: {
        "icon-image": OFFLINE,
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "icon-offset": [7, -7],
      },
      paint: { "icon-opacity": ["case", offline, 1, 0] },
    },
  ];
}

function shownFilter(hidden: ReadonlySet<string>): ExpressionSpecification {
  return ["!", ["in", ["get", "layer"], ["literal", [...hidden]]]];
}

/** Show and hide kinds. */
export function setHidden(map: GlMap, hidden: ReadonlySet<string>): void {
  for (const source of [FIXED, MOVING]) {
    for (const part of ["dot", "icon", "cross"]) {
      if (map.getLayer(`${source}-${part}`)) map.setFilter(`${source}-${part}`, shownFilter(hidden));
    }
  }
}

/** Keeps the map's devices in step with what is known, a few times a second. */
export class AssetMarks {
  private readonly placed = new Map<string, { lon: number; lat: number; name: string; moving: boolean }>();
  private readonly states = new Map<string, State>();
  private readonly dirty = new Set<string>();
  private fixedStale = true;
  private movingStale = true;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly map: GlMap,
    private readonly assets: ReadonlyMap<string, Asset>,
    private readonly now: () => number,
  ) {}

  /** Take changes; null says that everything may have changed. */
  changed(changed: readonly Asset[] | null): void {
    if (changed === null) {
      this.placed.clear();
      this.fixedStale = true;
      this.movingStale = true;
      for (const id of this.assets.keys()) this.dirty.add(id);
    } else for (const asset of changed) this.note(asset);
    this.timer ??= setTimeout(() => this.flush(), FLUSH_EVERY);
  }

  private note(asset: Asset): void {
    const before = this.placed.get(asset.id);
    const moving = asset.mobile;
    const same =
      before !== undefined &&
      before.lon === asset.lon &&
      before.lat === asset.lat &&
      before.name === asset.name &&
      before.moving === moving;
    if (!same && (before !== undefined || asset.lon !== null)) {
      if (moving) this.movingStale = true;
      if (!moving || before?.moving === false) this.fixedStale = true;
    }
    this.dirty.add(asset.id);
  }

  /** Write everything anew, after the style was replaced. */
  rewrite(): void {
    this.states.clear();
    this.changed(null);
    this.flush();
  }

  /** Let what has been silent fade; to be called now and then. */
  fade(): void {
    for (const asset of this.assets.values()) {
      const state = this.states.get(asset.id);
      if (state !== undefined && state.fresh !== freshness(asset.at, this.now())) this.dirty.add(asset.id);
    }
    if (this.dirty.size > 0) this.changed([]);
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const fixed = this.map.getSource<GeoJSONSource>(FIXED);
    const moving = this.map.getSource<GeoJSONSource>(MOVING);
    if (fixed === undefined || moving === undefined) return;
    if (this.fixedStale) void fixed.setData(this.collect(false));
    if (this.movingStale) void moving.setData(this.collect(true));
    this.fixedStale = false;
    this.movingStale = false;
    for (const id of this.dirty) this.paint(id);
    this.dirty.clear();
  }

  private paint(id: string): void {
    const asset = this.assets.get(id);
    if (asset === undefined || asset.lon === null) return;
    const next: State = { status: asset.status, fresh: freshness(asset.at, this.now()) };
    const before = this.states.get(id);
    if (before !== undefined && before.status === next.status && before.fresh === next.fresh) return;
    this.states.set(id, next);
    this.map.setFeatureState({ source: asset.mobile ? MOVING : FIXED, id }, { ...next });
  }

  private collect(moving: boolean): GeoJSON.FeatureCollection {
    const features: GeoJSON.Feature[] = [];
    for (const asset of this.assets.values()) {
      if (asset.mobile !== moving || asset.lon === null || asset.lat === null) continue;
      this.placed.set(asset.id, { lon: asset.lon, lat: asset.lat, name: asset.name, moving });
      features.push({
        type: "Feature",
        properties: { id: asset.id, layer: layerOf(asset) },
        geometry: { type: "Point", coordinates: [asset.lon, asset.lat] },
      });
    }
    return { type: "FeatureCollection", features };
  }
}
