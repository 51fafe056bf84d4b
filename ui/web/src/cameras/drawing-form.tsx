/** What is drawn, as a list; what the chosen one is called and told of; and the way out: saved, or not. */

import { useEffect, useRef } from "preact/hooks";
import { words } from "../i18n";
import { Refused } from "../live/commands";
import { Icon } from "../shared/icon";
import { visible } from "../shared/visible";
import { loadCamera } from "./ask";
import type { Shape } from "./drawing";
import * as drawing from "./drawing";
import { shapeName } from "./drawing-layer";
import {
  askToSave,
  change,
  choose,
  chosen,
  configured,
  corner,
  dirty,
  draft,
  faults,
  isConfigured,
  leave,
  leaving,
  removeChosen,
  removeCorner,
  settled,
  stop,
  tool,
} from "./editor";
import { area, type Geometry, type Line, WAYS, type Zone } from "./geometry";
import { percent } from "./numbers";
import type { Camera } from "./protocol";

export function DrawingForm({ camera }: { camera: Camera }) {
  const { editor } = words.value.cameras;
  const geometry = draft.value?.history.now;
  if (geometry === undefined) return null;
  const grave = faults.value.some((fault) => fault.grave);
  return (
    <aside class="camera-side drawing-form" aria-label={editor.title}>
      <div class="drawing-scroll">
        <Group title={editor.zonesOf} none={geometry.zones.length === 0}>
          {geometry.zones.map((zone, index) => (
            <Item key={index} geometry={geometry} shape={{ kind: "zone", index }}>
              <ZoneFields zone={zone} index={index} />
            </Item>
          ))}
        </Group>
        <Group title={editor.linesOf} none={geometry.lines.length === 0}>
          {geometry.lines.map((line, index) => (
            <Item key={index} geometry={geometry} shape={{ kind: "line", index }}>
              <LineFields line={line} index={index} />
            </Item>
          ))}
        </Group>
        <section class="panel-part">
          <h3>{editor.regionName}</h3>
          {geometry.region.length === 0 ? (
            <p class="quiet">{editor.regionNone}</p>
          ) : (
            <ul class="drawn-items">
              <Item geometry={geometry} shape={{ kind: "region" }}>
                <p class="quiet">{editor.regionSome(percent(area(geometry.region)))}</p>
                <Remove />
              </Item>
            </ul>
          )}
        </section>
        <Configured camera={camera} geometry={geometry} />
        <p class="quiet drawing-keys">{editor.keys}</p>
      </div>
      <footer class="actions">
        {leaving.value ? (
          <div class="drawing-leave" role="alert">
            <strong>{editor.leaveAsk}</strong>
            <div class="action-row">
              <button type="button" class="button" onClick={stop}>
                {editor.discard}
              </button>
              <button
                type="button"
                class="button button-main"
                onClick={() => {
                  leaving.value = false;
                }}
              >
                {editor.stay}
              </button>
            </div>
          </div>
        ) : (
          <div class="action-row">
            <button type="button" class="button" onClick={leave}>
              {editor.leave}
            </button>
            <button
              type="button"
              class="button button-main"
              disabled={!dirty.value || grave}
              title={grave ? firstFault() : ""}
              onClick={askToSave}
            >
              {editor.save}
            </button>
          </div>
        )}
      </footer>
    </aside>
  );
}

function firstFault(): string {
  const fault = faults.value.find((one) => one.grave);
  return fault === undefined ? "" : words.value.cameras.editor.problem[fault.kind];
}

function Group({
  title,
  none,
  children,
}: {
  title: string;
  none: boolean;
  children: preact.ComponentChildren;
}) {
  return (
    <section class="panel-part">
      <h3>{title}</h3>
      {none ? (
        <p class="quiet">{words.value.cameras.editor.none}</p>
      ) : (
        <ul class="drawn-items">{children}</ul>
      )}
    </section>
  );
}

function Item({
  geometry,
  shape,
  children,
}: {
  geometry: Geometry;
  shape: Shape;
  children: preact.ComponentChildren;
}) {
  const { editor } = words.value.cameras;
  const open = drawing.same(chosen.value, shape);
  const own = faults.value.filter((fault) => drawing.same(fault.shape, shape));
  const corners = drawing.cornersOf(geometry, shape).length;
  return (
    <li class={`drawn-item ${open ? "drawn-item-open" : ""}`}>
      <button
        type="button"
        class="drawn-head"
        aria-expanded={open}
        onClick={() => {
          tool.value = "select";
          choose(open ? null : shape);
        }}
      >
        <span class={`drawn-sign drawn-${shape.kind}`} aria-hidden="true" />
        <span class="drawn-name">{shapeName(geometry, shape) || "–"}</span>
        {own.length > 0 ? (
          <Icon name="refused" size={14} />
        ) : shape.kind === "line" ? null : (
          <span class="quiet">{editor.corners(corners)}</span>
        )}
      </button>
      {own.map((fault) => (
        <p key={fault.kind} class={`drawn-fault ${fault.grave ? "" : "drawn-doubt"}`} role="alert">
          {editor.problem[fault.kind]}
        </p>
      ))}
      {open ? <div class="drawn-fields">{children}</div> : null}
    </li>
  );
}

/** A name; the field takes the focus where the shape is new, so that it is named at once. */
function Name({ name, about, onName }: { name: string; about: string; onName: (name: string) => void }) {
  const { editor } = words.value.cameras;
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Chosen on the picture by a finger, a keyboard must not cover what was touched.
    if (matchMedia("(hover: hover)").matches && isNew(name)) field.current?.select();
  }, [about]);
  return (
    <label class="field">
      <span>{editor.name}</span>
      <input
        ref={field}
        type="text"
        maxLength={drawing.MAX_NAME}
        spellcheck={false}
        autoComplete="off"
        title={editor.nameHint}
        value={name}
        onInput={(event) => onName(event.currentTarget.value)}
        onBlur={(event) => {
          if (event.currentTarget.value !== name.trim()) onName(name.trim());
          settled();
        }}
      />
    </label>
  );
}

function isNew(name: string): boolean {
  const { editor } = words.value.cameras;
  return [editor.newZone, editor.newLine].some((word) => new RegExp(`^${word} \\d+$`).test(name));
}

function ZoneFields({ zone, index }: { zone: Zone; index: number }) {
  const { editor } = words.value.cameras;
  const about = `zone ${index}`;
  return (
    <>
      <Name
        name={zone.zone}
        about={about}
        onName={(name) =>
          change((geometry) => drawing.changeZone(geometry, index, { zone: name }), `${about} name`)
        }
      />
      <div class="field-row">
        <label class="field-check">
          <input
            type="checkbox"
            checked={zone.dwell_s !== null}
            onChange={(event) => {
              const dwell = event.currentTarget.checked ? 60 : null;
              change((geometry) => drawing.changeZone(geometry, index, { dwell_s: dwell }));
            }}
          />
          {editor.dwell}
        </label>
        {zone.dwell_s === null ? null : (
          <label class="field-number">
            <input
              type="text"
              inputMode="numeric"
              aria-label={editor.dwell}
              value={Number.isFinite(zone.dwell_s) ? String(zone.dwell_s) : ""}
              onInput={(event) => {
                const typed = event.currentTarget.value.replace(",", ".");
                const dwell = typed.trim() === "" ? 0 : Number(typed);
                if (Number.isNaN(dwell)) return;
                change(
                  (geometry) => drawing.changeZone(geometry, index, { dwell_s: dwell }),
                  `${about} dwell`,
                );
              }}
              onBlur={settled}
            />
            {editor.dwellUnit}
          </label>
        )}
      </div>
      <label class="field-check">
        <input
          type="checkbox"
          checked={zone.density}
          onChange={(event) => {
            const density = event.currentTarget.checked;
            change((geometry) => drawing.changeZone(geometry, index, { density }));
          }}
        />
        {editor.density}
      </label>
      <Remove />
    </>
  );
}

function LineFields({ line, index }: { line: Line; index: number }) {
  const { editor } = words.value.cameras;
  const about = `line ${index}`;
  return (
    <>
      <Name
        name={line.line}
        about={about}
        onName={(name) =>
          change((geometry) => drawing.changeLine(geometry, index, { line: name }), `${about} name`)
        }
      />
      <label class="field">
        <span>{editor.forbidden}</span>
        <select
          value={line.forbidden}
          onChange={(event) => {
            const forbidden = event.currentTarget.value as Line["forbidden"];
            change((geometry) => drawing.changeLine(geometry, index, { forbidden }));
          }}
        >
          {WAYS.map((way) => (
            <option key={way} value={way}>
              {editor.forbiddenWays[way]}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="button"
        onClick={() => change((geometry) => drawing.turnLine(geometry, index))}
      >
        <Icon name="turn" size={14} /> {editor.turn}
      </button>
      <Remove />
    </>
  );
}

/** Takes the whole shape away, or the corner that was touched; that is the way of those who have no keys. */
function Remove() {
  const { editor } = words.value.cameras;
  const shape = chosen.value;
  const geometry = draft.value?.history.now;
  const many = shape !== null && geometry !== undefined && drawing.cornersOf(geometry, shape).length > 3;
  return (
    <div class="field-do">
      <button type="button" class="button field-remove" onClick={removeChosen}>
        <Icon name="remove" size={14} /> {editor.remove}
      </button>
      {corner.value !== null && many ? (
        <button type="button" class="button" onClick={removeCorner}>
          {editor.removeCorner}
        </button>
      ) : null}
    </div>
  );
}

/** The way back to what the camera's configuration says, where something else is drawn. */
function Configured({ camera, geometry }: { camera: Camera; geometry: Geometry }) {
  const { editor } = words.value.cameras;
  useEffect(() => {
    let gone = false;
    loadCamera(camera.id).then(
      (details) => {
        if (!gone) configured.value = { camera: camera.id, geometry: details.file_geometry };
      },
      (error: unknown) => {
        // Without it there is no way back to offer; nothing else depends on it.
        if (!(error instanceof Refused)) throw error;
      },
    );
    return () => {
      gone = true;
    };
  }, [camera.id]);
  const file = configured.value?.camera === camera.id ? configured.value.geometry : null;
  if (file === null || file.zones.length + file.lines.length + file.region.length === 0) return null;
  if (isConfigured(camera.id, geometry)) return null;
  return (
    <section class="panel-part">
      <h3>{editor.file}</h3>
      <button
        type="button"
        class="button"
        title={file.zones.map((zone) => visible(zone.zone)).join(", ")}
        onClick={() => {
          choose(null);
          change(() => file);
        }}
      >
        {editor.fileWhy}
      </button>
    </section>
  );
}
