/** What lies on the map: zoom, layers and legend. */

import { useSignal } from "@preact/signals";
import { cameras } from "../cameras/statuses";
import { words } from "../i18n";
import { KINDS, SEVERITIES } from "../live/protocol";
import { assetCount, assets } from "../live/store";
import { Icon, type IconName, kindIcon } from "../shared/icon";
import { recall, remember } from "../shared/memory";
import { Sign } from "../shared/sign";
import { basemapMissing, hiddenLayers, toggleLayer } from "../state";
import { layerOf } from "./layer";

interface Props {
  readonly onZoom: (by: number) => void;
  readonly onWhole: () => void;
}

export function Controls({ onZoom, onWhole }: Props) {
  const { map } = words.value;
  const shown = useSignal<"layers" | "legend" | null>(
    recall("legend") === "legend" && window.innerWidth >= 1280 ? "legend" : null,
  );
  const toggle = (what: "layers" | "legend"): void => {
    shown.value = shown.value === what ? null : what;
    remember("legend", shown.value ?? "none");
  };
  return (
    <>
      {basemapMissing.value ? <p class="map-note">{map.unreachable}</p> : null}
      <div class="map-zoom">
        <Tool name="plus" label={map.zoomIn} onClick={() => onZoom(1)} />
        <Tool name="minus" label={map.zoomOut} onClick={() => onZoom(-1)} />
        <Tool name="whole" label={map.whole} onClick={onWhole} />
      </div>
      <div class="map-corner">
        {shown.value === "layers" ? <Layers /> : null}
        {shown.value === "legend" ? <Legend /> : null}
        <div class="map-tabs">
          <button type="button" aria-expanded={shown.value === "layers"} onClick={() => toggle("layers")}>
            <Icon name="layers" /> {map.layers}
          </button>
          <button type="button" aria-expanded={shown.value === "legend"} onClick={() => toggle("legend")}>
            {map.legend}
          </button>
        </div>
      </div>
    </>
  );
}

function Tool({ name, label, onClick }: { name: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" class="map-tool" title={label} aria-label={label} onClick={onClick}>
      <Icon name={name} />
    </button>
  );
}

function Layers() {
  const counts = new Map<string, number>();
  if (assetCount.value > 0) {
    for (const asset of assets.values()) {
      if (asset.lon !== null) counts.set(layerOf(asset), (counts.get(layerOf(asset)) ?? 0) + 1);
    }
  }
  const names: Readonly<Record<string, string>> = { ...words.value.kind, moving: words.value.moving };
  const layers = [...KINDS, "moving"].filter((layer) => (counts.get(layer) ?? 0) > 0);
  return (
    <fieldset class="map-sheet">
      <legend class="hidden">{words.value.map.layers}</legend>
      {layers.map((layer) => (
        <label key={layer} class="layer">
          <input
            type="checkbox"
            checked={!hiddenLayers.value.has(layer)}
            onChange={() => toggleLayer(layer)}
          />
          <Icon name={kindIcon(layer, layer === "moving")} size={14} />
          <span>{names[layer]}</span>
          <span class="layer-count">{counts.get(layer)}</span>
        </label>
      ))}
      {layers.length === 0 ? <p class="quiet">–</p> : null}
    </fieldset>
  );
}

function Legend() {
  const { map, severity, status } = words.value;
  return (
    <section class="map-sheet legend" aria-label={map.legend}>
      <div>
        <h3>{map.incidents}</h3>
        <ul>
          {SEVERITIES.map((one) => (
            <li key={one}>
              <Sign severity={one} size={12} /> {severity[one]}
            </li>
          ))}
          <li>
            <span class="legend-ring" /> {map.waits}
          </li>
        </ul>
      </div>
      <div>
        <h3>{map.devices}</h3>
        <ul>
          {(["online", "offline", "unknown"] as const).map((one) => (
            <li key={one}>
              <span class={`legend-dot legend-${one}`} /> {status[one]}
            </li>
          ))}
          <li>
            <span class="legend-dot legend-online legend-faded" /> {map.fades}
          </li>
          {cameras.value === null || cameras.value.size === 0 ? null : (
            <>
              <li>
                <Icon name="count" size={12} /> {map.people}
              </li>
              <li>
                <span class="legend-field" /> {map.field}
              </li>
            </>
          )}
        </ul>
      </div>
    </section>
  );
}
