/** Incidents on the map: their signs, a ring that breathes while nobody has taken them, and titles where there is room. */

import type { ExpressionSpecification, GeoJSONSource, Map as GlMap, LayerSpecification } from "maplibre-gl";
import { type Language, text } from "../i18n";
import { compare, rank } from "../list/order";
import { type Incident, SEVERITIES } from "../live/protocol";
import { isWaiting } from "../live/reduce";
import { signImage } from "./images";
import { type Palette, STRONG_FONT } from "./palette";

export const INCIDENTS = "incidents";
export const INCIDENT_LAYERS = ["incident-sign"];
export const CLUSTER_LAYERS = ["incident-cluster"];

/** A breath takes two of these, milliseconds: half a breath a second, far from a flash. */
const HALF_BREATH = 1_000;
const TITLE_LENGTH = 44;

/** What is chosen has a source of its own, so that no cluster swallows it. */
export const CHOSEN = "chosen";

/** The features of incidents that have a place and concern operators. */
export function incidentFeatures(
  incidents: Iterable<Incident>,
  language: Language,
): GeoJSON.FeatureCollection {
  const features: GeoJSON.Feature[] = [];
  for (const incident of [...incidents].sort(compare)) {
    if (incident.lat === null || incident.lon === null) continue;
    const title = text(incident.title, language).normalize("NFC");
    features.push({
      type: "Feature",
      properties: {
        id: incident.id,
        rank: rank(incident.severity),
        image: signImage(incident.severity, incident.condition === "cleared"),
        waits: isWaiting(incident) ? 1 : 0,
        title: title.length > TITLE_LENGTH ? `${title.slice(0, TITLE_LENGTH - 1).trimEnd()}…` : title,
      },
      geometry: { type: "Point", coordinates: [incident.lon, incident.lat] },
    });
  }
  return { type: "FeatureCollection", features };
}

export function incidentSource() {
  return {
    type: "geojson" as const,
    data: { type: "FeatureCollection", features: [] } as GeoJSON.FeatureCollection,
    cluster: true,
    clusterRadius: 22,
    clusterMaxZoom: 14,
    clusterProperties: { rank: ["min", ["get", "rank"]] },
  };
}

export function incidentLayers(colours: Palette): LayerSpecification[] {
  const colour = [
    "match",
    ["get", "rank"],
    ...SEVERITIES.flatMap((severity, index) => [index, colours.severity[severity]]),
    colours.severity.info,
  ] as unknown as ExpressionSpecification;
  const single: ExpressionSpecification = ["!", ["has", "point_count"]];
  return [
    {
      id: "incident-ring",
      type: "circle",
      source: INCIDENTS,
      filter: ["all", ["==", ["get", "waits"], 1], single],
      layout: { "circle-sort-key": ["-", 5, ["get", "rank"]] },
      paint: {
        "circle-radius": 15,
        "circle-color": colour,
        "circle-opacity": 0.1,
        "circle-stroke-color": colour,
        "circle-stroke-width": 1.5,
        "circle-stroke-opacity": 0.9,
      },
    },
    {
      id: "incident-cluster",
      type: "circle",
      source: INCIDENTS,
      filter: ["has", "point_count"],
      layout: { "circle-sort-key": ["-", 5, ["get", "rank"]] },
      paint: {
        "circle-radius": 13,
        "circle-color": colours.disc,
        "circle-stroke-color": colour,
        "circle-stroke-width": 2.5,
      },
    },
    signLayer("incident-sign", INCIDENTS, single, colours),
  ];
}

/** A sign with its title beside it, on whichever side has room. */
function signLayer(
  id: string,
  source: string,
  filter: ExpressionSpecification,
  colours: Palette,
): LayerSpecification {
  return {
    id,
    type: "symbol",
    source,
    filter,
    layout: {
      "icon-image": ["get", "image"],
      "icon-allow-overlap": true,
      "icon-overlap": "always",
      "text-field": ["get", "title"],
      "text-font": STRONG_FONT,
      "text-size": 12,
      "text-variable-anchor": ["left", "right", "top", "bottom"],
      "text-radial-offset": 1.5,
      "text-justify": "auto",
      "text-max-width": 13,
      "text-line-height": 1.3,
      "text-optional": true,
      "symbol-sort-key": ["get", "rank"],
    },
    paint: {
      "text-color": colours.text,
      "text-halo-color": colours.halo,
      "text-halo-width": 1.6,
      "text-halo-blur": 0.4,
    },
  };
}

/** The halo of what is chosen, its sign where it is an incident, and the counts of clusters. */
export function chosenLayers(colours: Palette): LayerSpecification[] {
  const worst = [
    "match",
    ["get", "rank"],
    ...SEVERITIES.flatMap((severity, index) => [index, signImage(severity, false)]),
    signImage("info", false),
  ] as unknown as ExpressionSpecification;
  return [
    {
      id: "chosen-halo",
      type: "circle",
      source: CHOSEN,
      paint: {
        "circle-radius": 19,
        "circle-color": colours.selection,
        "circle-opacity": 0.2,
        "circle-stroke-color": colours.selection,
        "circle-stroke-width": 2,
      },
    },
    signLayer("chosen-sign", CHOSEN, ["has", "image"], colours),
    // On top, so that no title is laid over a count.
    {
      id: "incident-cluster-count",
      type: "symbol",
      source: INCIDENTS,
      filter: ["has", "point_count"],
      layout: {
        "text-field": ["get", "point_count_abbreviated"],
        "text-font": STRONG_FONT,
        "text-size": 12,
        "text-allow-overlap": true,
        "text-padding": 9,
        "icon-image": worst,
        "icon-size": 0.55,
        "icon-offset": [0, -26],
        "icon-allow-overlap": true,
        "symbol-sort-key": ["get", "rank"],
      },
      paint: { "text-color": colours.text },
    },
  ];
}

/** Keeps the marks of incidents in step, and lets the rings of waiting ones breathe. */
export class IncidentMarks {
  private shown: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
  private written = "";
  private timer: ReturnType<typeof setTimeout> | null = null;
  private breath: ReturnType<typeof setInterval> | null = null;
  private out = false;

  constructor(private readonly map: GlMap) {}

  /**
   * Show these incidents, but for the one that is chosen: that one is drawn apart.
   */
  set(incidents: Iterable<Incident>, chosen: string | null, language: Language): void {
    const others = [...incidents].filter((incident) => incident.id !== chosen);
    this.shown = incidentFeatures(others, language);
    this.timer ??= setTimeout(() => this.flush(), 100);
  }

  /** Write everything anew, after the style was replaced. */
  rewrite(): void {
    this.written = "";
    this.flush();
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const source = this.map.getSource<GeoJSONSource>(INCIDENTS);
    // Most changes (a comment, a new revision) leave the map as it is.
    const next = JSON.stringify(this.shown);
    if (source === undefined || next === this.written) return;
    this.written = next;
    void source.setData(this.shown);
  }

  /**
   * Breathe, or stand still.
   *
   * @param smooth whether the drawing is fast enough for a glide; else the ring changes in steps
   */
  breathe(moving: boolean, smooth: boolean): void {
    if (this.breath !== null) clearInterval(this.breath);
    this.breath = null;
    if (!moving) {
      this.paint(0.9, 0);
      return;
    }
    this.breath = setInterval(() => {
      if (document.hidden) return;
      this.out = !this.out;
      this.paint(this.out ? 0.25 : 0.95, smooth ? HALF_BREATH * 0.95 : 0);
    }, HALF_BREATH);
  }

  private paint(opacity: number, glide: number): void {
    if (!this.map.getLayer("incident-ring")) return;
    this.map.setPaintProperty(
      "incident-ring",
      "circle-stroke-opacity-transition" as never,
      { duration: glide, delay: 0 } as never,
    );
    this.map.setPaintProperty("incident-ring", "circle-stroke-opacity", opacity);
  }

  stop(): void {
    if (this.breath !== null) clearInterval(this.breath);
    if (this.timer !== null) clearTimeout(this.timer);
  }
}
