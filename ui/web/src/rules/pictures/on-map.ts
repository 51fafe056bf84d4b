/** Lays the draft's alerts over the map, and takes clicks there as a choice or as a question. */

import { effect } from "@preact/signals";
import type { Asset } from "../../live/protocol";
import { assets } from "../../live/store";
import { overlay, type Picked } from "../../map/overlay";
import { idOf, selectedAlert, whatIf } from "../store";
import { places } from "./lanes";
import { placeShown, shown, tab, whyHere, whyOpen, whyWhere } from "./store";

/** Keep what lies over the map in step with the pictures; returns what takes it away. */
export function followMap(): () => void {
  const end = effect(() => {
    const alert = shown.value.find((one) => idOf(one) === selectedAlert.value);
    const selected = alert === undefined ? placeShown.value : (places([alert])[0]?.id ?? null);
    overlay.value = {
      places: places(shown.value),
      selected,
      asked: whyOpen.value ? (whyWhere.value?.at ?? null) : null,
      pick,
    };
  });
  return () => {
    end();
    overlay.value = null;
  };
}

function pick(what: Picked): void {
  if (what.kind === "place" && !whyOpen.peek()) {
    placeShown.value = placeShown.peek() === what.id ? null : what.id;
    selectedAlert.value = null;
    tab.value = "alerts";
    return;
  }
  const asset = what.kind === "point" ? nearest(what.at) : assets.get(what.id);
  const place = asset?.lon == null || asset.lat === null ? null : ([asset.lon, asset.lat] as const);
  const at = what.kind === "place" ? place : what.at;
  // A device by its key where the rule holds for devices; else the rule finds what is nearest.
  const key = asset !== undefined && (holdsForDevices() || isKey(asset.id)) ? asset.id : null;
  whyHere({ key, at, name: what.kind === "point" && key === null ? null : (asset?.name ?? null) });
}

const isKey = (id: string): boolean => whatIf.peek()?.alerts.some((alert) => alert.key === id) ?? false;

/** Whether the alerts that are shown are each of one device. */
function holdsForDevices(): boolean {
  const alerts = whatIf.peek()?.alerts ?? [];
  return alerts.length > 0 && alerts.every((alert) => alert.key === alert.asset);
}

/** The device nearest to a place, of those that report what the rule is about. */
function nearest(at: readonly [number, number]): Asset | undefined {
  const quantity = whatIf.peek()?.histogram?.quantity;
  if (quantity === undefined) return undefined;
  let found: Asset | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const asset of assets.values()) {
    if (asset.lat === null || asset.lon === null || !(quantity in asset.values)) continue;
    const east = (asset.lon - at[0]) * Math.cos((at[1] * Math.PI) / 180);
    const away = Math.hypot(east, asset.lat - at[1]);
    if (away < least) {
      least = away;
      found = asset;
    }
  }
  return found;
}
