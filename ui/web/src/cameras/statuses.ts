/** How all cameras are, asked for anew while somebody looks at the map or at them. Small: the map needs it too. */

import { effect, signal } from "@preact/signals";
import { Refused } from "../live/commands";
import { view } from "../view";
import { loadCameras, loadPicture } from "./ask";
import type { Camera } from "./protocol";

/** How often, milliseconds: the map's numbers gently, the view of cameras about as often as states are told. */
const EVERY = { map: 5_000, cameras: 2_000 };
/** Where no video is looked at, nobody waits for any. */
const EVERY_WITHOUT = 30_000;
/** How long a small picture may stay; each costs a look for faces. */
const SMALL_EVERY = 15_000;

/** Cameras by id; null before the first answer. */
export const cameras = signal<ReadonlyMap<string, Camera> | null>(null);
/** Whether the city keeps pictures unblurred too; not before the server says so. */
export const originals = signal(false);
/** The last answer did not come; what is known is older. */
export const failed = signal(false);

export interface Small {
  /** When the frame was taken. */
  readonly at: number;
  /** The picture, held by the page. */
  readonly url: string;
  /** When it came, on the page's own clock. */
  readonly came: number;
}
/** The last small picture of each camera that was in sight. */
export const smalls = signal<ReadonlyMap<string, Small>>(new Map());
/** The cameras whose small pictures are in sight now. */
export const inSight = new Set<string>();

let asked = 0;

/** Ask for all of them; an answer that another one has overtaken is dropped. */
export async function askCameras(): Promise<void> {
  const mine = ++asked;
  const due = view.peek() === "cameras" ? [...inSight].filter(isDue) : [];
  try {
    const loaded = await loadCameras(due.slice(0, 64));
    if (mine !== asked) return;
    cameras.value = new Map(loaded.cameras.map((camera) => [camera.id, camera]));
    originals.value = loaded.originals;
    failed.value = false;
    for (const camera of loaded.cameras)
      if (camera.live?.picture) void keep(camera.id, camera.live.picture, camera.live.at);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (mine === asked) failed.value = true;
  }
}

function isDue(id: string): boolean {
  const small = smalls.peek().get(id);
  return small === undefined || performance.now() - small.came >= SMALL_EVERY;
}

async function keep(id: string, address: string, at: number | null): Promise<void> {
  if (at === null || smalls.peek().get(id)?.at === at) return;
  const picture = await loadPicture(address);
  if (picture === null) return;
  const before = smalls.peek().get(id);
  smalls.value = new Map(smalls.peek()).set(id, {
    at,
    url: URL.createObjectURL(picture),
    came: performance.now(),
  });
  if (before !== undefined) URL.revokeObjectURL(before.url);
}

/** Ask again and again while the map or the cameras are looked at; to be called once. */
export function followCameras(): void {
  effect(() => {
    const shown = view.value;
    if (shown !== "map" && shown !== "cameras") return;
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async (): Promise<void> => {
      if (!document.hidden) await askCameras();
      if (gone) return;
      const none = shown === "map" && cameras.peek()?.size === 0;
      timer = setTimeout(again, none ? EVERY_WITHOUT : EVERY[shown]);
    };
    void again();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  });
}
