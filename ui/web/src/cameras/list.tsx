/** The list of cameras: those whose video is looked at here with their last picture, then those that detect by themselves. */

import { useEffect, useRef } from "preact/hooks";
import { language, words } from "../i18n";
import type { Asset } from "../live/protocol";
import { Age } from "../shared/age";
import { number } from "../shared/format";
import { Icon } from "../shared/icon";
import { visible } from "../shared/visible";
import { openedCamera } from "../view";
import { all, OWN_SHOWN, ownCameras, shownCameras, shownOwn } from "./choosing";
import { How } from "./how";
import { nameOf, placeOf } from "./naming";
import type { Camera } from "./protocol";
import { counts } from "./sees";
import { groupOf, State, saidOf } from "./state";
import { inSight, smalls } from "./statuses";

export function Ours() {
  const said = words.value.cameras;
  if (all.value.length === 0) {
    return openedCamera.value !== null ? null : (
      <section class="cameras-none">
        <Icon name="noPicture" size={20} />
        <div>
          <h3>{said.noneHere}</h3>
          <How />
        </div>
      </section>
    );
  }
  return (
    <ul class="camera-cards">
      {shownCameras.value.map((camera) => (
        <li key={camera.id}>
          <Card camera={camera} />
        </li>
      ))}
    </ul>
  );
}

function Card({ camera }: { camera: Camera }) {
  const said = saidOf(camera);
  const place = placeOf(camera.id);
  const open = openedCamera.value === camera.id;
  return (
    <button
      type="button"
      class={`camera-card camera-card-${groupOf(said)} ${open ? "camera-card-open" : ""}`}
      aria-current={open ? "true" : undefined}
      data-camera={camera.id}
      onClick={() => {
        openedCamera.value = camera.id;
      }}
    >
      <Small camera={camera} />
      <span class="camera-about">
        <span class="camera-name" title={nameOf(camera)}>
          {nameOf(camera)}
        </span>
        <span class="camera-place">
          {place === "" ? <code>{visible(camera.id)}</code> : place}
          {camera.simulated ? <span class="tag">{words.value.panel.simulated}</span> : null}
        </span>
        <span class="camera-line">
          <State said={said} />
          <Now camera={camera} />
        </span>
      </span>
    </button>
  );
}

/** Who is there now; nothing is said of a picture that nobody sees. */
export function Now({ camera }: { camera: Camera }) {
  const { cameras } = words.value;
  if (!counts(camera)) return null;
  const [people, vehicles] = [number(camera.people, language.value), number(camera.vehicles, language.value)];
  return (
    <span class="camera-now">
      <span class={camera.people === 0 ? "camera-zero" : ""} title={cameras.peopleNow(people)}>
        <Icon name="count" size={14} />
        <b>{people}</b>
        <span class="hidden">{cameras.people}</span>
      </span>
      <span class={camera.vehicles === 0 ? "camera-zero" : ""} title={cameras.vehiclesNow(vehicles)}>
        <Icon name="vehicle" size={14} />
        <b>{vehicles}</b>
        <span class="hidden">{cameras.vehicles}</span>
      </span>
    </span>
  );
}

/** Tells which small pictures are in sight, so that no others are made. */
function Small({ camera }: { camera: Camera }) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (place.current === null) return;
    const watch = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) inSight.add(camera.id);
      else inSight.delete(camera.id);
    });
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      inSight.delete(camera.id);
    };
  }, [camera.id]);
  const small = smalls.value.get(camera.id);
  const away = groupOf(saidOf(camera)) === "away";
  return (
    <span class={`camera-small ${away ? "camera-small-away" : ""}`} ref={place}>
      {small === undefined ? (
        <Icon name={away ? "noPicture" : "camera"} size={20} />
      ) : (
        <img src={small.url} alt="" draggable={false} />
      )}
    </span>
  );
}

export function Own() {
  const said = words.value.cameras;
  const shown = shownOwn.value.slice(0, OWN_SHOWN);
  if (shown.length === 0) return null;
  const more = shownOwn.value.length - shown.length;
  return (
    <section class="own">
      <h3>
        {said.own} <span class="list-count">{number(ownCameras.value.length, language.value)}</span>
      </h3>
      <p class="quiet">{said.ownWhy}</p>
      <ul class="own-list">
        {shown.map((asset) => (
          <li key={asset.id}>
            <OwnRow asset={asset} />
          </li>
        ))}
      </ul>
      {more > 0 ? <p class="quiet">{said.ownMore(number(more, language.value))}</p> : null}
    </section>
  );
}

function OwnRow({ asset }: { asset: Asset }) {
  const { status, card } = words.value;
  const open = openedCamera.value === asset.id;
  const place = placeOf(asset.id);
  return (
    <button
      type="button"
      class={`own-row ${open ? "own-open" : ""}`}
      aria-current={open ? "true" : undefined}
      data-camera={asset.id}
      onClick={() => {
        openedCamera.value = asset.id;
      }}
    >
      <Icon name="camera" size={14} />
      <span class="own-name">
        <span>{visible(asset.name)}</span>
        <span class="quiet">{place || visible(asset.id)}</span>
      </span>
      <span class="own-when">
        <span class={`status status-${asset.status}`}>{status[asset.status] ?? asset.status}</span>
        {asset.at === null ? (
          <span class="quiet">{card.never}</span>
        ) : (
          <span class="quiet">
            <Age at={asset.at} rough />
          </span>
        )}
      </span>
    </button>
  );
}
