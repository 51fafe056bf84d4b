/** Which view the page shows, kept in the address: whoever reloads, or sends the link, stays where they were. */

import { batch, signal } from "@preact/signals";

export const VIEWS = ["map", "cameras", "devices", "rules", "rejected"] as const;
export type View = (typeof VIEWS)[number];

export interface Place {
  readonly view: View;
  /** The camera that is open in the view of cameras. */
  readonly camera: string | null;
  /** The device that is open in the view of devices. */
  readonly device: string | null;
  /** The rule that is open in the view of rules. */
  readonly rule: string | null;
}

const MAP: Place = { view: "map", camera: null, device: null, rule: null };

/** Read the address' last part: `#devices`, `#cameras/cam-17`, `#rules/fire`; anything else is the map. */
export function readHash(hash: string): Place {
  const [name = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  if (name === "rejected") return { ...MAP, view: "rejected" };
  const id = decoded(rest.join("/"));
  if (name === "cameras") return { ...MAP, view: name, camera: id };
  if (name === "devices") return { ...MAP, view: name, device: id };
  return name === "rules" ? { ...MAP, view: name, rule: id } : MAP;
}

function decoded(id: string): string | null {
  try {
    return id === "" ? null : decodeURIComponent(id);
  } catch {
    return null;
  }
}

export function writeHash(place: Place): string {
  if (place.view === "map") return "";
  const opened = { cameras: place.camera, devices: place.device, rules: place.rule, rejected: null };
  const id = opened[place.view];
  return id === null ? `#${place.view}` : `#${place.view}/${encodeURIComponent(id)}`;
}

const begun = readHash(typeof location === "undefined" ? "" : location.hash);
export const view = signal<View>(begun.view);
/** The camera that is looked through. */
export const openedCamera = signal<string | null>(begun.camera);
/** The device whose panel is open. */
export const openedDevice = signal<string | null>(begun.device);
/** The rule that is open; `+` is one that is not published yet. */
export const openedRule = signal<string | null>(begun.rule);
/** The map is made once it has been looked at, and then stays: to make it anew takes seconds. */
export const mapSeen = signal(begun.view === "map" || begun.view === "rules");

export function show(next: View): void {
  view.value = next;
  if (next === "map" || next === "rules") mapSeen.value = true;
}

/** Show a device among the others. */
export function showDevice(id: string): void {
  openedDevice.value = id;
  show("devices");
}

/** Look through a camera. */
export function showCamera(id: string): void {
  openedCamera.value = id;
  show("cameras");
}

/** Keep the address and the view the same; to be called once. */
export function followAddress(): void {
  addEventListener("hashchange", () => {
    const place = readHash(location.hash);
    batch(() => {
      // A drawing that is not saved yet is still there when its view is shown again.
      openedCamera.value = place.view === "cameras" ? place.camera : openedCamera.peek();
      openedDevice.value = place.device;
      openedRule.value = place.view === "rules" ? place.rule : openedRule.peek();
      show(place.view);
    });
  });
  view.subscribe(write);
  openedCamera.subscribe(write);
  openedDevice.subscribe(write);
  openedRule.subscribe(write);
}

function write(): void {
  const hash = writeHash({
    view: view.peek(),
    camera: openedCamera.peek(),
    device: openedDevice.peek(),
    rule: openedRule.peek(),
  });
  if (hash === location.hash) return;
  const address = hash === "" ? location.pathname + location.search : hash;
  // Another view is a step back for the browser's button; another device within it is not.
  if (readHash(location.hash).view === view.peek()) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}
