/** What can be done to the zones and lines of a picture, what is wrong with them, and what a pointer meets. Pure. */

import {
  area,
  contains,
  crossesItself,
  type Extent,
  type Geometry,
  inside,
  type Line,
  middle,
  nearest,
  type Point,
  seen,
  type Zone,
} from "./geometry";

/** The same limits as the server's. */
export const MAX_SHAPES = 32;
export const MAX_CORNERS = 64;
export const MAX_NAME = 64;
export const MAX_DWELL = 86_400;
const SMALLEST_AREA = 1e-5;
const SHORTEST_LINE = 0.01;

export type Shape =
  | { readonly kind: "zone"; readonly index: number }
  | { readonly kind: "line"; readonly index: number }
  | { readonly kind: "region" };

export function same(a: Shape | null, b: Shape | null): boolean {
  if (a === null || b === null || a.kind !== b.kind) return a === b;
  return a.kind === "region" || b.kind === "region" || a.index === b.index;
}

/** The corners of a shape in their order; two for a line. */
export function cornersOf(geometry: Geometry, shape: Shape): readonly Point[] {
  if (shape.kind === "region") return geometry.region;
  if (shape.kind === "zone") return geometry.zones[shape.index]?.polygon ?? [];
  const line = geometry.lines[shape.index];
  return line === undefined ? [] : [line.from, line.to];
}

function withCorners(geometry: Geometry, shape: Shape, corners: readonly Point[]): Geometry {
  if (shape.kind === "region") return { ...geometry, region: corners };
  if (shape.kind === "zone") return changeZone(geometry, shape.index, { polygon: corners });
  const [from, to] = corners;
  return from === undefined || to === undefined ? geometry : changeLine(geometry, shape.index, { from, to });
}

export function changeZone(geometry: Geometry, index: number, to: Partial<Zone>): Geometry {
  return {
    ...geometry,
    zones: geometry.zones.map((zone, at) => (at === index ? { ...zone, ...to } : zone)),
  };
}

export function changeLine(geometry: Geometry, index: number, to: Partial<Line>): Geometry {
  return {
    ...geometry,
    lines: geometry.lines.map((line, at) => (at === index ? { ...line, ...to } : line)),
  };
}

/** Put a corner elsewhere; never out of the picture. */
export function moveCorner(geometry: Geometry, shape: Shape, corner: number, to: Point): Geometry {
  const corners = cornersOf(geometry, shape);
  return withCorners(
    geometry,
    shape,
    corners.map((at, index) => (index === corner ? inside(to) : at)),
  );
}

/** Put a new corner behind one. */
export function insertCorner(geometry: Geometry, shape: Shape, behind: number, at: Point): Geometry {
  const corners = cornersOf(geometry, shape);
  if (shape.kind === "line" || corners.length >= MAX_CORNERS) return geometry;
  return withCorners(geometry, shape, corners.toSpliced(behind + 1, 0, inside(at)));
}

/** Take a corner away; a polygon keeps three. */
export function deleteCorner(geometry: Geometry, shape: Shape, corner: number): Geometry {
  const corners = cornersOf(geometry, shape);
  if (shape.kind === "line" || corners.length <= 3) return geometry;
  return withCorners(geometry, shape, corners.toSpliced(corner, 1));
}

/** Move a whole shape, as far as the picture goes. */
export function moveShape(geometry: Geometry, shape: Shape, [dx, dy]: Point): Geometry {
  const corners = cornersOf(geometry, shape);
  const held = (by: number, along: readonly number[]): number =>
    Math.min(1 - Math.max(...along), Math.max(-Math.min(...along), by));
  const x = held(
    dx,
    corners.map((at) => at[0]),
  );
  const y = held(
    dy,
    corners.map((at) => at[1]),
  );
  return withCorners(
    geometry,
    shape,
    corners.map((at) => inside([at[0] + x, at[1] + y])),
  );
}

export function remove(geometry: Geometry, shape: Shape): Geometry {
  if (shape.kind === "region") return { ...geometry, region: [] };
  if (shape.kind === "zone") return { ...geometry, zones: geometry.zones.toSpliced(shape.index, 1) };
  return { ...geometry, lines: geometry.lines.toSpliced(shape.index, 1) };
}

/** Turn a line round, so that `in` is the other way. */
export function turnLine(geometry: Geometry, index: number): Geometry {
  const line = geometry.lines[index];
  return line === undefined ? geometry : changeLine(geometry, index, { from: line.to, to: line.from });
}

/** The first of `word 1`, `word 2`, … that no other has. */
export function freeName(word: string, taken: readonly string[]): string {
  let number = 1;
  while (taken.includes(`${word} ${number}`)) number += 1;
  return `${word} ${number}`;
}

export function addZone(geometry: Geometry, polygon: readonly Point[], word: string): Geometry {
  const zone = freeName(
    word,
    geometry.zones.map((one) => one.zone),
  );
  const added: Zone = { zone, polygon: polygon.map(inside), dwell_s: null, density: false };
  return { ...geometry, zones: [...geometry.zones, added] };
}

export function addLine(geometry: Geometry, from: Point, to: Point, word: string): Geometry {
  const line = freeName(
    word,
    geometry.lines.map((one) => one.line),
  );
  const added: Line = { line, from: inside(from), to: inside(to), forbidden: "none" };
  return { ...geometry, lines: [...geometry.lines, added] };
}

export type ProblemKind = "name" | "twice" | "flat" | "short" | "crossed" | "dwell" | "many";

export interface Problem {
  readonly shape: Shape;
  readonly kind: ProblemKind;
  /** The server would refuse it; what is not grave can be saved, but is hardly meant. */
  readonly grave: boolean;
}

/** What keeps a drawing from being saved, or is hardly meant. */
export function problems(geometry: Geometry): Problem[] {
  const found: Problem[] = [];
  const say = (shape: Shape, kind: ProblemKind, grave = true): void => {
    found.push({ shape, kind, grave });
  };
  const outline = (shape: Shape, polygon: readonly Point[]): void => {
    if (area(polygon) < SMALLEST_AREA) say(shape, "flat");
    else if (crossesItself(polygon)) say(shape, "crossed", false);
  };
  if (geometry.region.length > 0) outline({ kind: "region" }, geometry.region);
  const names = geometry.zones.map((zone) => zone.zone);
  for (const [index, zone] of geometry.zones.entries()) {
    const shape: Shape = { kind: "zone", index };
    if (!isName(zone.zone)) say(shape, "name");
    else if (names.indexOf(zone.zone) !== index) say(shape, "twice");
    outline(shape, zone.polygon);
    if (zone.dwell_s !== null && !(zone.dwell_s > 0 && zone.dwell_s <= MAX_DWELL)) say(shape, "dwell");
    if (index >= MAX_SHAPES) say(shape, "many");
  }
  const lineNames = geometry.lines.map((line) => line.line);
  for (const [index, line] of geometry.lines.entries()) {
    const shape: Shape = { kind: "line", index };
    if (!isName(line.line)) say(shape, "name");
    else if (lineNames.indexOf(line.line) !== index) say(shape, "twice");
    if (Math.hypot(line.from[0] - line.to[0], line.from[1] - line.to[1]) < SHORTEST_LINE) say(shape, "short");
    if (index >= MAX_SHAPES) say(shape, "many");
  }
  return found;
}

// What cannot be printed: controls, marks of direction, separators other than the plain space.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|[^\S ]/u;

function isName(name: string): boolean {
  return name.length > 0 && [...name].length <= MAX_NAME && name === name.trim() && !UNPRINTABLE.test(name);
}

export type Hit =
  | { readonly on: "corner"; readonly shape: Shape; readonly corner: number }
  /** On an edge, behind a corner; `at` is the place on the edge. */
  | { readonly on: "edge"; readonly shape: Shape; readonly corner: number; readonly at: Point }
  | { readonly on: "inside"; readonly shape: Shape };

/**
 * What a pointer meets.
 *
 * The chosen shape comes first, then lines, then small zones before those around them; the region only by its edge,
 * for it may be the whole picture.
 *
 * @param reach how near counts, pixels
 */
export function hit(
  geometry: Geometry,
  place: Point,
  chosen: Shape | null,
  extent: Extent,
  reach: number,
): Hit | null {
  const shapes = inOrder(geometry, chosen);
  for (const shape of shapes) {
    const corners = cornersOf(geometry, shape);
    const corner = closest(corners, place, extent, reach);
    if (corner !== null && (same(shape, chosen) || shape.kind === "line"))
      return { on: "corner", shape, corner };
  }
  for (const shape of shapes) {
    const found = edgeNear(geometry, shape, place, extent, reach);
    if (found !== null && (shape.kind !== "zone" || same(shape, chosen))) return found;
  }
  for (const shape of shapes) {
    if (shape.kind === "zone" && contains(cornersOf(geometry, shape), place)) return { on: "inside", shape };
  }
  for (const shape of shapes) {
    const found = edgeNear(geometry, shape, place, extent, reach);
    if (found !== null) return found;
  }
  return null;
}

function inOrder(geometry: Geometry, chosen: Shape | null): Shape[] {
  const lines = geometry.lines.map((_, index): Shape => ({ kind: "line", index }));
  const zones = geometry.zones
    .map((zone, index) => ({ shape: { kind: "zone", index } as Shape, size: area(zone.polygon) }))
    .sort((a, b) => a.size - b.size)
    .map((one) => one.shape);
  const region: Shape[] = geometry.region.length > 0 ? [{ kind: "region" }] : [];
  const all = [...lines, ...zones, ...region];
  return chosen === null ? all : [chosen, ...all.filter((shape) => !same(shape, chosen))];
}

function closest(corners: readonly Point[], place: Point, extent: Extent, reach: number): number | null {
  let best: number | null = null;
  let least = reach;
  for (const [index, corner] of corners.entries()) {
    const distance = seen(corner, place, extent);
    if (distance <= least) {
      best = index;
      least = distance;
    }
  }
  return best;
}

function edgeNear(
  geometry: Geometry,
  shape: Shape,
  place: Point,
  extent: Extent,
  reach: number,
): (Hit & { on: "edge" }) | null {
  const corners = cornersOf(geometry, shape);
  const edges = shape.kind === "line" ? 1 : corners.length;
  let best: (Hit & { on: "edge" }) | null = null;
  let least = reach;
  for (let corner = 0; corner < edges; corner += 1) {
    const [a, b] = [corners[corner], corners[(corner + 1) % corners.length]];
    if (a === undefined || b === undefined) continue;
    const at = nearest(a, b, place, extent);
    const distance = seen(at, place, extent);
    if (distance <= least) {
      best = { on: "edge", shape, corner, at };
      least = distance;
    }
  }
  return best;
}

/** The places between corners at which a new one can be put. */
export function betweens(geometry: Geometry, shape: Shape): Point[] {
  if (shape.kind === "line") return [];
  const corners = cornersOf(geometry, shape);
  return corners.map((corner, index) => middle(corner, corners[(index + 1) % corners.length] ?? corner));
}
