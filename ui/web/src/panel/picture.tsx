/** The pictures that made an incident: what the camera saw, with a box around what it is about. */

import { type Signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { originals } from "../cameras/statuses";
import { language, words } from "../i18n";
import type { FullIncident, IncidentPicture } from "../live/protocol";
import { assets, city, now } from "../live/store";
import { Clock } from "../shared/age";
import { clock } from "../shared/format";
import { Icon } from "../shared/icon";
import { visible } from "../shared/visible";
import { showCamera } from "../view";
import { OriginalForm } from "./original";
import { addressOf, picturesOf } from "./pictures";

export function Pictures({ incident }: { incident: FullIncident }) {
  const pictures = picturesOf(incident);
  return pictures.length === 0 ? null : <Some pictures={pictures} key={incident.id} />;
}

function Some({ pictures }: { pictures: readonly IncidentPicture[] }) {
  const said = words.value.picture;
  const chosen = useSignal<string | null>(null);
  const large = useSignal(false);
  const found = pictures.findIndex((one) => one.id === chosen.value);
  const index = Math.max(0, found);
  const picture = pictures[index];
  if (picture === undefined) return null;
  const go = (by: number): void => {
    chosen.value = pictures[Math.min(pictures.length - 1, Math.max(0, index + by))]?.id ?? null;
  };
  const turning = pictures.length < 2 ? null : <Turning index={index} count={pictures.length} go={go} />;
  return (
    <section class="panel-part panel-picture" aria-label={said.title}>
      <Shown
        key={picture.id}
        picture={picture}
        onEnlarge={() => {
          // What somebody looks at stays, also when a newer one comes.
          chosen.value = picture.id;
          large.value = true;
        }}
      />
      <div class="picture-about">
        <Taken picture={picture} />
        {turning}
      </div>
      {large.value ? (
        <Large
          picture={picture}
          turning={turning}
          go={go}
          onClose={() => {
            large.value = false;
          }}
        />
      ) : null}
    </section>
  );
}

function Turning({ index, count, go }: { index: number; count: number; go: (by: number) => void }) {
  const said = words.value.picture;
  return (
    <span class="picture-turning">
      <button
        type="button"
        class="tool"
        aria-label={said.previous}
        disabled={index === 0}
        onClick={() => go(-1)}
      >
        <Icon name="left" size={14} />
      </button>
      <span>{said.which(String(index + 1), String(count))}</span>
      <button
        type="button"
        class="tool"
        aria-label={said.next}
        disabled={index === count - 1}
        onClick={() => go(1)}
      >
        <Icon name="right" size={14} />
      </button>
    </span>
  );
}

/** When it was taken, and by which camera. */
function Taken({ picture }: { picture: IncidentPicture }) {
  const said = words.value.picture;
  const { asset } = picture;
  return (
    <p class="picture-taken">
      <Clock at={picture.at} />
      {asset === null ? null : (
        <button type="button" class="link" title={said.toCamera} onClick={() => showCamera(asset)}>
          {nameOf(picture)}
        </button>
      )}
    </p>
  );
}

function nameOf({ asset }: IncidentPicture): string {
  return asset === null ? "" : visible(assets.get(asset)?.name ?? asset);
}

function alternative(picture: IncidentPicture): string {
  const at = clock(picture.at, now.peek(), language.value, city.value?.timezone);
  return words.value.picture.alt(nameOf(picture), at);
}

/** Why a picture cannot be shown: it was deleted in its time, or it cannot be had now. */
type Missing = "gone" | "failed";

async function whyMissing(picture: IncidentPicture): Promise<Missing> {
  try {
    return (await fetch(addressOf(picture.id))).status === 404 ? "gone" : "failed";
  } catch {
    return "failed";
  }
}

function Shown({ picture, onEnlarge }: { picture: IncidentPicture; onEnlarge: () => void }) {
  const said = words.value.picture;
  const missing = useSignal<Missing | null>(null);
  const drawn = useSignal(false);
  if (missing.value !== null) {
    return (
      <div class="picture-missing">
        <Icon name="noPicture" size={20} />
        <p>{said[missing.value]}</p>
        {missing.value === "gone" ? <p class="quiet">{said.goneWhy}</p> : null}
      </div>
    );
  }
  return (
    <button type="button" class="picture" title={said.enlarge} onClick={onEnlarge}>
      <img
        src={addressOf(picture.id)}
        alt={alternative(picture)}
        draggable={false}
        onLoad={() => {
          drawn.value = true;
        }}
        onError={() => {
          void whyMissing(picture).then((why) => {
            missing.value = why;
          });
        }}
      />
      {drawn.value ? <Around picture={picture} /> : null}
      <span class="picture-enlarge">
        <Icon name="enlarge" size={14} />
      </span>
    </button>
  );
}

/** The box around what the picture is about. */
function Around({ picture }: { picture: IncidentPicture }) {
  if (picture.box === null) return null;
  const [left, top, right, bottom] = picture.box;
  const place = {
    left: `${left * 100}%`,
    top: `${top * 100}%`,
    width: `${(right - left) * 100}%`,
    height: `${(bottom - top) * 100}%`,
  };
  return <span class="picture-box" style={place} aria-hidden="true" />;
}

interface LargeProps {
  readonly picture: IncidentPicture;
  readonly turning: preact.ComponentChildren;
  readonly go: (by: number) => void;
  readonly onClose: () => void;
}

function Large({ picture, turning, go, onClose }: LargeProps) {
  const said = words.value.picture;
  const sheet = useRef<HTMLDialogElement>(null);
  const asking = useSignal(false);
  useLayoutEffect(() => {
    if (sheet.current !== null && !sheet.current.open) sheet.current.showModal();
  }, []);
  // By the dialog's own way, which puts the focus back to where it was.
  const close = (): void => sheet.current?.close();
  return (
    <dialog
      ref={sheet}
      class={asking.value ? "picture-large picture-asks" : "picture-large"}
      aria-label={alternative(picture)}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === sheet.current && !asking.value) close();
      }}
      onKeyDown={(event) => {
        // The keys of the page wait until the picture is put away.
        event.stopPropagation();
        if (asking.value) {
          if (event.key !== "Escape") return;
          // The innermost thing first: the question, then the picture.
          event.preventDefault();
          asking.value = false;
          return;
        }
        if (event.key === "ArrowLeft") go(-1);
        if (event.key === "ArrowRight") go(1);
      }}
    >
      <Whole key={picture.id} picture={picture} asking={asking}>
        {turning}
        <button
          type="button"
          class="tool"
          aria-label={said.close}
          title={`${said.close}  Esc`}
          onClick={close}
        >
          <Icon name="close" />
        </button>
      </Whole>
    </dialog>
  );
}

interface WholeProps {
  readonly picture: IncidentPicture;
  /** Whether it is being asked who wants to see the original, and why. */
  readonly asking: Signal<boolean>;
  readonly children: preact.ComponentChildren;
}

/** The picture, blurred as it is kept, or for as long as it is looked at, its original. */
function Whole({ picture, asking, children }: WholeProps) {
  const said = words.value.picture;
  const original = useSignal<string | null>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  const forget = (): void => {
    const held = original.peek();
    original.value = null;
    if (held !== null) URL.revokeObjectURL(held);
  };
  useLayoutEffect(
    () => () => {
      forget();
      asking.value = false;
    },
    [],
  );
  const seen = useRef(false);
  useLayoutEffect(() => {
    // Whoever comes back from the question goes on where they asked.
    if (seen.current && !asking.value) toggle.current?.focus();
    seen.current = asking.value;
  }, [asking.value]);
  return (
    <>
      <div class="picture-whole">
        {original.value === null ? (
          <img src={addressOf(picture.id)} alt={alternative(picture)} draggable={false} />
        ) : (
          <img
            key="original"
            src={original.value}
            alt={`${alternative(picture)}, ${said.original.mark}`}
            draggable={false}
          />
        )}
        <Around picture={picture} />
        {original.value === null ? null : <strong class="picture-unblurred">{said.original.mark}</strong>}
      </div>
      {asking.value ? (
        <OriginalForm
          picture={picture.id}
          onGiven={(given) => {
            forget();
            original.value = URL.createObjectURL(given);
            asking.value = false;
          }}
          onCancel={() => {
            asking.value = false;
          }}
        />
      ) : (
        <footer>
          <Taken picture={picture} />
          {original.value === null ? <span class="quiet">{said.blurred}</span> : null}
          {original.value !== null ? (
            <button ref={toggle} type="button" class="link" onClick={forget}>
              {said.original.hide}
            </button>
          ) : originals.value ? (
            <button
              ref={toggle}
              type="button"
              class="link"
              onClick={() => {
                asking.value = true;
              }}
            >
              {said.original.see}
            </button>
          ) : null}
          {children}
        </footer>
      )}
    </>
  );
}
