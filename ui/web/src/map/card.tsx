/** A device's small card: what it is, what it said last, and how long ago. */

import { cameras } from "../cameras/statuses";
import { language, words } from "../i18n";
import { areaName } from "../list/row";
import type { Asset } from "../live/protocol";
import { assets, quantities } from "../live/store";
import { Age } from "../shared/age";
import { quantityTitle, value } from "../shared/format";
import { Icon, kindIcon } from "../shared/icon";
import { chosenAsset, pointedAsset } from "../state";
import { showCamera, showDevice } from "../view";
import type { CityMap } from "./city-map";

/** What is said elsewhere on the card, or in pictures. */
const UNTOLD = new Set(["simulated", "picture", "box"]);

/** What a card shows of a device that says a lot. */
const SHOWN = 6;

export function AssetCard({ map, moves }: { map: CityMap | null; moves: number }) {
  const pinned = chosenAsset.value;
  const id = pinned ?? pointedAsset.value;
  const asset = id === null ? undefined : assets.get(id);
  if (map === null || asset === undefined || asset.lon === null || asset.lat === null) return null;
  const point = map.gl.project([asset.lon, asset.lat]);
  const { clientWidth, clientHeight } = map.gl.getContainer();
  if (point.x < 0 || point.y < 0 || point.x > clientWidth || point.y > clientHeight) return null;
  // Above the device where there is room, else below; never over the edge.
  const above = point.y > 260;
  const x = Math.min(clientWidth - 148, Math.max(148, point.x));
  return (
    <div
      class={`card ${above ? "card-above" : "card-below"} ${pinned === null ? "card-passing" : ""}`}
      style={{ transform: `translate(${Math.round(x)}px, ${Math.round(point.y)}px)` }}
      data-moves={moves}
    >
      <div class="card-body">
        <Content asset={asset} pinned={pinned !== null} />
      </div>
    </div>
  );
}

function Content({ asset, pinned }: { asset: Asset; pinned: boolean }) {
  const { card, kindOne, status } = words.value;
  const known = quantities.value;
  const values = Object.entries(asset.values)
    .filter(([name]) => !UNTOLD.has(name))
    .slice(0, SHOWN);
  const kind = (kindOne as Readonly<Record<string, string>>)[asset.kind] ?? asset.kind;
  const area = areaName(asset.area);
  return (
    <>
      <header class="card-head">
        <Icon name={kindIcon(asset.kind, asset.mobile && asset.registered)} />
        <h3>{asset.name}</h3>
        {pinned ? (
          <button
            type="button"
            class="tool"
            aria-label={words.value.panel.close}
            onClick={() => {
              chosenAsset.value = null;
            }}
          >
            <Icon name="close" size={14} />
          </button>
        ) : null}
      </header>
      <p class="card-line">
        <span>{kind}</span>
        {area === "" ? null : <span>{area}</span>}
        {asset.registered ? null : <span class="card-unregistered">{card.unregistered}</span>}
      </p>
      <p class="card-line">
        <span class={`status status-${asset.status}`}>{status[asset.status] ?? asset.status}</span>
        {asset.at === null ? null : (
          <span>
            {card.heard} <Age at={asset.at} /> {card.ago}
          </span>
        )}
      </p>
      {values.length === 0 ? null : (
        <dl class="values">
          {values.map(([name, shown]) => (
            <div key={name} class="pair">
              <dt>{quantityTitle(name, known[name], language.value)}</dt>
              <dd title={String(shown)}>{value(shown, known[name], language.value, words.value)}</dd>
            </div>
          ))}
        </dl>
      )}
      <p class="card-foot">
        <code>{asset.id}</code>
        {asset.codec === null ? null : <span>{asset.codec}</span>}
        {asset.simulated ? <span class="tag">{words.value.panel.simulated}</span> : null}
        {pinned ? (
          <span class="card-more">
            {cameras.value?.has(asset.id) ? (
              <button type="button" class="link" onClick={() => showCamera(asset.id)}>
                {words.value.picture.toCamera}
              </button>
            ) : null}
            <button type="button" class="link" onClick={() => showDevice(asset.id)}>
              {words.value.devices.details}
            </button>
          </span>
        ) : null}
      </p>
    </>
  );
}
