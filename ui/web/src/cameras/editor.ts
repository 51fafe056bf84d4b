/** What is being drawn on a camera's picture, as signals: one draft a camera, which stays while other views are shown. */

import { batch, computed, signal } from "@preact/signals";
import { words } from "../i18n";
import { Refused } from "../live/commands";
import { setOperator } from "../state";
import { openedCamera } from "../view";
import { DrawnMeanwhile, saveGeometry } from "./ask";
import type { Shape } from "./drawing";
import * as drawing from "./drawing";
import { type Geometry, inside, type Point } from "./geometry";
import * as history from "./history";
import type { Camera, Drawn } from "./protocol";
import { askCameras, cameras } from "./statuses";

export const TOOLS = ["select", "zone", "line", "region"] as const;
export type Tool = (typeof TOOLS)[number];

interface Draft {
  readonly history: history.History<Geometry>;
  /** What is in force; where the draft is the same, nothing needs saving. */
  readonly began: Geometry;
  readonly revision: number;
}

const drafts = signal<ReadonlyMap<string, Draft>>(new Map());
/** The draft of the camera that is open; null while nobody draws on it. */
export const draft = computed(() => drafts.value.get(openedCamera.value ?? "") ?? null);
export const dirty = computed(() => draft.value !== null && isDirty(draft.value));
export const anyDirty = computed(() => [...drafts.value.values()].some(isDirty));
export const faults = computed(() => (draft.value === null ? [] : drawing.problems(draft.value.history.now)));
export const tool = signal<Tool>("select");
export const chosen = signal<Shape | null>(null);
/** The corner of it that was touched last; null for none. */
export const corner = signal<number | null>(null);
/** Corners of the shape that is not closed yet. */
export const pending = signal<readonly Point[]>([]);
/** The editor is to be left with something unsaved in it: that is asked about. */
export const leaving = signal(false);
/** What the configuration of the camera draws that is being drawn on; null until it is known. */
export const configured = signal<{ readonly camera: string; readonly geometry: Geometry } | null>(null);
/** The sheet that asks who saves, and why. */
export const saveAsked = signal(false);
export const busy = signal(false);
/** A drawing was saved a moment ago. */
export const saved = signal(false);

export type Refusal =
  | { readonly why: "meanwhile"; readonly holds: Drawn | null }
  | { readonly why: "unreachable" }
  | { readonly why: "refused"; readonly said: string };
export const refusal = signal<Refusal | null>(null);

function isDirty(one: Draft): boolean {
  return one.history.now !== one.began && JSON.stringify(one.history.now) !== JSON.stringify(one.began);
}

function write(next: Draft | null): void {
  const id = openedCamera.peek();
  if (id === null) return;
  const all = new Map(drafts.peek());
  if (next === null) all.delete(id);
  else all.set(id, next);
  drafts.value = all;
}

function calm(): void {
  tool.value = "select";
  choose(null);
  pending.value = [];
  leaving.value = false;
  saveAsked.value = false;
  refusal.value = null;
}

/** Begin to draw, from what is in force. */
export function start(camera: Camera): void {
  batch(() => {
    calm();
    saved.value = false;
    write({ history: history.begin(camera.geometry), began: camera.geometry, revision: camera.revision });
    // Whoever finds nothing drawn has come to draw.
    if (camera.geometry.zones.length + camera.geometry.lines.length === 0) tool.value = "zone";
  });
}

export function stop(): void {
  batch(() => {
    calm();
    write(null);
  });
}

/** Leave, unless something would be lost; then that is asked about first. */
export function leave(): void {
  if (dirty.peek()) leaving.value = true;
  else stop();
}

/**
 * Change what is drawn.
 *
 * @param about see `history.step`
 */
export function change(to: (geometry: Geometry) => Geometry, about: string | null = null): void {
  const now = draft.peek();
  if (now === null) return;
  saved.value = false;
  write({ ...now, history: history.step(now.history, to(now.history.now), about) });
}

/** A drag or a stretch of typing is over. */
export function settled(): void {
  const now = draft.peek();
  if (now !== null) write({ ...now, history: history.rest(now.history) });
}

export const canUndo = computed(
  () => pending.value.length > 0 || (draft.value?.history.past.length ?? 0) > 0,
);
export const canRedo = computed(() => (draft.value?.history.future.length ?? 0) > 0);

export function undo(): void {
  const now = draft.peek();
  if (now === null) return;
  if (pending.peek().length > 0) {
    pending.value = pending.peek().slice(0, -1);
    return;
  }
  write({ ...now, history: history.undo(now.history) });
  stillThere();
}

export function redo(): void {
  const now = draft.peek();
  if (now === null) return;
  write({ ...now, history: history.redo(now.history) });
  stillThere();
}

function stillThere(): void {
  const now = draft.peek()?.history.now;
  const shape = chosen.peek();
  if (now !== undefined && shape !== null && drawing.cornersOf(now, shape).length === 0) choose(null);
}

/** Choose a shape, and a corner of it. */
export function choose(shape: Shape | null, at: number | null = null): void {
  chosen.value = shape;
  corner.value = at;
}

export function take(next: Tool): void {
  batch(() => {
    tool.value = next;
    pending.value = [];
    if (next !== "select") choose(null);
  });
}

/** A click of a tool that draws. */
export function click(place: Point, closes: boolean): void {
  const points = pending.peek();
  if (tool.peek() === "line") {
    const [from] = points;
    if (from === undefined) pending.value = [inside(place)];
    else newLine(from, place);
  } else if (closes && points.length >= 3) finish();
  else if (points.length < drawing.MAX_CORNERS) pending.value = [...points, inside(place)];
}

function newLine(from: Point, to: Point): void {
  const now = draft.peek()?.history.now;
  if (now === undefined) return;
  batch(() => {
    change((geometry) => drawing.addLine(geometry, from, to, words.peek().cameras.editor.newLine));
    done({ kind: "line", index: now.lines.length });
  });
}

/** Close the polygon that is being drawn. */
export function finish(): void {
  const points = pending.peek();
  const now = draft.peek()?.history.now;
  if (points.length < 3 || now === undefined) return;
  batch(() => {
    if (tool.peek() === "region") {
      change((geometry) => ({ ...geometry, region: points }));
      done({ kind: "region" });
    } else {
      change((geometry) => drawing.addZone(geometry, points, words.peek().cameras.editor.newZone));
      done({ kind: "zone", index: now.zones.length });
    }
  });
}

function done(shape: Shape): void {
  pending.value = [];
  tool.value = "select";
  choose(shape);
}

/** What the keys begin with: a shape in the middle, to be moved into place. */
export function placeInTheMiddle(what: Tool): void {
  tool.value = what;
  if (what === "line") newLine([0.3, 0.5], [0.7, 0.5]);
  else {
    pending.value = [
      [0.35, 0.35],
      [0.65, 0.35],
      [0.65, 0.65],
      [0.35, 0.65],
    ];
    finish();
  }
}

export function removeChosen(): void {
  const shape = chosen.peek();
  if (shape === null) return;
  batch(() => {
    change((geometry) => drawing.remove(geometry, shape));
    choose(null);
  });
}

/** Take the corner away that was touched last. */
export function removeCorner(): void {
  const [shape, at] = [chosen.peek(), corner.peek()];
  if (shape === null || at === null) return;
  batch(() => {
    change((geometry) => drawing.deleteCorner(geometry, shape, at));
    corner.value = null;
  });
}

/** Close the innermost thing; says whether there was any. */
export function letGo(): boolean {
  if (draft.peek() === null) return false;
  if (saveAsked.peek()) saveAsked.value = false;
  else if (leaving.peek()) leaving.value = false;
  else if (pending.peek().length > 0) pending.value = [];
  else if (tool.peek() !== "select") tool.value = "select";
  else if (chosen.peek() !== null) choose(null);
  else leave();
  return true;
}

export function askToSave(): void {
  if (faults.peek().some((fault) => fault.grave) || !dirty.peek()) return;
  refusal.value = null;
  saveAsked.value = true;
}

/** Whether a drawing is what the camera's configuration says. */
export function isConfigured(camera: string, geometry: Geometry): boolean {
  const file = configured.value;
  return file?.camera === camera && JSON.stringify(file.geometry) === JSON.stringify(geometry);
}

/** Put what is drawn in force. */
export async function save(who: string, note: string): Promise<void> {
  const id = openedCamera.peek();
  const now = draft.peek();
  if (id === null || now === null || busy.peek()) return;
  setOperator(who);
  busy.value = true;
  refusal.value = null;
  const drawn = now.history.now;
  // Whoever goes back to the configuration wants what it will say tomorrow, too.
  const geometry = isConfigured(id, drawn) ? null : drawn;
  try {
    const camera = await saveGeometry(id, {
      geometry,
      who: who.trim(),
      note: note.trim(),
      revision: now.revision,
    });
    batch(() => {
      cameras.value = new Map(cameras.peek() ?? []).set(id, camera);
      if (openedCamera.peek() === id) stop();
      saved.value = true;
    });
    void askCameras();
  } catch (error) {
    if (error instanceof DrawnMeanwhile) refusal.value = { why: "meanwhile", holds: error.holds };
    else if (error instanceof Refused) {
      refusal.value = error.status === 0 ? { why: "unreachable" } : { why: "refused", said: error.message };
    } else throw error;
  } finally {
    busy.value = false;
  }
}

/** Look at what somebody else has saved meanwhile; one's own comes back by undoing. */
export function showTheirs(holds: Drawn | null): void {
  const now = draft.peek();
  const id = openedCamera.peek();
  if (now === null || id === null) return;
  // Where they let the configuration hold again, the list of cameras says what that is.
  const theirs = holds?.geometry ?? cameras.peek()?.get(id)?.geometry ?? now.began;
  batch(() => {
    calm();
    write({ history: history.step(now.history, theirs), began: theirs, revision: holds?.revision ?? 0 });
  });
}

/** Save one's own in the place of what somebody else has saved meanwhile. */
export async function takeOver(holds: Drawn | null, who: string, note: string): Promise<void> {
  const now = draft.peek();
  if (now === null) return;
  write({ ...now, revision: holds?.revision ?? 0 });
  await save(who, note);
}
