/** Places and shapes in a picture: shares of its width and height, as the server keeps them. Pure, no screen needed. */

/** (0, 0) is the upper left corner, (1, 1) the lower right. */
export type Point = readonly [number, number];

export const WAYS = ["none", "in", "out", "both"] as const;
/** Ways over a line, for somebody who looks along it from its start to its end: `in` is from the left hand to the right. */
export type Way = (typeof WAYS)[number];

export interface Zone {
  readonly zone: string;
  readonly polygon: readonly Point[];
  /** Who stays longer is told of, seconds; null where nobody asks. */
  readonly dwell_s: number | null;
  readonly density: boolean;
}

export interface Line {
  readonly line: string;
  readonly from: Point;
  readonly to: Point;
  readonly forbidden: Way;
}

/** What is drawn on one camera's picture. */
export interface Geometry {
  /** The part that is looked at; the whole picture where empty. */
  readonly region: readonly Point[];
  readonly zones: readonly Zone[];
  readonly lines: readonly Line[];
}

export const NOTHING_DRAWN: Geometry = { region: [], zones: [], lines: [] };

/** How large the picture is on the screen, CSS pixels. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Left, top, right, bottom, in shares. */
export type Box = readonly [number, number, number, number];

/** Read a box as events write it, `0.31,0.2,0.39,0.86`; null where it is none. */
export function readBox(written: unknown): Box | null {
  const parts = Array.isArray(written) ? written : typeof written === "string" ? written.split(",") : [];
  const sides = parts.map(Number);
  const [left = Number.NaN, top = Number.NaN, right = Number.NaN, bottom = Number.NaN] = sides;
  if (sides.length !== 4 || !sides.every((side) => side >= 0 && side <= 1)) return null;
  return left < right && top < bottom ? [left, top, right, bottom] : null;
}

/** A share with the digits that a picture can tell apart. */
export function rounded(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * 10_000) / 10_000;
}

export function inside([x, y]: Point): Point {
  return [rounded(x), rounded(y)];
}

/** The distance between two places as it is seen on the screen, pixels. */
export function seen(a: Point, b: Point, extent: Extent): number {
  return Math.hypot((a[0] - b[0]) * extent.width, (a[1] - b[1]) * extent.height);
}

/** The part of the picture that a polygon encloses; its sign is dropped. */
export function area(polygon: readonly Point[]): number {
  let twice = 0;
  for (const [index, a] of polygon.entries()) {
    const b = polygon[(index + 1) % polygon.length] ?? a;
    twice += a[0] * b[1] - b[0] * a[1];
  }
  return Math.abs(twice) / 2;
}

/** Whether a place lies in a polygon, by how often a ray from it crosses the edges. */
export function contains(polygon: readonly Point[], [x, y]: Point): boolean {
  let within = false;
  for (const [index, a] of polygon.entries()) {
    const b = polygon[(index + 1) % polygon.length] ?? a;
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) within = !within;
  }
  return within;
}

/** Whether two edges of a polygon cross, so that nobody can say what is inside. */
export function crossesItself(polygon: readonly Point[]): boolean {
  const count = polygon.length;
  for (let first = 0; first < count; first += 1) {
    for (let second = first + 2; second < count; second += 1) {
      if (first === 0 && second === count - 1) continue;
      if (
        cross(
          corner(polygon, first),
          corner(polygon, first + 1),
          corner(polygon, second),
          corner(polygon, second + 1),
        )
      )
        return true;
    }
  }
  return false;
}

function corner(polygon: readonly Point[], index: number): Point {
  return polygon[index % polygon.length] ?? [0, 0];
}

function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point): number =>
    Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** The place on the stretch from a to b that is nearest to a place, as it is seen on the screen. */
export function nearest(a: Point, b: Point, place: Point, extent: Extent): Point {
  const [dx, dy] = [(b[0] - a[0]) * extent.width, (b[1] - a[1]) * extent.height];
  const [px, py] = [(place[0] - a[0]) * extent.width, (place[1] - a[1]) * extent.height];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

export function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** Where the name of a polygon stands: the mean of its corners where that is inside, else its first corner. */
export function labelPlace(polygon: readonly Point[]): Point {
  const count = Math.max(1, polygon.length);
  const mean: Point = [
    polygon.reduce((sum, [x]) => sum + x, 0) / count,
    polygon.reduce((sum, [, y]) => sum + y, 0) / count,
  ];
  return contains(polygon, mean) ? mean : (polygon[0] ?? mean);
}

/** The direction of `in` over a line as it is seen on the screen, of length 1: to the right of who looks along it. */
export function wayIn(from: Point, to: Point, extent: Extent): Point {
  const [dx, dy] = [(to[0] - from[0]) * extent.width, (to[1] - from[1]) * extent.height];
  const length = Math.hypot(dx, dy) || 1;
  // Down is positive in pictures, so the right hand of (1, 0) is (0, 1). "0 -" keeps a negative zero away.
  return [0 - dy / length, dx / length];
}
