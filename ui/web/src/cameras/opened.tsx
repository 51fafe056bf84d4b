/** The camera that is looked through: its picture, what it counts, its numbers, and the editor that draws on it. */

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { language, words } from "../i18n";
import type { Asset } from "../live/protocol";
import { assets, now, quantities } from "../live/store";
import { Age } from "../shared/age";
import { quantityTitle, value } from "../shared/format";
import { Icon } from "../shared/icon";
import { Nothing } from "../shared/nothing";
import { visible } from "../shared/visible";
import { openedCamera, showDevice } from "../view";
import { cameraOnMap } from "./choosing";
import { CountsOfDay } from "./counts";
import { DrawingForm } from "./drawing-form";
import { DrawingLayer } from "./drawing-layer";
import { DrawingTools } from "./drawing-tools";
import { dirty, draft, saved, start } from "./editor";
import { Now } from "./list";
import { useLive } from "./looking";
import { nameOf, placeOf } from "./naming";
import { Facts, Stream, ZonesAndLines } from "./numbers";
import { Plan } from "./plan";
import type { Camera } from "./protocol";
import { SaveSheet } from "./save-sheet";
import { Stage } from "./stage";
import { State, saidOf } from "./state";
import { cameras } from "./statuses";

export function Opened({ id }: { id: string }) {
  const said = words.value.cameras;
  const camera = cameras.value?.get(id);
  // What it says comes with the feed; the clock makes it be looked at again.
  const asset = now.value > 0 ? assets.get(id) : undefined;
  if (camera !== undefined) return <Looked camera={camera} key={id} />;
  return (
    <section class="camera" aria-label={said.title}>
      {cameras.value === null ? (
        <Nothing what={said.loading} why="" />
      ) : asset === undefined ? (
        <>
          <Bare title={visible(id)} />
          <Nothing what={said.gone} why={said.goneWhy} />
        </>
      ) : (
        <ByItself asset={asset} />
      )}
    </section>
  );
}

function Close() {
  const said = words.value.cameras;
  return (
    <button
      type="button"
      class="tool camera-close"
      title={`${said.close}  Esc`}
      aria-label={said.close}
      onClick={() => {
        openedCamera.value = null;
      }}
    >
      <Icon name="close" />
    </button>
  );
}

function Bare({ title }: { title: string }) {
  return (
    <header class="camera-head">
      <div class="camera-title">
        <h2>{title}</h2>
      </div>
      <Close />
    </header>
  );
}

function Looked({ camera }: { camera: Camera }) {
  const said = words.value.cameras;
  const { live, failed } = useLive(camera.id);
  const boxes = useSignal(true);
  const shapes = useSignal(true);
  const drawing = draft.value;
  // The second's answer is newer than the list's.
  const newest: Camera = live.value === null ? camera : { ...camera, ...pick(live.value) };
  return (
    <section class={`camera ${drawing === null ? "" : "camera-drawing"}`} aria-label={nameOf(camera)}>
      <Head camera={newest} drawing={drawing !== null} />
      <div class="camera-body">
        <div class="camera-picture">
          {drawing === null ? null : <DrawingTools />}
          <Stage
            camera={newest}
            live={live}
            failed={failed}
            geometry={camera.geometry}
            boxes={boxes.value}
            shapes={shapes.value}
            editor={drawing === null ? null : (extent) => <DrawingLayer extent={extent} />}
          />
          {drawing !== null ? null : (
            <div class="stage-switches">
              <Switch on={boxes} label={said.live.seen} />
              <Switch on={shapes} label={said.live.drawn} />
              {saved.value ? (
                <span class="camera-saved" role="status">
                  <Icon name="check" size={14} /> {said.editor.saved}
                </span>
              ) : null}
            </div>
          )}
        </div>
        {drawing === null ? (
          <>
            <aside class="camera-side">
              <Stream camera={newest} />
              <ZonesAndLines camera={newest} onDraw={() => start(camera)} />
              <Plan camera={newest} />
              <Facts camera={newest} />
            </aside>
            <CountsOfDay camera={camera} />
          </>
        ) : (
          <DrawingForm camera={camera} />
        )}
      </div>
      <SaveSheet camera={camera} />
    </section>
  );
}

function pick(live: NonNullable<ReturnType<typeof useLive>["live"]["value"]>) {
  const { state, sentence, trouble, silent, people, vehicles, zones_now } = live;
  return { state, sentence, trouble, silent, people, vehicles, zones_now };
}

function Switch({ on, label }: { on: { value: boolean }; label: string }) {
  return (
    <label class="stage-switch">
      <input
        type="checkbox"
        checked={on.value}
        onChange={() => {
          on.value = !on.value;
        }}
      />
      {label}
    </label>
  );
}

function Head({ camera, drawing }: { camera: Camera; drawing: boolean }) {
  const said = words.value.cameras;
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const place = placeOf(camera.id);
  const onMap = camera.place !== null || assets.get(camera.id)?.lat != null;
  return (
    <header class="camera-head">
      <div class="camera-title">
        <h2 tabIndex={-1} ref={heading} title={nameOf(camera)}>
          {nameOf(camera)}
        </h2>
        <p>
          <State said={saidOf(camera)} />
          {place === "" ? null : <span class="camera-where">{place}</span>}
          <code>{visible(camera.id)}</code>
        </p>
      </div>
      <Now camera={camera} />
      <div class="camera-do">
        {onMap ? (
          <button
            type="button"
            class="button"
            title="M"
            aria-label={said.toMap}
            onClick={() => cameraOnMap(camera.id)}
          >
            <Icon name="target" size={14} /> <span>{said.toMap}</span>
          </button>
        ) : null}
        {drawing ? null : (
          <button type="button" class="button" onClick={() => start(camera)}>
            <Icon name="zone" size={14} /> <span>{said.zones.edit}</span>
          </button>
        )}
        {drawing && dirty.value ? <span class="tag camera-unsaved">{said.editor.unsaved}</span> : null}
      </div>
      <Close />
    </header>
  );
}

/** A camera whose video stays with it: what it reports. */
function ByItself({ asset }: { asset: Asset }) {
  const said = words.value.cameras;
  const known = quantities.value;
  const values = Object.entries(asset.values).filter(([name]) => name !== "simulated" && name !== "picture");
  const place = placeOf(asset.id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <>
      <header class="camera-head">
        <div class="camera-title">
          <h2 tabIndex={-1} ref={heading}>
            {visible(asset.name)}
          </h2>
          <p>
            <span class={`status status-${asset.status}`}>
              {words.value.status[asset.status] ?? asset.status}
            </span>
            {place === "" ? null : <span class="camera-where">{place}</span>}
            <code>{visible(asset.id)}</code>
            {asset.simulated ? <span class="tag">{words.value.panel.simulated}</span> : null}
          </p>
        </div>
        <div class="camera-do">
          {asset.lat === null ? null : (
            <button
              type="button"
              class="button"
              aria-label={said.toMap}
              onClick={() => cameraOnMap(asset.id)}
            >
              <Icon name="target" size={14} /> <span>{said.toMap}</span>
            </button>
          )}
          <button type="button" class="button" aria-label={said.device} onClick={() => showDevice(asset.id)}>
            <Icon name="devices" size={14} /> <span>{said.device}</span>
          </button>
        </div>
        <Close />
      </header>
      <div class="own-body">
        <div class="own-explained">
          <Icon name="camera" size={20} />
          <div>
            <h3>{said.ownHead}</h3>
            <p class="quiet">{said.ownHeadWhy}</p>
          </div>
        </div>
        <section class="own-said">
          <h3>
            {said.saidLast}
            {asset.at === null ? null : (
              <span class="quiet">
                <Age at={asset.at} />
              </span>
            )}
          </h3>
          {values.length === 0 ? <p class="quiet">{said.saidNothing}</p> : null}
          <dl class="values">
            {values.map(([name, shown]) => (
              <div key={name} class="pair">
                <dt>{quantityTitle(name, known[name], language.value)}</dt>
                <dd title={visible(String(shown))}>
                  {visible(value(shown, known[name], language.value, words.value))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </>
  );
}
