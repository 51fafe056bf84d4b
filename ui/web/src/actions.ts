/** What an operator can do, whether by key, by button or on the map. */

import { batch, signal } from "@preact/signals";
import { words } from "./i18n";
import { type Command, newKey, Refused, send } from "./live/commands";
import type { FullIncident, Severity } from "./live/protocol";
import { assets, city, incidents, takeAnswer } from "./live/store";
import * as state from "./state";
import { show } from "./view";

/** The last command that was not done, in words; shown in the panel until the next one. */
export const failure = signal<string | null>(null);
/** The command that is on its way. */
export const busy = signal<Command | null>(null);
/** The newest full incident that a command answered. */
export const answer = signal<FullIncident | null>(null);

export function openIncident(id: string, go = false): void {
  batch(() => {
    if (state.opened.peek() !== id) {
      state.writing.value = null;
      state.nameWanted.value = null;
      failure.value = null;
    }
    state.opened.value = id;
    state.cursor.value = id;
    state.chosenAsset.value = null;
    show("map");
    const severity = incidents.peek().get(id)?.severity;
    if (severity !== undefined && state.collapsed.peek().has(severity)) toggleGroup(severity);
  });
  if (go) goToIncident(id);
}

/** Close the innermost thing that is open. */
export function back(): void {
  const focused = document.activeElement;
  if (state.helpShown.value) state.helpShown.value = false;
  else if (state.searching.value) {
    state.searching.value = false;
    if (focused instanceof HTMLElement) focused.blur();
  } else if (state.nameWanted.value !== null) state.nameWanted.value = null;
  else if (state.writing.value !== null) state.writing.value = null;
  else if (state.chosenAsset.value !== null) state.chosenAsset.value = null;
  else if (state.opened.value !== null) state.opened.value = null;
  else if (focused instanceof HTMLElement) focused.blur();
}

/** Move the cursor by rows; the panel follows where it is open. */
export function step(by: 1 | -1): void {
  const rows = state.reachable.value;
  if (rows.length === 0) return;
  const here = rows.findIndex((incident) => incident.id === state.cursor.value);
  const next = here < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + by));
  const id = rows[next]?.id;
  if (id === undefined) return;
  state.cursor.value = id;
  if (state.opened.value !== null) openIncident(id);
}

export function openCursor(): void {
  if (state.cursor.value !== null) openIncident(state.cursor.value);
}

/** The incident that a key means: the open one, else the one under the cursor. */
function meant(): string | null {
  return state.opened.value ?? state.cursor.value;
}

export function goToIncident(id: string): void {
  const incident = incidents.value.get(id);
  if (incident === undefined || incident.lat === null || incident.lon === null) return;
  state.destination.value = { kind: "point", at: [incident.lon, incident.lat], zoom: 14.5 };
}

export function goToMeant(): void {
  const id = meant();
  if (id !== null) goToIncident(id);
}

export function chooseAsset(id: string, go: boolean): void {
  if (go) show("map");
  state.chosenAsset.value = id;
  const asset = assets.get(id);
  if (go && asset !== undefined && asset.lat !== null && asset.lon !== null) {
    state.destination.value = { kind: "point", at: [asset.lon, asset.lat], zoom: 15.5 };
  }
}

/** Show a whole area. */
export function goToArea(id: string): void {
  const feature = city.value?.areas.features.find((one) => one.properties?.id === id);
  if (feature === undefined) return;
  const bounds: [number, number, number, number] = [180, 90, -180, -90];
  const widen = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    if (typeof part[0] === "number" && typeof part[1] === "number") {
      bounds[0] = Math.min(bounds[0], part[0]);
      bounds[1] = Math.min(bounds[1], part[1]);
      bounds[2] = Math.max(bounds[2], part[0]);
      bounds[3] = Math.max(bounds[3], part[1]);
    } else for (const inner of part) widen(inner);
  };
  if ("coordinates" in feature.geometry) widen(feature.geometry.coordinates);
  show("map");
  if (bounds[0] <= bounds[2]) state.destination.value = { kind: "bounds", bounds };
}

export function toggleGroup(severity: Severity): void {
  const next = new Set(state.collapsed.value);
  if (!next.delete(severity)) next.add(severity);
  state.collapsed.value = next;
}

/** Let the incidents that wait behind the pill into the list. */
export function release(): void {
  if (state.held.value.size > 0) state.held.value = new Set();
}

export function acknowledgeMeant(): void {
  const id = meant();
  if (id !== null) acknowledge(id);
}

export function acknowledge(id: string): void {
  const incident = incidents.value.get(id);
  if (incident === undefined || incident.work_state !== "new") return;
  if (state.operator.value === "") openIncident(id);
  named(() => command(id, "acknowledge", null));
}

export function write(what: "comment" | "resolve"): void {
  const id = meant();
  if (id === null) return;
  openIncident(id);
  named(() => {
    state.writing.value = what;
  });
}

/** Go on with the operator's name, asked for once where it is not known. */
function named(then: () => void): void {
  if (state.operator.value !== "") then();
  else state.nameWanted.value = then;
}

/** Send a command; what goes wrong is said in the panel, in the operator's language. */
export async function command(id: string, what: Command, text: string | null): Promise<boolean> {
  if (busy.value !== null) return false;
  busy.value = what;
  failure.value = null;
  try {
    const incident = await send(id, what, state.operator.value, text, newKey());
    batch(() => {
      takeAnswer(incident);
      answer.value = incident;
    });
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const said =
      error.status === 0 ? words.value.panel.unreachable : words.value.panel.refused(error.message);
    failure.value = said;
    return false;
  } finally {
    busy.value = null;
  }
}
