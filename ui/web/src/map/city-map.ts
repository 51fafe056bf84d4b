/** The map itself: base, devices, incidents and selection put together; knows nothing of the page around it. */

import {
  AttributionControl,
  type GeoJSONSource,
  Map as GlMap,
  type MapMouseEvent,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
// The worker is a file of its own; `worker&url` bundles it with what it imports and gives its address.
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { Language } from "../i18n";
import type { Asset, City, Incident } from "../live/protocol";
import type { Destination, Theme } from "../state";
import { ASSET_LAYERS, AssetMarks, assetLayers, assetSources, setHidden } from "./assets";
import { type Base, baseStyle } from "./base";

export { findBase } from "./base";

import type { CameraFeatures } from "./camera-features";
import { CameraMarks } from "./cameras";
import { addImages } from "./images";
import {
  CHOSEN,
  CLUSTER_LAYERS,
  chosenLayers,
  INCIDENT_LAYERS,
  INCIDENTS,
  IncidentMarks,
  incidentFeatures,
  incidentLayers,
  incidentSource,
} from "./incidents";
import type { Overlay } from "./overlay";
import { palette } from "./palette";
import { WHAT_IF_LAYERS, WhatIfMarks } from "./what-if";

setWorkerUrl(workerUrl);

/** How near a click must come to a mark, pixels. */
const REACH = 5;

export interface Listener {
  openIncident(id: string): void;
  chooseAsset(id: string | null): void;
  pointAsset(id: string | null): void;
  /** The map moved or was redrawn: what is pinned to places must follow. */
  moved(): void;
}

/** What floats over the map at its edges, pixels. */
export type Covered = Readonly<Record<"left" | "right" | "top" | "bottom", number>>;

const NOTHING_OVER: Covered = { left: 0, right: 0, top: 0, bottom: 0 };

export interface Look {
  readonly theme: Theme;
  readonly language: Language;
  readonly hidden: ReadonlySet<string>;
  readonly still: boolean;
}

export class CityMap {
  readonly gl: GlMap;
  readonly incidents: IncidentMarks;
  readonly devices: AssetMarks;
  private readonly cameras: CameraMarks;
  private readonly whatIf: WhatIfMarks;
  private overlay: Overlay | null = null;
  private chosen: Incident | readonly [number, number] | null = null;
  private pointed: string | null = null;

  constructor(
    container: HTMLElement,
    private readonly city: City,
    private readonly base: Base,
    private look: Look,
    assets: ReadonlyMap<string, Asset>,
    now: () => number,
    private readonly listener: Listener,
    over: Covered,
  ) {
    const [west, south, east, north] = city.bounds;
    this.gl = new GlMap({
      container,
      style: this.style(),
      bounds: [west, south, east, north],
      fitBoundsOptions: { padding: grown(over, 24) },
      minZoom: 8,
      maxZoom: 19,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: look.still ? 0 : 150,
      // Names are Vietnamese whatever language the page speaks.
      locale: {},
    });
    this.gl.touchZoomRotate.disableRotation();
    this.gl.keyboard.disableRotation();
    this.gl.addControl(new AttributionControl({ compact: false }), "bottom-right");
    this.gl.addControl(new ScaleControl({ maxWidth: 96, unit: "metric" }), "bottom-right");
    this.incidents = new IncidentMarks(this.gl);
    this.devices = new AssetMarks(this.gl, assets, now);
    this.cameras = new CameraMarks(this.gl);
    this.whatIf = new WhatIfMarks(this.gl);
    this.gl.on("style.load", () => this.dress());
    this.gl.on("move", () => this.listener.moved());
    this.gl.on("click", (event) => this.click(event));
    this.gl.on("mousemove", (event) => this.point(event));
    this.gl.on("mouseout", () => this.leave());
    this.gl.on("error", (event) => {
      // A tile that fails leaves a hole; that is no reason to fill the console.
      if (!("sourceId" in event)) console.warn("map:", event.error?.message);
    });
    this.incidents.breathe(!look.still, !drawsInSoftware(this.gl));
  }

  /** Look another way: theme, language, hidden kinds. */
  restyle(next: Look): void {
    const before = this.look;
    this.look = next;
    if (before.theme !== next.theme || before.language !== next.language) {
      this.gl.setStyle(this.style(), { diff: false });
    } else if (before.hidden !== next.hidden) setHidden(this.gl, next.hidden);
    if (before.still !== next.still) this.incidents.breathe(!next.still, !drawsInSoftware(this.gl));
  }

  private style() {
    return baseStyle(this.base, this.city, this.look.language, palette(this.look.theme));
  }

  /** Put our own layers over a base map that has just been loaded. */
  private dress(): void {
    const colours = palette(this.look.theme);
    addImages(this.gl, colours);
    for (const [id, source] of Object.entries(assetSources())) this.gl.addSource(id, source);
    this.gl.addSource(INCIDENTS, incidentSource());
    this.gl.addSource(CHOSEN, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    // Names lie over the dots, but make way for icons, which are laid above them.
    const names = ["water-name", "place-name", "area-name"].find((id) => this.gl.getLayer(id) !== undefined);
    for (const layer of assetLayers(colours, this.look.hidden)) {
      this.gl.addLayer(layer, layer.type === "circle" ? names : undefined);
    }
    this.cameras.dress(colours, ASSET_LAYERS[0] ?? "");
    const [halo, ...chosen] = chosenLayers(colours);
    if (halo !== undefined) this.gl.addLayer(halo);
    for (const layer of [...incidentLayers(colours), ...chosen]) this.gl.addLayer(layer);
    this.devices.rewrite();
    this.incidents.rewrite();
    this.choose(this.chosen);
    this.whatIf.rewrite(colours);
  }

  /** Lay something else over the map, or make it the operators' own again. */
  lay(overlay: Overlay | null): void {
    const before = this.overlay?.selected ?? null;
    this.overlay = overlay;
    this.whatIf.set(overlay, palette(this.look.theme));
    const selected = overlay?.places.find((place) => place.id === overlay.selected);
    if (selected !== undefined && selected.id !== before) this.reveal(selected.at, NOTHING_OVER);
  }

  setCameras(features: CameraFeatures): void {
    this.cameras.set(features);
  }

  setIncidents(incidents: Iterable<Incident>, chosen: string | null): void {
    this.incidents.set(incidents, chosen, this.look.language);
  }

  /** Put the halo around an incident or a place, or take it away. */
  choose(chosen: Incident | readonly [number, number] | null): void {
    this.chosen = chosen;
    const features =
      chosen === null
        ? []
        : "id" in chosen
          ? incidentFeatures([chosen], this.look.language).features
          : [halo(chosen)];
    void this.gl.getSource<GeoJSONSource>(CHOSEN)?.setData({ type: "FeatureCollection", features });
  }

  /** Go somewhere, with what floats over the map left out of the middle. */
  go(to: Destination, padding: Covered): void {
    const duration = this.look.still ? 0 : 450;
    if (to.kind === "bounds") {
      const [west, south, east, north] = to.bounds;
      this.gl.fitBounds([west, south, east, north], { padding: grown(padding, 32), duration });
      return;
    }
    const zoom = Math.max(this.gl.getZoom(), to.zoom);
    this.gl.easeTo({ center: [...to.at] as [number, number], zoom, offset: offset(padding), duration });
  }

  /** Move only as far as needed so that a place is not under a panel. */
  reveal(at: readonly [number, number], padding: Covered): void {
    const point = this.gl.project([...at] as [number, number]);
    const { clientWidth, clientHeight } = this.gl.getContainer();
    const margin = 48;
    const free =
      point.x > padding.left + margin &&
      point.x < clientWidth - padding.right - margin &&
      point.y > padding.top + margin &&
      point.y < clientHeight - padding.bottom - margin;
    if (free) return;
    this.gl.easeTo({
      center: [...at] as [number, number],
      offset: offset(padding),
      duration: this.look.still ? 0 : 350,
    });
  }

  whole(padding: Covered): void {
    this.go({ kind: "bounds", bounds: this.city.bounds }, padding);
  }

  private near(event: MapMouseEvent, layers: readonly string[]) {
    const { x, y } = event.point;
    const present = layers.filter((layer) => this.gl.getLayer(layer) !== undefined);
    if (present.length === 0) return undefined;
    return this.gl.queryRenderedFeatures(
      [
        [x - REACH, y - REACH],
        [x + REACH, y + REACH],
      ],
      { layers: present },
    )[0];
  }

  private click(event: MapMouseEvent): void {
    if (this.overlay !== null) {
      this.pick(event, this.overlay);
      return;
    }
    const incident = this.near(event, INCIDENT_LAYERS);
    if (incident !== undefined) {
      this.listener.openIncident(String(incident.properties.id));
      return;
    }
    const cluster = this.near(event, CLUSTER_LAYERS);
    if (cluster !== undefined && cluster.geometry.type === "Point") {
      const [lon = 0, lat = 0] = cluster.geometry.coordinates;
      void this.open(Number(cluster.properties.cluster_id), [lon, lat]);
      return;
    }
    const asset = this.near(event, ASSET_LAYERS);
    this.listener.chooseAsset(asset === undefined ? null : String(asset.properties.id));
  }

  private pick(event: MapMouseEvent, overlay: Overlay): void {
    const place = this.near(event, WHAT_IF_LAYERS);
    const asset = place === undefined ? this.near(event, ASSET_LAYERS) : undefined;
    const at = [event.lngLat.lng, event.lngLat.lat] as const;
    if (place !== undefined) overlay.pick({ kind: "place", id: String(place.properties.id) });
    else if (asset !== undefined) overlay.pick({ kind: "asset", id: String(asset.properties.id), at });
    else overlay.pick({ kind: "point", at });
  }

  private async open(cluster: number, center: [number, number]): Promise<void> {
    const source = this.gl.getSource<GeoJSONSource>(INCIDENTS);
    const zoom = await source?.getClusterExpansionZoom(cluster);
    if (zoom !== undefined) this.gl.easeTo({ center, zoom: zoom + 0.2, duration: this.look.still ? 0 : 350 });
  }

  private point(event: MapMouseEvent): void {
    const laid = this.overlay !== null;
    const over = this.near(event, laid ? WHAT_IF_LAYERS : [...INCIDENT_LAYERS, ...CLUSTER_LAYERS]);
    const asset = over === undefined ? this.near(event, ASSET_LAYERS) : undefined;
    const pointer = over !== undefined || asset !== undefined;
    this.gl.getCanvas().style.cursor = pointer ? "pointer" : laid ? "crosshair" : "";
    const id = asset === undefined ? null : String(asset.properties.id);
    if (id === this.pointed) return;
    this.pointed = id;
    this.listener.pointAsset(id);
  }

  private leave(): void {
    this.pointed = null;
    this.listener.pointAsset(null);
  }

  remove(): void {
    this.incidents.stop();
    this.gl.remove();
  }
}

function halo(at: readonly [number, number]): GeoJSON.Feature {
  return { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [...at] } };
}

/** The middle of what is free, as seen from the middle of the map. */
function offset(padding: Covered): [number, number] {
  return [(padding.left - padding.right) / 2, (padding.top - padding.bottom) / 2];
}

function grown(padding: Covered, by: number): Covered {
  return {
    left: padding.left + by,
    right: padding.right + by,
    top: padding.top + by,
    bottom: padding.bottom + by,
  };
}

/** Whether the browser has no graphics hardware to draw with; then a glide would cost every frame in full. */
function drawsInSoftware(map: GlMap): boolean {
  const context = map.getCanvas().getContext("webgl2");
  const info = context?.getExtension("WEBGL_debug_renderer_info");
  if (!context || !info) return true;
  return /swiftshader|llvmpipe|software/i.test(String(context.getParameter(info.UNMASKED_RENDERER_WEBGL)));
}
