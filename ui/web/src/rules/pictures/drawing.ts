/** Draws the time line on a canvas: the whole time above, and the part that is looked at, lane by lane, below. */

import type { Change, WhatIf } from "../protocol";
import { BIN, folded, type Lane, type Mark } from "./lanes";
import { barHeight, differsWidely, type Span, type Tick } from "./scale";

export const OVERVIEW = 36;
export const GAP = 8;
export const LANE = 20;
export const AXIS = 20;
export const HEIGHT = OVERVIEW + GAP + 4 * LANE + AXIS;

/** Height of an alert's bar, pixels: those that stay step back. */
const TALL: Readonly<Record<Change, number>> = { added: 12, gone: 12, moved: 12, same: 6 };

/** Alerts this wide are drawn with all that there is to say of them, pixels. */
const NEAR = 9;

export interface Inks {
  readonly surface: string;
  readonly raised: string;
  readonly line: string;
  readonly text: string;
  readonly secondary: string;
  readonly accent: string;
  readonly bars: string;
  readonly change: Readonly<Record<Change, string>>;
}

/** Read the colours from the page's tokens. */
export function inks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    surface: token("--surface"),
    raised: token("--raised"),
    line: token("--line"),
    text: token("--text"),
    secondary: token("--secondary"),
    accent: token("--accent"),
    bars: token("--chart-bars"),
    change: {
      same: token("--offline"),
      added: token("--good"),
      gone: token("--critical"),
      moved: token("--minor"),
    },
  };
}

export interface Scene {
  readonly width: number;
  readonly result: WhatIf;
  readonly whole: Span;
  readonly seen: Span;
  readonly lanes: readonly Lane[];
  readonly hidden: ReadonlySet<Change>;
  readonly ticks: readonly Tick[];
  readonly selected: string | null;
  readonly idOf: (mark: Mark) => string;
  /** Where the pointer is, pixels from the left; null where it is elsewhere. */
  readonly pointer: number | null;
  /** The part that is being marked for a closer look, pixels. */
  readonly marking: readonly [number, number] | null;
  readonly asked: number | null;
}

export function draw(context: CanvasRenderingContext2D, scene: Scene, ink: Inks): void {
  context.clearRect(0, 0, scene.width, HEIGHT);
  drawOverview(context, scene, ink);
  const top = OVERVIEW + GAP;
  drawAxis(context, scene, ink, top);
  scene.lanes.forEach((lane, index) => {
    context.globalAlpha = scene.hidden.has(lane.change) ? 0.18 : 1;
    drawLane(context, lane, top + index * LANE, scene, ink);
  });
  context.globalAlpha = 1;
  drawOver(context, scene, ink, top);
}

/** Bars of the draft's alerts, and over them as a line those of the rule in force. */
function drawOverview(context: CanvasRenderingContext2D, scene: Scene, ink: Inks): void {
  const { start, step_ms, before, after } = scene.result.by_hour;
  const most = Math.floor(scene.width / 3);
  const [now, then] = [folded(after, most), folded(before, most)];
  const top = Math.max(1, ...now.counts, ...then.counts);
  const logarithmic = differsWidely([...now.counts, ...then.counts]);
  const span = Math.max(1, scene.whole.to - scene.whole.from);
  const x = (bin: number): number =>
    ((start + bin * step_ms * now.of - scene.whole.from) / span) * scene.width;
  const base = OVERVIEW - 1;
  const height = (count: number): number => barHeight(count, top, logarithmic) * (OVERVIEW - 6);
  context.fillStyle = ink.bars;
  now.counts.forEach((count, bin) => {
    if (count === 0) return;
    const [left, right] = [x(bin), x(bin + 1)];
    const tall = Math.max(2, height(count));
    context.fillRect(left + 0.5, base - tall, Math.max(1, right - left - 1), tall);
  });
  context.strokeStyle = ink.text;
  context.lineWidth = 1;
  context.beginPath();
  then.counts.forEach((count, bin) => {
    const y = Math.round(base - (count === 0 ? 0 : Math.max(2, height(count)))) + 0.5;
    context.lineTo(x(bin), y);
    context.lineTo(x(bin + 1), y);
  });
  context.globalAlpha = 0.75;
  context.stroke();
  context.globalAlpha = 1;
  const from = ((scene.seen.from - scene.whole.from) / span) * scene.width;
  const to = ((scene.seen.to - scene.whole.from) / span) * scene.width;
  if (to - from > scene.width - 1) return;
  context.fillStyle = ink.surface;
  context.globalAlpha = 0.72;
  context.fillRect(0, 0, from, OVERVIEW);
  context.fillRect(to, 0, scene.width - to, OVERVIEW);
  context.globalAlpha = 1;
  context.strokeStyle = ink.accent;
  context.strokeRect(
    Math.round(from) + 0.5,
    0.5,
    Math.max(2, Math.round(to) - Math.round(from) - 1),
    OVERVIEW - 1,
  );
}

function drawAxis(context: CanvasRenderingContext2D, scene: Scene, ink: Inks, top: number): void {
  const bottom = top + 4 * LANE;
  const scale = scene.width / Math.max(1, scene.seen.to - scene.seen.from);
  context.font = "500 11px 'Be Vietnam Pro', sans-serif";
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  let free = -1;
  for (const tick of scene.ticks) {
    const x = Math.round((tick.at - scene.seen.from) * scale) + 0.5;
    context.strokeStyle = ink.line;
    context.globalAlpha = tick.day ? 1 : 0.6;
    context.beginPath();
    context.moveTo(x, tick.day ? top : bottom - 4);
    context.lineTo(x, bottom + 4);
    context.stroke();
    context.globalAlpha = 1;
    const width = context.measureText(tick.label).width;
    if (x + 4 < free || x + 4 + width > scene.width) continue;
    context.fillStyle = tick.day ? ink.text : ink.secondary;
    context.fillText(tick.label, x + 4, bottom + 15);
    free = x + 4 + width + 10;
  }
  context.strokeStyle = ink.line;
  context.beginPath();
  for (let lane = 1; lane <= 4; lane++) {
    context.moveTo(0, top + lane * LANE - 0.5);
    context.lineTo(scene.width, top + lane * LANE - 0.5);
  }
  context.stroke();
}

function drawLane(context: CanvasRenderingContext2D, lane: Lane, top: number, scene: Scene, ink: Inks): void {
  const colour = ink.change[lane.change];
  if (lane.bins !== null) {
    const most = Math.max(1, ...lane.bins);
    context.fillStyle = colour;
    lane.bins.forEach((count, bin) => {
      if (count === 0) return;
      const tall = 3 + barHeight(count, most, true) * (LANE - 7);
      context.fillRect(bin * BIN, top + LANE - 2 - tall, BIN - 1, tall);
    });
    return;
  }
  for (const mark of lane.marks) {
    const chosen = scene.selected !== null && scene.idOf(mark) === scene.selected;
    if (chosen) {
      context.fillStyle = ink.accent;
      context.globalAlpha = 0.28;
      rounded(context, mark.x - 4, top + 1, mark.width + 8, LANE - 3, 4);
      context.fill();
      context.globalAlpha = 1;
    }
    drawMark(context, lane.change, mark, top, colour, ink);
  }
}

/** New ones are full, gone ones hollow and crossed, moved ones carry where they were; those that stay are thin. */
function drawMark(
  context: CanvasRenderingContext2D,
  change: Change,
  mark: Mark,
  top: number,
  colour: string,
  ink: Inks,
): void {
  const tall = TALL[change];
  const y = top + (LANE - tall) / 2 - 0.5;
  if (change === "gone") {
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    rounded(context, mark.x + 0.75, y + 0.75, Math.max(2, mark.width - 1.5), tall - 1.5, 2);
    context.fillStyle = ink.surface;
    context.fill();
    context.stroke();
    if (mark.width >= NEAR) {
      context.save();
      context.clip();
      context.lineWidth = 1;
      context.beginPath();
      for (let x = mark.x - tall; x < mark.x + mark.width; x += 5) {
        context.moveTo(x, y + tall);
        context.lineTo(x + tall, y);
      }
      context.stroke();
      context.restore();
    }
    context.lineWidth = 1;
    return;
  }
  // Where it was is seen only from near; from afar it would be dust.
  if (change === "moved" && mark.was !== null && mark.width >= NEAR) {
    context.strokeStyle = colour;
    context.setLineDash([2, 2]);
    rounded(context, mark.was.x + 0.5, y + 0.5, Math.max(2, mark.was.width - 1), tall - 1, 2);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = colour;
    rounded(context, mark.x, y + 3, mark.width, tall - 6, 2);
    context.fill();
    return;
  }
  context.fillStyle = colour;
  rounded(context, mark.x, y, mark.width, tall, 2);
  context.fill();
}

/** What lies over the lanes: the pointer's line, a part that is being marked, the time in question. */
function drawOver(context: CanvasRenderingContext2D, scene: Scene, ink: Inks, top: number): void {
  const bottom = top + 4 * LANE;
  if (scene.marking !== null) {
    const [from, to] = [Math.min(...scene.marking), Math.max(...scene.marking)];
    context.fillStyle = ink.accent;
    context.globalAlpha = 0.16;
    context.fillRect(from, top, to - from, bottom - top);
    context.globalAlpha = 1;
    context.fillRect(from, top, 1, bottom - top);
    context.fillRect(to, top, 1, bottom - top);
  } else if (scene.pointer !== null) {
    context.fillStyle = ink.secondary;
    context.globalAlpha = 0.5;
    context.fillRect(Math.round(scene.pointer), top, 1, bottom - top);
    context.globalAlpha = 1;
  }
  if (scene.asked === null) return;
  const x = Math.round(
    ((scene.asked - scene.seen.from) / Math.max(1, scene.seen.to - scene.seen.from)) * scene.width,
  );
  if (x < -6 || x > scene.width + 6) return;
  context.fillStyle = ink.accent;
  const inside = Math.min(scene.width - 2, Math.max(0, x - 1));
  context.fillRect(inside, top - 4, 2, bottom - top + 4);
  context.beginPath();
  context.moveTo(x - 5, top - 6);
  context.lineTo(x + 5, top - 6);
  context.lineTo(x, top + 1);
  context.closePath();
  context.fill();
}

function rounded(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(radius, width / 2));
}
