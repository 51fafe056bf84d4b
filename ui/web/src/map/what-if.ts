/** What a drafted rule would have done, laid over the map: a sign at each place, and the live incidents dimmed. */

import type { GeoJSONSource, Map as GlMap, LayerSpecification } from "maplibre-gl";
import { CHANGES } from "../rules/pictures/lanes";
import { FULL, STROKE } from "../rules/pictures/sign-outline";
import type { Change } from "../rules/protocol";
import { canvas, DENSITY, taken } from "./images";
import type { Overlay } from "./overlay";
import { type Palette, STRONG_FONT } from "./palette";
import { image, whatIfFeatures } from "./what-if-features";

const WHAT_IF = "what-if";
const ASKED = "what-if-asked";
/** What changes lies above what stays, and gets its text first. */
export const WHAT_IF_LAYERS = ["what-if-same", "what-if-sign"];

const SIZE = 22;
/** The opacity of incidents while something else is what matters. */
const DIM = 0.22;

export function colourOf(change: Change, colours: Palette): string {
  if (change === "added") return colours.online;
  if (change === "gone") return colours.severity.critical;
  return change === "moved" ? colours.severity.minor : colours.offline;
}

function drawSign(change: Change, colours: Palette): ImageData {
  const context = canvas(SIZE);
  context.scale(SIZE / 16, SIZE / 16);
  const outline = new Path2D();
  const small = change === "same" ? 2 : 0;
  outline.roundRect(
    1.8 + small,
    1.8 + small,
    12.4 - 2 * small,
    12.4 - 2 * small,
    change === "moved" ? 6.2 : 3,
  );
  context.strokeStyle = colours.halo;
  context.lineWidth = 3.2;
  context.stroke(outline);
  const colour = colourOf(change, colours);
  context.fillStyle = FULL[change] ? colour : colours.halo;
  context.fill(outline);
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.stroke(outline);
  if (change === "same") return taken(context);
  context.strokeStyle = FULL[change] ? colours.halo : colour;
  context.lineWidth = 2;
  context.lineCap = "round";
  context.stroke(new Path2D(STROKE[change]));
  return taken(context);
}

function layers(colours: Palette): LayerSpecification[] {
  return [
    {
      id: "what-if-halo",
      type: "circle",
      source: WHAT_IF,
      filter: ["==", ["get", "chosen"], 1],
      paint: {
        "circle-radius": 16,
        "circle-color": colours.selection,
        "circle-opacity": 0.2,
        "circle-stroke-color": colours.selection,
        "circle-stroke-width": 2,
      },
    },
    signs("what-if-same", colours, 0.7),
    signs("what-if-sign", colours, 1),
    {
      id: "what-if-asked",
      type: "circle",
      source: ASKED,
      paint: {
        "circle-radius": 7,
        "circle-color": colours.selection,
        "circle-opacity": 0.25,
        "circle-stroke-color": colours.selection,
        "circle-stroke-width": 2,
      },
    },
  ];
}

function signs(id: string, colours: Palette, size: number): LayerSpecification {
  const same = CHANGES.indexOf("same");
  return {
    id,
    type: "symbol",
    source: WHAT_IF,
    filter: [id === "what-if-same" ? "==" : "!=", ["get", "rank"], same],
    layout: {
      "icon-image": ["get", "image"],
      "icon-size": size,
      "icon-allow-overlap": true,
      "icon-overlap": "always",
      "text-field": ["get", "tally"],
      "text-font": STRONG_FONT,
      "text-size": 12,
      "text-anchor": "left",
      "text-offset": [1, 0],
      "text-optional": true,
      "text-max-width": 20,
      // What is drawn last lies on top.
      "symbol-sort-key": ["-", same, ["get", "rank"]],
    },
    paint: {
      "text-color": colours.text,
      "text-halo-color": colours.halo,
      "text-halo-width": 1.6,
      "text-halo-blur": 0.4,
    },
  };
}

const INCIDENT_MARKS = ["incident-ring", "incident-cluster", "incident-sign", "incident-cluster-count"];

/** Keeps the overlay in step with what it is given; without any, nothing of it is on the map. */
export class WhatIfMarks {
  private shown: Overlay | null = null;
  private laid = false;
  private written = "";

  constructor(private readonly map: GlMap) {}

  set(next: Overlay | null, colours: Palette): void {
    this.shown = next;
    if (next === null) this.lift();
    else {
      this.lay(colours);
      this.fill(next);
    }
  }

  /** Lay everything anew, after the style was replaced. */
  rewrite(colours: Palette): void {
    this.laid = false;
    if (this.shown !== null) this.set(this.shown, colours);
  }

  private lay(colours: Palette): void {
    if (this.laid || this.map.getLayer("incident-sign") === undefined) return;
    this.laid = true;
    this.written = "";
    const nothing = { type: "FeatureCollection" as const, features: [] };
    for (const change of CHANGES) {
      if (this.map.hasImage(image(change))) this.map.removeImage(image(change));
      this.map.addImage(image(change), drawSign(change, colours), { pixelRatio: DENSITY });
    }
    this.map.addSource(WHAT_IF, { type: "geojson", data: nothing });
    this.map.addSource(ASKED, { type: "geojson", data: nothing });
    for (const layer of layers(colours)) this.map.addLayer(layer);
    for (const id of INCIDENT_MARKS) dim(this.map, id, true);
  }

  private fill(overlay: Overlay): void {
    const features = whatIfFeatures(overlay.places, overlay.selected);
    // Much that the overlay follows leaves the map as it is, and to draw it again costs a frame in full.
    const next = JSON.stringify([features, overlay.asked]);
    if (next === this.written) return;
    this.written = next;
    void this.map.getSource<GeoJSONSource>(WHAT_IF)?.setData(features);
    void this.map.getSource<GeoJSONSource>(ASKED)?.setData({
      type: "FeatureCollection",
      features:
        overlay.asked === null
          ? []
          : [
              {
                type: "Feature",
                properties: {},
                geometry: { type: "Point", coordinates: [...overlay.asked] },
              },
            ],
    });
  }

  private lift(): void {
    if (!this.laid) return;
    this.laid = false;
    for (const id of ["what-if-asked", ...WHAT_IF_LAYERS, "what-if-halo"]) {
      if (this.map.getLayer(id) !== undefined) this.map.removeLayer(id);
    }
    for (const id of [WHAT_IF, ASKED]) if (this.map.getSource(id) !== undefined) this.map.removeSource(id);
    for (const id of INCIDENT_MARKS) dim(this.map, id, false);
  }
}

/** Let a layer step back, or come forward again; titles go altogether, so that they do not compete. */
function dim(map: GlMap, id: string, away: boolean): void {
  const layer = map.getLayer(id);
  if (layer === undefined) return;
  if (id === "incident-ring") map.setLayoutProperty(id, "visibility", away ? "none" : "visible");
  else if (layer.type === "circle") {
    map.setPaintProperty(id, "circle-opacity", away ? DIM : 1);
    map.setPaintProperty(id, "circle-stroke-opacity", away ? DIM : 1);
  } else {
    map.setPaintProperty(id, "icon-opacity", away ? DIM : 1);
    map.setPaintProperty(id, "text-opacity", away ? 0 : 1);
  }
}
