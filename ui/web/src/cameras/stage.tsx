/** A camera's picture as large as there is room, with what is seen and drawn on it, how old it is, and what is wrong. */

import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { language, words } from "../i18n";
import { city, now } from "../live/store";
import { clock, roughAge } from "../shared/format";
import { Icon } from "../shared/icon";
import { type Size, useSize } from "../shared/sized";
import { visible } from "../shared/visible";
import type { Extent, Geometry } from "./geometry";
import { nameOf } from "./naming";
import type { Camera, Live } from "./protocol";
import { SeenBoxes, SeenNames, ShapeNames, Shapes } from "./shapes";
import { GroupSign, groupOf, type Said, saidOf } from "./state";

/** From this age on a picture is said to be old, milliseconds: the newest one is made once a second. */
const OLD = 6_000;
const USUAL = 16 / 9;

interface Props {
  readonly camera: Camera;
  readonly live: ReadonlySignal<Live | null>;
  readonly failed: ReadonlySignal<boolean>;
  readonly geometry: Geometry;
  readonly boxes: boolean;
  readonly shapes: boolean;
  /** What an editor lays over the picture instead of what is drawn. */
  readonly editor?: ((extent: Extent) => ComponentChildren) | null;
}

export function Stage({ camera, live, failed, geometry, boxes, shapes, editor = null }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const natural = useSignal<number | null>(null);
  // What the picture on the screen shows: the next one's boxes belong to the next one.
  const shown = useSignal<Live | null>(null);
  const source = useSignal<Live | null>(null);
  // One that could not be had is not asked for again and again; the next one comes in a second.
  const broken = useRef<number | null>(null);
  useSignalEffect(() => {
    const next = live.value;
    const known = next?.at === source.peek()?.at || next?.at === broken.current;
    if (next?.picture && !known) source.value = next;
  });
  const { cameras } = words.value;

  const said: Said = live.value === null ? saidOf(camera) : live.value.silent ? "stale" : live.value.state;
  const away = groupOf(said) === "away";
  const aspect =
    natural.value ?? (camera.width > 0 && camera.height > 0 ? camera.width / camera.height : USUAL);
  const extent = size.value === null ? null : fitted(size.value, aspect);
  const picture = source.value?.picture ?? null;
  const seen = shown.value !== null && !away ? shown.value.boxes : [];
  return (
    <div class="stage" ref={frame} style={{ "--aspect": String(aspect) }}>
      {extent === null ? null : (
        <div
          class={`stage-picture ${away ? "stage-away" : ""}`}
          style={{ width: `${extent.width}px`, height: `${extent.height}px` }}
        >
          {picture === null ? null : (
            <img
              src={picture}
              alt={cameras.live.picture(nameOf(camera))}
              draggable={false}
              onLoad={(event) => {
                const { naturalWidth, naturalHeight } = event.currentTarget;
                if (naturalHeight > 0) natural.value = naturalWidth / naturalHeight;
                shown.value = source.peek();
              }}
              onError={() => {
                broken.current = source.peek()?.at ?? null;
                shown.value = null;
                source.value = null;
              }}
            />
          )}
          {shapes && editor === null ? (
            <svg class="over" width={extent.width} height={extent.height} aria-hidden="true">
              <Shapes geometry={geometry} extent={extent} />
            </svg>
          ) : null}
          {boxes && editor === null ? <SeenBoxes seen={seen} extent={extent} /> : null}
          {editor === null ? (
            <div class="over-names" aria-hidden="true">
              {shapes ? (
                <ShapeNames
                  geometry={geometry}
                  extent={extent}
                  zonesNow={live.value?.zones_now ?? camera.zones_now}
                />
              ) : null}
              {boxes ? <SeenNames seen={seen} extent={extent} /> : null}
            </div>
          ) : (
            editor(extent)
          )}
          {shown.value === null || away ? null : <PictureAge at={shown.value.at} camera={camera} />}
          {editor !== null && shown.value !== null ? null : (
            <Notice
              said={said}
              camera={camera}
              live={live.value}
              hasPicture={shown.value !== null}
              failed={failed.value}
            />
          )}
        </div>
      )}
    </div>
  );
}

/** The largest extent of that form within a size. */
export function fitted(size: Size, aspect: number): Extent {
  const width = Math.min(size.width, size.height * aspect);
  return { width: Math.round(width), height: Math.round(width / aspect) };
}

function PictureAge({ at, camera }: { at: number | null; camera: Camera }) {
  const { cameras } = words.value;
  const age = useComputed(() => (at === null ? 0 : Math.max(0, now.value - at)));
  const old = useComputed(() => age.value >= OLD);
  const said = useComputed(() =>
    age.value < 1_000
      ? words.value.cameras.live.fresh
      : old.value
        ? words.value.cameras.live.old(roughAge(age.value, words.value))
        : words.value.cameras.live.age(roughAge(age.value, words.value)),
  );
  return (
    <p class="stage-tags">
      <span class={`stage-tag ${old.value ? "stage-old" : ""}`}>
        {old.value ? <Icon name="clock" size={12} /> : null}
        <span>{said}</span>
      </span>
      {camera.night ? (
        <span class="stage-tag">
          <Icon name="moon" size={12} /> {cameras.live.night}
        </span>
      ) : null}
      {camera.simulated ? <span class="stage-tag">{words.value.panel.simulated}</span> : null}
    </p>
  );
}

interface NoticeProps {
  readonly said: Said;
  readonly camera: Camera;
  readonly live: Live | null;
  readonly hasPicture: boolean;
  readonly failed: boolean;
}

/** What is wrong with the picture, in words, where the picture would be or along its lower edge. */
function Notice({ said, camera, live, hasPicture, failed }: NoticeProps) {
  const { cameras } = words.value;
  const group = groupOf(said);
  const when = clock(
    said === "stale" ? camera.at : camera.since,
    now.peek(),
    language.value,
    city.value?.timezone,
  );
  const sentence = visible(live?.sentence ?? camera.sentence);
  const trouble = visible(live?.trouble ?? camera.trouble);
  if (group === "good" && hasPicture) {
    if (failed) return <Along sign={null} what={cameras.live.lost} why="" />;
    return trouble === "" ? null : <Along sign={null} what={trouble} why="" />;
  }
  if (group === "doubt" && hasPicture) {
    return (
      <Along
        sign={<GroupSign group={group} />}
        what={`${cameras.state[said]} ${cameras.since(when)}`}
        why={sentence || cameras.stateWhy[said]}
      />
    );
  }
  if (group === "good" || group === "doubt") {
    return (
      <Instead
        sign={<Icon name="clock" size={20} />}
        what={failed ? cameras.live.lost : cameras.live.waiting}
        why={trouble || cameras.live.waitingWhy}
        said=""
        veiled={false}
      />
    );
  }
  return (
    <Instead
      sign={<GroupSign group={group} />}
      what={`${cameras.live.noPicture}: ${cameras.state[said]} ${cameras.since(when)}`}
      why={cameras.stateWhy[said]}
      said={sentence}
      veiled={hasPicture}
    />
  );
}

interface Words {
  readonly sign: ComponentChildren;
  readonly what: string;
  readonly why: string;
}

function Along({ sign, what, why }: Words) {
  return (
    <div class="stage-along" role="status">
      {sign}
      <p>
        <strong>{what}</strong> {why}
      </p>
    </div>
  );
}

function Instead({ sign, what, why, said, veiled }: Words & { said: string; veiled: boolean }) {
  return (
    <div class={`stage-instead ${veiled ? "stage-veil" : ""}`} role="status">
      {sign}
      <strong>{what}</strong>
      <p>{why}</p>
      {said === "" ? null : <p class="stage-said">{said}</p>}
    </div>
  );
}
