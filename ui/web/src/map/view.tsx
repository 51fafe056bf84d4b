/** The map's place on the page: follows the signals, and passes on what happens on it. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { chooseAsset, openIncident } from "../actions";
import { cameras } from "../cameras/statuses";
import { language, words } from "../i18n";
import { isOpen } from "../live/reduce";
import { assetCount, assets, city, incidents, liveness, now, onAssets } from "../live/store";
import {
  basemapMissing,
  chosenAsset,
  destination,
  hiddenLayers,
  matching,
  opened,
  pointedAsset,
  theme,
} from "../state";
import { cameraFeatures } from "./camera-features";
import { AssetCard } from "./card";
import type { CityMap } from "./city-map";
import { Controls } from "./controls";
import { Nowhere } from "./nowhere";
import { overlay } from "./overlay";
import { WhatIfLegend } from "./what-if-legend";

/** How often devices that are silent fade further, milliseconds. */
const FADE_EVERY = 15_000;

/** Below this width panels are sheets over the map, pixels. */
const SMALL = 1000;

/** What floats over the map: the panel at the right, or on small screens the sheet below. */
function covered(container: HTMLElement) {
  const free = { left: 0, right: 0, top: 0, bottom: 0 };
  const map = container.getBoundingClientRect();
  const over = document.querySelector(opened.value === null ? ".list" : ".panel")?.getBoundingClientRect();
  if (over === undefined) return free;
  if (window.innerWidth < SMALL) {
    return { ...free, bottom: Math.min(map.height * 0.7, Math.max(0, map.bottom - over.top)) };
  }
  return { ...free, right: Math.max(0, map.right - Math.max(over.left, map.left)) % map.width };
}

export function MapView() {
  const place = useRef<HTMLDivElement>(null);
  const map = useSignal<CityMap | null>(null);
  const broken = useSignal(false);
  const moves = useSignal(0);

  useEffect(() => {
    const here = city.value;
    const container = place.current;
    if (here === null || container === null) return;
    let gone = false;
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const look = () => ({
      theme: theme.peek(),
      language: language.peek(),
      hidden: hiddenLayers.peek(),
      still: calm.matches,
    });
    const calmer = (): void => map.peek()?.restyle(look());
    const fading = setInterval(() => map.peek()?.devices.fade(), FADE_EVERY);
    void (async () => {
      // The map is by far the largest part of the page: bar and list come first.
      const [{ CityMap, findBase }] = await Promise.all([import("./city-map"), letters()]);
      const base = await findBase(here);
      if (gone) return;
      basemapMissing.value = base.kind === "plain" && base.missing && here.basemap?.optional !== true;
      try {
        const listener = {
          openIncident: (id: string) => openIncident(id),
          chooseAsset: (id: string | null) => {
            if (id === null) chosenAsset.value = null;
            else chooseAsset(id, false);
          },
          pointAsset: (id: string | null) => {
            pointedAsset.value = id;
          },
          moved: () => {
            moves.value += 1;
          },
        };
        const over = covered(container);
        const made = new CityMap(container, here, base, look(), assets, () => now.peek(), listener, over);
        map.value = made;
        window.__ioc = { map: made.gl };
      } catch {
        broken.value = true;
      }
    })();
    calm.addEventListener("change", calmer);
    return () => {
      gone = true;
      clearInterval(fading);
      calm.removeEventListener("change", calmer);
      map.peek()?.remove();
      map.value = null;
    };
  }, [city.value]);

  useEffect(
    () =>
      onAssets((change) => {
        map.peek()?.devices.changed(change.all ? null : change.changed);
        if (pointedAsset.peek() !== null || chosenAsset.peek() !== null) moves.value += 1;
      }),
    [],
  );
  useSignalEffect(() => {
    map.value?.restyle({
      theme: theme.value,
      language: language.value,
      hidden: hiddenLayers.value,
      still: matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    const chosen = chosenAsset.value === null ? opened.value : null;
    map.value?.setIncidents(matching.value.filter(isOpen), chosen);
  });
  useSignalEffect(() => {
    if (map.value !== null && assetCount.value >= 0) map.value.devices.changed(null);
  });
  useSignalEffect(() => {
    const shown = map.value;
    const to = destination.value;
    if (shown !== null && to !== null && place.current !== null) {
      // After the panel has been laid out, so that it is known what it covers.
      requestAnimationFrame(() => place.current && shown.go(to, covered(place.current)));
    }
  });
  useSignalEffect(() => map.value?.lay(overlay.value));
  // Where cameras look, and how many people they see; with each answer about them.
  useSignalEffect(() => {
    if (map.value === null) return;
    const known = cameras.value ?? new Map();
    const incident = opened.value === null ? undefined : incidents.value.get(opened.value);
    const meant = new Set([
      ...(chosenAsset.value === null ? [] : [chosenAsset.value]),
      ...(incident?.assets ?? []),
    ]);
    const hidden = hiddenLayers.value.has("camera");
    map.value.setCameras(
      cameraFeatures(hidden ? new Map() : known, hidden ? [] : assets.values(), meant, now.peek()),
    );
  });
  // The halo follows what is open: a device's card before an incident.
  useSignalEffect(() => {
    const asset = chosenAsset.value === null ? undefined : assets.get(chosenAsset.value);
    const incident = opened.value === null ? undefined : incidents.value.get(opened.value);
    if (asset?.lon != null && asset.lat !== null) map.value?.choose([asset.lon, asset.lat]);
    else map.value?.choose(incident ?? null);
  });
  useSignalEffect(() => {
    const shown = map.value;
    const incident = opened.value === null ? undefined : incidents.peek().get(opened.value);
    if (shown === null || incident === undefined || incident.lon === null || incident.lat === null) return;
    const at = [incident.lon, incident.lat] as const;
    requestAnimationFrame(() => place.current && shown.reveal(at, covered(place.current)));
  });

  const dim = liveness.value.state === "lost";
  return (
    <main class={`map ${dim ? "map-dim" : ""}`} aria-label={words.value.map.label} id="map" tabIndex={-1}>
      <div class="map-canvas" ref={place} />
      {broken.value ? <p class="map-broken">{words.value.map.noWebgl}</p> : null}
      <Nowhere />
      <WhatIfLegend />
      <AssetCard map={map.value} moves={moves.value} />
      <Controls
        onZoom={(by) => map.value?.gl.easeTo({ zoom: map.value.gl.getZoom() + by, duration: 180 })}
        onWhole={() => place.current && map.value?.whole(covered(place.current))}
      />
    </main>
  );
}

/** Load the letters that the map draws its labels with; a label drawn before them would keep another font's. */
async function letters(): Promise<void> {
  const sample = "Đà Lạt ơ ư ế ộ ữ ậ ẵ č";
  await Promise.all(
    ["Map Regular", "Map Medium"].map((family) => document.fonts.load(`16px "${family}"`, sample)),
  ).catch(() => {});
}
