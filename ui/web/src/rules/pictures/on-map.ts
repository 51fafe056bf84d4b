/** Lays the draft's alerts over the map, and takes clicks there as a choice or as a question. */

import { effect } from "@preact/signals";
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
  if (what.kind === "point") {
    whyHere({ key: null, at: what.at, name: null });
    return;
  }
  const asset = assets.get(what.id);
  const place = asset?.lon == null || asset.lat === null ? null : ([asset.lon, asset.lat] as const);
  // A device by its key where the rule holds for devices; else the rule finds what is nearest.
  const known = whatIf.peek()?.alerts.some((alert) => alert.key === what.id) ?? false;
  const at = what.kind === "asset" ? what.at : place;
  whyHere({ key: known ? what.id : null, at, name: asset?.name ?? null });
}
