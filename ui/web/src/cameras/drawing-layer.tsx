/** What lies over the picture while somebody draws on it: shapes that can be taken hold of by mouse, finger and keys. */

// biome-ignore-all lint/a11y/useSemanticElements: a button cannot be a part of a drawing

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { words } from "../i18n";
import { visible } from "../shared/visible";
import type { Shape } from "./drawing";
import * as drawing from "./drawing";
import {
  change,
  choose,
  chosen,
  click,
  draft,
  finish,
  pending,
  settled,
  tool,
  corner as touched,
} from "./editor";
import { type Extent, type Geometry, inside, middle, type Point, seen } from "./geometry";
import { ShapeNames, Shapes } from "./shapes";

/** How near counts, pixels: a finger covers more than a pointer's tip. */
const NEAR = { mouse: 9, touch: 24 };
/** How far an arrow key moves a corner, in shares; with Shift. */
const STEP = 0.005;
const STRIDE = 0.03;

interface Held {
  readonly shape: Shape;
  /** The corner that is held; null for the whole shape. */
  readonly corner: number | null;
  /** Where the pointer went down, and how far beside the corner that was. */
  readonly from: Point;
  readonly beside: Point;
  /** What was drawn then. */
  readonly before: Geometry;
  readonly about: string;
}

let drags = 0;

export function DrawingLayer({ extent }: { extent: Extent }) {
  const surface = useRef<SVGSVGElement>(null);
  const held = useRef<Held | null>(null);
  const over = useSignal<drawing.Hit | null>(null);
  const pointer = useSignal<Point | null>(null);
  const down = useRef(false);
  const geometry = draft.value?.history.now;
  if (geometry === undefined) return null;

  const placeOf = (event: PointerEvent): Point => {
    const box = surface.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return [0, 0];
    return inside([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  };
  const near = (event: PointerEvent): number => (event.pointerType === "mouse" ? NEAR.mouse : NEAR.touch);
  const closes = (place: Point, event: PointerEvent): boolean => {
    const [first] = pending.peek();
    return first !== undefined && pending.peek().length >= 3 && seen(first, place, extent) <= near(event) + 3;
  };

  /** The second click of a double one sets no second corner on the first. */
  const again = (place: Point): boolean => {
    const last = pending.peek().at(-1);
    return last !== undefined && seen(last, place, extent) < 4;
  };

  const press = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    surface.current?.setPointerCapture(event.pointerId);
    const place = placeOf(event);
    pointer.value = place;
    down.current = true;
    if (tool.peek() !== "select") return;
    const now = draft.peek()?.history.now;
    if (now === undefined) return;
    const before = chosen.peek();
    drags += 1;
    const about = `drag ${drags}`;
    // A mark between two corners becomes a corner, and is held at once.
    const between = before === null ? -1 : markNear(now, before, place, extent, near(event));
    if (before !== null && between >= 0) {
      change((drawn) => drawing.insertCorner(drawn, before, between, place), about);
      const grown = draft.peek()?.history.now ?? now;
      choose(before, between + 1);
      held.current = {
        shape: before,
        corner: between + 1,
        from: place,
        beside: [0, 0],
        before: grown,
        about,
      };
      return;
    }
    const met = drawing.hit(now, place, before, extent, near(event));
    const corner = met?.on === "corner" ? met.corner : null;
    choose(met?.shape ?? null, corner);
    if (met === null) return;
    const at = corner === null ? place : (drawing.cornersOf(now, met.shape)[corner] ?? place);
    const beside: Point = [at[0] - place[0], at[1] - place[1]];
    held.current = { shape: met.shape, corner, from: place, beside, before: now, about };
  };

  const move = (event: PointerEvent): void => {
    const place = placeOf(event);
    pointer.value = place;
    const hold = held.current;
    if (hold === null) {
      const now = draft.peek()?.history.now;
      if (now !== undefined && tool.peek() === "select") {
        over.value = drawing.hit(now, place, chosen.peek(), extent, near(event));
      }
      return;
    }
    // A click is no drag, however unsteady the hand.
    if (hold.corner === null && seen(hold.from, place, extent) < 3) return;
    const { shape, corner, before, beside, from } = hold;
    change(
      () =>
        corner === null
          ? drawing.moveShape(before, shape, [place[0] - from[0], place[1] - from[1]])
          : drawing.moveCorner(before, shape, corner, [place[0] + beside[0], place[1] + beside[1]]),
      hold.about,
    );
  };

  const release = (event: PointerEvent): void => {
    const place = placeOf(event);
    // At the end of the press, so that a finger can look for the place first.
    if (down.current && tool.peek() !== "select" && !again(place)) click(place, closes(place, event));
    down.current = false;
    held.current = null;
    settled();
    if (event.pointerType !== "mouse") pointer.value = null;
  };

  const shape = chosen.value;
  const drawn = pending.value;
  const cursor =
    tool.value !== "select"
      ? "crosshair"
      : over.value === null
        ? "default"
        : over.value.on === "corner"
          ? "grab"
          : "move";
  return (
    <>
      <svg
        ref={surface}
        class="over over-drawing"
        style={{ cursor }}
        width={extent.width}
        height={extent.height}
        role="application"
        aria-label={words.value.cameras.editor.title}
        onPointerDown={press}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => {
          down.current = false;
          held.current = null;
          settled();
        }}
        onPointerLeave={() => {
          if (!down.current) pointer.value = null;
          over.value = null;
        }}
        onDblClick={() => {
          if (tool.peek() !== "select" && tool.peek() !== "line") finish();
        }}
      >
        <Shapes geometry={geometry} extent={extent} chosen={shape} />
        {shape === null || tool.value !== "select" ? null : (
          <Handles geometry={geometry} shape={shape} extent={extent} />
        )}
        {drawn.length === 0 ? null : <Pending points={drawn} to={pointer.value} extent={extent} />}
      </svg>
      <div class="over-names" aria-hidden="true">
        <ShapeNames geometry={geometry} extent={extent} />
      </div>
    </>
  );
}

/** The mark between two corners that is near: behind which corner it stands; -1 for none. */
function markNear(geometry: Geometry, shape: Shape, place: Point, extent: Extent, reach: number): number {
  const corners = drawing.cornersOf(geometry, shape);
  // Corners come first where marks are close to them.
  if (corners.some((corner) => seen(corner, place, extent) <= reach)) return -1;
  return drawing.betweens(geometry, shape).findIndex((mark) => seen(mark, place, extent) <= reach);
}

/** The shape that is not closed yet, with a line to where the next corner would be. */
function Pending({ points, to, extent }: { points: readonly Point[]; to: Point | null; extent: Extent }) {
  const all = to === null ? points : [...points, to];
  const path = all.map(([x, y]) => `${x * extent.width},${y * extent.height}`).join(" ");
  return (
    <g class="over-pending">
      <polyline class="over-rim" points={path} />
      <polyline class="over-edge" points={path} />
      {points.map(([x, y], index) => (
        <circle
          key={index}
          class={`over-corner ${index === 0 && points.length >= 3 ? "over-first" : ""}`}
          cx={x * extent.width}
          cy={y * extent.height}
          r={index === 0 && points.length >= 3 ? 8 : 5}
        />
      ))}
    </g>
  );
}

/** What a shape is called, for those who hear the page. */
export function shapeName(geometry: Geometry, shape: Shape): string {
  const { editor } = words.value.cameras;
  if (shape.kind === "region") return editor.regionName;
  const name = shape.kind === "zone" ? geometry.zones[shape.index]?.zone : geometry.lines[shape.index]?.line;
  return visible(name ?? "");
}

/** Corners that can be reached by Tab and moved by arrows, and between them the marks that become corners. */
function Handles({ geometry, shape, extent }: { geometry: Geometry; shape: Shape; extent: Extent }) {
  const { editor } = words.value.cameras;
  const corners = drawing.cornersOf(geometry, shape);
  const name = shapeName(geometry, shape);
  const press = (event: KeyboardEvent, corner: number): void => {
    const far = event.shiftKey ? STRIDE : STEP;
    const by: Readonly<Record<string, Point>> = {
      ArrowLeft: [-far, 0],
      ArrowRight: [far, 0],
      ArrowUp: [0, -far],
      ArrowDown: [0, far],
    };
    const way = by[event.key];
    const at = corners[corner] ?? [0, 0];
    if (way !== undefined) {
      const about = `key ${shape.kind} ${"index" in shape ? shape.index : ""} ${corner}`;
      change((drawn) => drawing.moveCorner(drawn, shape, corner, [at[0] + way[0], at[1] + way[1]]), about);
    } else if (event.key === "Insert" || event.key === "+") {
      const next = corners[(corner + 1) % corners.length] ?? at;
      change((drawn) => drawing.insertCorner(drawn, shape, corner, middle(at, next)));
    } else if ((event.key === "Delete" || event.key === "Backspace") && shape.kind !== "line") {
      change((drawn) => drawing.deleteCorner(drawn, shape, corner));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      {drawing.betweens(geometry, shape).map(([x, y], index) => (
        <circle
          key={`between ${index}`}
          class="over-between"
          cx={x * extent.width}
          cy={y * extent.height}
          r="4"
        />
      ))}
      {corners.map(([x, y], index) => (
        <g
          key={`corner ${index}`}
          class={`over-handle ${touched.value === index ? "over-touched" : ""}`}
          transform={`translate(${x * extent.width} ${y * extent.height})`}
          role="button"
          tabindex={0}
          aria-label={
            shape.kind === "line"
              ? editor.end(index === 0 ? editor.start : editor.finishEnd, name)
              : editor.corner(String(index + 1), name)
          }
          onFocus={() => choose(shape, index)}
          onKeyDown={(event) => press(event, index)}
        >
          <circle class="over-focus" r="11" />
          <circle class="over-corner" r="6" />
        </g>
      ))}
    </>
  );
}
