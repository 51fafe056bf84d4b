/** The pictures that the map needs, drawn once for each theme: signs of severity and icons of kinds. */

import type { Map as GlMap } from "maplibre-gl";
import { KINDS, SEVERITIES, type Severity } from "../live/protocol";
import { ICONS, kindIcon } from "../shared/icon";
import { OUTLINE } from "../shared/sign";
import type { Palette } from "./palette";

/** Drawn at twice the size so that they are sharp on dense screens. */
export const DENSITY = 2;
const SIGN_SIZE = 24;
const ICON_SIZE = 12;
const TREES_SIZE = 24;
const OFFLINE_SIZE = 9;

/** The mark at the corner of a device that is offline. */
export const OFFLINE = "offline";
/** The pattern of woods on the plain map. */
export const TREES = "trees";

export const signImage = (severity: string, hollow: boolean): string =>
  `sign-${severity}${hollow ? "-hollow" : ""}`;
export const kindImage = (kind: string): string => `kind-${kind}`;

/** A place to draw a picture for the map, counted in CSS pixels. */
export function canvas(size: number): CanvasRenderingContext2D {
  const element = document.createElement("canvas");
  element.width = size * DENSITY;
  element.height = size * DENSITY;
  const context = element.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser cannot draw on a canvas.");
  context.scale(DENSITY, DENSITY);
  return context;
}

/** The picture as the map takes it. */
export function taken(context: CanvasRenderingContext2D): ImageData {
  return context.getImageData(0, 0, context.canvas.width, context.canvas.height);
}

function drawSign(severity: Severity, hollow: boolean, colours: Palette): ImageData {
  const context = canvas(SIGN_SIZE);
  const outline = new Path2D(OUTLINE[severity]);
  const scale = 18 / 16;
  context.translate((SIGN_SIZE - 16 * scale) / 2, (SIGN_SIZE - 16 * scale) / 2);
  context.scale(scale, scale);
  context.lineJoin = "round";
  // A rim in the ground's colour keeps the sign apart from whatever lies beneath it.
  context.strokeStyle = colours.halo;
  context.lineWidth = 4;
  context.stroke(outline);
  const outlined = hollow || severity === "info";
  context.fillStyle = outlined ? colours.halo : colours.severity[severity];
  context.fill(outline);
  context.strokeStyle = colours.severity[severity];
  context.lineWidth = outlined ? 2 : 0.6;
  context.stroke(outline);
  return taken(context);
}

function drawIcon(kind: string, colours: Palette): ImageData {
  const context = canvas(ICON_SIZE);
  context.scale(ICON_SIZE / 24, ICON_SIZE / 24);
  context.strokeStyle = colours.discIcon;
  context.lineWidth = 2.2;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const [tag, attributes] of ICONS[kindIcon(kind, kind === "moving")]) {
    const outline = outlineOf(tag, attributes as Record<string, string | number>);
    if (outline !== null) context.stroke(outline);
  }
  return taken(context);
}

function outlineOf(tag: string, attributes: Record<string, string | number>): Path2D | null {
  const at = (name: string): number => Number(attributes[name] ?? 0);
  const outline = new Path2D();
  switch (tag) {
    case "path":
      return new Path2D(String(attributes.d));
    case "circle":
      outline.arc(at("cx"), at("cy"), at("r"), 0, 2 * Math.PI);
      return outline;
    case "rect":
      outline.roundRect(at("x"), at("y"), at("width"), at("height"), at("rx"));
      return outline;
    case "line":
      outline.moveTo(at("x1"), at("y1"));
      outline.lineTo(at("x2"), at("y2"));
      return outline;
    default:
      return null;
  }
}

/** A few small marks, set like trees on an old survey sheet. */
function drawTrees(colours: Palette): ImageData {
  const context = canvas(TREES_SIZE);
  context.fillStyle = colours.trees;
  for (const [x, y] of [
    [4, 5],
    [15, 3],
    [9, 13],
    [20, 15],
    [2, 20],
    [14, 22],
  ] as const) {
    context.beginPath();
    context.arc(x, y, 0.9, 0, 2 * Math.PI);
    context.fill();
  }
  return taken(context);
}

/** A small cross on a disc. */
function drawOffline(colours: Palette): ImageData {
  const context = canvas(OFFLINE_SIZE);
  const middle = OFFLINE_SIZE / 2;
  context.fillStyle = colours.halo;
  context.beginPath();
  context.arc(middle, middle, middle, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = colours.text;
  context.lineWidth = 1.4;
  context.lineCap = "round";
  for (const side of [-1, 1]) {
    context.beginPath();
    context.moveTo(middle - 2, middle - 2 * side);
    context.lineTo(middle + 2, middle + 2 * side);
    context.stroke();
  }
  return taken(context);
}

/** Give the map every picture in a theme's colours. */
export function addImages(map: GlMap, colours: Palette): void {
  const add = (name: string, image: ImageData): void => {
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, image, { pixelRatio: DENSITY });
  };
  for (const severity of SEVERITIES) {
    add(signImage(severity, false), drawSign(severity, false, colours));
    add(signImage(severity, true), drawSign(severity, true, colours));
  }
  add(OFFLINE, drawOffline(colours));
  add(TREES, drawTrees(colours));
  for (const kind of [...KINDS, "moving", "other"]) add(kindImage(kind), drawIcon(kind, colours));
}
