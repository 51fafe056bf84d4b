/** Cameras on the map beyond their dots: where they look, and how many people they see now. */

import type { ExpressionSpecification, GeoJSONSource, Map as GlMap, LayerSpecification } from "maplibre-gl";
import { ICONS } from "../shared/icon";
import type { CameraFeatures } from "./camera-features";
import { canvas, DENSITY, taken } from "./images";
import { type Palette, STRONG_FONT } from "./palette";

const FIELDS = "camera-fields";
const PEOPLE = "camera-people";
const IMAGE = "people";
const SIZE = 13;

/** From here on all fields of view are drawn: the streets are wider than a camera's wedge. */
const FIELDS_ZOOM = 15.5;
/** From where the whole city is seen; those that would lie over one another make way for the larger number. */
const PEOPLE_ZOOM = 9.5;
const CLOSE_ZOOM = 13.5;

const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

function layers(colours: Palette): readonly LayerSpecification[] {
  const chosen: ExpressionSpecification = ["==", ["get", "chosen"], 1];
  const others: ExpressionSpecification = ["!", chosen];
  const [fill, line] = [
    { "fill-color": colours.selection },
    { "line-color": colours.selection, "line-width": 1 },
  ];
  return [
    {
      id: "camera-field",
      type: "fill",
      source: FIELDS,
      minzoom: FIELDS_ZOOM,
      filter: others,
      paint: { ...fill, "fill-opacity": 0.07 },
    },
    {
      id: "camera-field-edge",
      type: "line",
      source: FIELDS,
      minzoom: FIELDS_ZOOM,
      filter: others,
      paint: { ...line, "line-opacity": 0.3 },
    },
    {
      id: "camera-field-chosen",
      type: "fill",
      source: FIELDS,
      filter: chosen,
      paint: { ...fill, "fill-opacity": 0.16 },
    },
    {
      id: "camera-field-chosen-edge",
      type: "line",
      source: FIELDS,
      filter: chosen,
      paint: { ...line, "line-opacity": 0.75 },
    },
    {
      id: "camera-people",
      type: "symbol",
      source: PEOPLE,
      minzoom: PEOPLE_ZOOM,
      layout: {
        "icon-image": IMAGE,
        "icon-anchor": "left",
        // Near by, nothing is dearer than who is there; from afar numbers make way for titles and one another.
        "icon-overlap": ["step", ["zoom"], "never", CLOSE_ZOOM, "always"],
        "text-overlap": ["step", ["zoom"], "never", CLOSE_ZOOM, "always"],
        "icon-offset": [
          "interpolate",
          ["linear"],
          ["zoom"],
          13,
          ["literal", [7, 0]],
          15,
          ["literal", [13, 0]],
        ],
        "text-field": ["to-string", ["get", "people"]],
        "text-font": STRONG_FONT,
        "text-size": 12,
        "text-anchor": "left",
        "text-offset": [
          "interpolate",
          ["linear"],
          ["zoom"],
          13,
          ["literal", [1.95, 0]],
          15,
          ["literal", [2.5, 0]],
        ],
        "symbol-sort-key": ["-", 0, ["get", "people"]],
      },
      paint: {
        "text-color": colours.text,
        "text-halo-color": colours.halo,
        "text-halo-width": 1.6,
      },
    },
  ];
}

/** Two heads, with a rim in the ground's colour. */
function drawPeople(colours: Palette): ImageData {
  const context = canvas(SIZE);
  context.scale(SIZE / 24, SIZE / 24);
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const [colour, width] of [
    [colours.halo, 6],
    [colours.text, 2.4],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    for (const [tag, attributes] of ICONS.count) {
      const of = attributes as Readonly<Record<string, string | number>>;
      const outline = tag === "path" ? new Path2D(String(of.d)) : new Path2D();
      if (tag === "circle") outline.arc(Number(of.cx), Number(of.cy), Number(of.r), 0, 2 * Math.PI);
      context.stroke(outline);
    }
  }
  return taken(context);
}

/** Keeps fields of view and numbers of people in step with what is known. */
export class CameraMarks {
  private shown: CameraFeatures = { fields: NOTHING, people: NOTHING };
  private written = "";

  constructor(private readonly map: GlMap) {}

  /** Lay the layers over a base map that has just been loaded; fields of view beneath the dots. */
  dress(colours: Palette, beneath: string): void {
    if (this.map.hasImage(IMAGE)) this.map.removeImage(IMAGE);
    this.map.addImage(IMAGE, drawPeople(colours), { pixelRatio: DENSITY });
    for (const id of [FIELDS, PEOPLE]) this.map.addSource(id, { type: "geojson", data: NOTHING });
    for (const layer of layers(colours)) {
      this.map.addLayer(layer, layer.type === "symbol" ? undefined : beneath);
    }
    this.written = "";
    this.flush();
  }

  set(features: CameraFeatures): void {
    this.shown = features;
    this.flush();
  }

  private flush(): void {
    // Most of the time nobody has come or gone; to draw the map again would cost a frame in full.
    const next = JSON.stringify(this.shown);
    const source = this.map.getSource<GeoJSONSource>(FIELDS);
    if (source === undefined || next === this.written) return;
    this.written = next;
    void source.setData(this.shown.fields);
    void this.map.getSource<GeoJSONSource>(PEOPLE)?.setData(this.shown.people);
  }
}
