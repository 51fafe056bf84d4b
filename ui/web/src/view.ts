/** Which view the page shows, kept in the address: whoever reloads, or sends the link, stays where they were. */

import { signal } from "@preact/signals";

export const VIEWS = ["map", "devices", "rejected"] as const;
export type View = (typeof VIEWS)[number];

export interface Place {
  readonly view: View;
  /** The device that is open in the view of devices. */
  readonly device: string | null;
}

/** Read the address' last part: `#devices`, `#devices/cam-17`, `#rejected`; anything else is the map. */
export function readHash(hash: string): Place {
  const [name = "", ...rest] = hash.replace(/^#/, "").split("/");
  if (name === "rejected") return { view: "rejected", device: null };
  if (name !== "devices") return { view: "map", device: null };
  const id = rest.join("/");
  try {
    return { view: "devices", device: id === "" ? null : decodeURIComponent(id) };
  } catch {
    return { view: "devices", device: null };
  }
}

export function writeHash(place: Place): string {
  if (place.view === "map") return "";
  return place.device === null ? `#${place.view}` : `#${place.view}/${encodeURIComponent(place.device)}`;
}

const begun = readHash(typeof location === "undefined" ? "" : location.hash);
export const view = signal<View>(begun.view);
/** The device whose panel is open. */
export const openedDevice = signal<string | null>(begun.device);
/** The map is made once it has been looked at, and then stays: to make it anew takes seconds. */
export const mapSeen = signal(begun.view === "map");

export function show(next: View): void {
  view.value = next;
  if (next === "map") mapSeen.value = true;
}

/** Show a device among the others. */
export function showDevice(id: string): void {
  openedDevice.value = id;
  show("devices");
}

/** Keep the address and the view the same; to be called once. */
export function followAddress(): void {
  addEventListener("hashchange", () => {
    const place = readHash(location.hash);
    openedDevice.value = place.device;
    show(place.view);
  });
  view.subscribe(write);
  openedDevice.subscribe(write);
}

function write(): void {
  const hash = writeHash({
    view: view.peek(),
    device: view.peek() === "devices" ? openedDevice.peek() : null,
  });
  if (hash === location.hash) return;
  const address = hash === "" ? location.pathname + location.search : hash;
  // Another view is a step back for the browser's button; another device within it is not.
  if (readHash(location.hash).view === view.peek()) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}
