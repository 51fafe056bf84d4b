/** Which cameras the list shows, in which order, and what the keys do in it. */

import { computed, signal } from "@preact/signals";
import { chooseAsset } from "../actions";
import type { Asset } from "../live/protocol";
import { assetCount, assets } from "../live/store";
import { fold } from "../shared/fold";
import { destination } from "../state";
import { openedCamera, show } from "../view";
import { draft, finish, letGo, pending } from "./editor";
import { meant, nameOf, placeOf } from "./naming";
import { CAMERA_STATES, type Camera } from "./protocol";
import { type Group, groupOf, saidOf } from "./state";
import { cameras } from "./statuses";

export const typed = signal("");
export const onlyGroup = signal<Group | null>(null);
/** Cameras that detect by themselves are counted beyond these. */
export const OWN_SHOWN = 60;

/** Cameras whose video is looked at here: those that need people first. */
export const all = computed<readonly Camera[]>(() =>
  [...(cameras.value?.values() ?? [])].sort(
    (a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b), "vi") || a.id.localeCompare(b.id),
  ),
);

function rank(camera: Camera): number {
  return camera.silent ? -1 : CAMERA_STATES.indexOf(camera.state);
}

export const shownCameras = computed(() =>
  all.value.filter(
    (camera) =>
      (onlyGroup.value === null || groupOf(saidOf(camera)) === onlyGroup.value) &&
      meant(typed.value, camera, [placeOf(camera.id), ...camera.geometry.zones.map((zone) => zone.zone)]),
  ),
);

/** Devices of the kind camera whose video does not come here. */
export const ownCameras = computed<readonly Asset[]>(() => {
  // Read so that it follows those that come and go; what they say is read when it is drawn.
  const here = assetCount.value >= 0 ? cameras.value : null;
  return [...assets.values()]
    .filter((asset) => asset.kind === "camera" && !(here?.has(asset.id) ?? false))
    .sort((a, b) => a.name.localeCompare(b.name, "vi"));
});

export const shownOwn = computed(() => {
  if (onlyGroup.value !== null) return [];
  const words = fold(typed.value).split(/\s+/);
  return ownCameras.value.filter((asset) => {
    const text = fold(`${asset.name} ${asset.id} ${placeOf(asset.id)}`);
    return words.every((word) => text.includes(word));
  });
});

export const byGroup = computed(() => {
  const counts: Record<Group, number> = { away: 0, doubt: 0, waits: 0, good: 0 };
  for (const camera of all.value) counts[groupOf(saidOf(camera))] += 1;
  return counts;
});

const reachable = computed(() => [
  ...shownCameras.value.map((camera) => camera.id),
  ...shownOwn.value.slice(0, OWN_SHOWN).map((asset) => asset.id),
]);

/** Open the next camera or the one before. */
export function stepCamera(by: 1 | -1): void {
  const ids = reachable.peek();
  const here = ids.indexOf(openedCamera.peek() ?? "");
  const next =
    ids[here < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, here + by))];
  if (next === undefined) return;
  openedCamera.value = next;
}

/** Bring a camera's row into sight. */
export function reveal(id: string | null): void {
  if (id === null) return;
  document.querySelector(`[data-camera="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
}

/** Enter: close the shape that is being drawn, else open the first camera. */
export function takeUp(): void {
  if (draft.peek() !== null && pending.peek().length > 0) finish();
  else if (openedCamera.peek() === null) stepCamera(1);
}

/** Close the innermost thing that is open; says whether there was any. */
export function putDown(): boolean {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused.matches("input, textarea, select")) {
    focused.blur();
    return true;
  }
  if (letGo()) return true;
  if (openedCamera.peek() === null) return false;
  openedCamera.value = null;
  return true;
}

export function cameraOnMap(id: string): void {
  show("map");
  chooseAsset(id, true);
  const place = cameras.peek()?.get(id)?.place;
  // One that is not in the registry has its place from its configuration.
  if (place && assets.get(id)?.lat == null) {
    destination.value = { kind: "point", at: [place.lon, place.lat], zoom: 16 };
  }
}

/** Go to the open camera on the map. */
export function goToCamera(): void {
  const id = openedCamera.peek();
  if (id !== null) cameraOnMap(id);
}
