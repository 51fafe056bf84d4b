/** Starts the page: the feed, the clock, the keys, and what the document says of itself. */

import { effect } from "@preact/signals";
import { render } from "preact";
import * as actions from "./actions";
import { App } from "./app";
import { room as cameraRoom, followCameraDoor } from "./cameras/door";
import { goToDevice, openDevice, stepDevice } from "./devices/actions";
import { cursor, followDevices } from "./devices/store";
import { language, text } from "./i18n";
import { loadCity, loadQuantities } from "./live/commands";
import { feedAddress, follow, pause } from "./live/socket";
import { city, look, quantities, take, tick, waiting } from "./live/store";
import { close, followRejected, opened as openedGroup, own, stepGroup } from "./rejected/store";
import { followDoor, room } from "./rules/door";
import { type Action, Keyboard } from "./shared/keys";
import { helpShown, searching, theme, wall } from "./state";
import { followAddress, openedDevice, show, type View, view } from "./view";
import "uplot/dist/uPlot.min.css";
import "maplibre-gl/dist/maplibre-gl.css";
import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/bar.css";
import "./styles/list.css";
import "./styles/panel.css";
import "./styles/map.css";
import "./styles/strip.css";
import "./styles/small.css";
import "./styles/views.css";
import "./styles/trial.css";
import "./styles/wall.css";
import "./styles/print.css";

/** The same key does the same in each view, to what is there. */
const DO: Readonly<Record<Action, () => void>> = {
  search: () => {
    searching.value = true;
  },
  next: () => step(1),
  previous: () => step(-1),
  open: () => {
    if (view.value === "map") actions.openCursor();
    else if (view.value === "devices") openDevice(cursor.value);
    else if (view.value === "cameras") cameraRoom.value?.takeUp();
    else if (view.value === "rules") room.value?.takeUp();
  },
  acknowledge: () => {
    if (view.value === "map") actions.acknowledgeMeant();
  },
  comment: () => {
    if (view.value === "map") actions.write("comment");
  },
  map: () => {
    if (view.value === "map") actions.goToMeant();
    else if (view.value === "devices") goToDevice();
    else if (view.value === "cameras") cameraRoom.value?.goToCamera();
  },
  help: () => {
    helpShown.value = !helpShown.value;
  },
  wall: () => {
    wall.value = !wall.value;
  },
  back,
  goList: () => go("map", ".list .row-button, .list .group-head"),
  goMap: () => go("map", "#map"),
  goCameras: () => go("cameras", "#cameras"),
  goDevices: () => go("devices", "#devices"),
  goRules: () => go("rules", "#rules"),
  goRejected: () => go("rejected", "#rejected"),
};

function step(by: 1 | -1): void {
  if (view.value === "map") actions.step(by);
  else if (view.value === "devices") stepDevice(by);
  else if (view.value === "cameras") cameraRoom.value?.stepCamera(by);
  else if (view.value === "rules") room.value?.stepRule(by);
  else stepGroup(by);
}

/** Close the innermost thing that is open. */
function back(): void {
  const busyElsewhere =
    helpShown.value || searching.value || document.activeElement?.matches("input, textarea");
  if (!busyElsewhere && view.value === "devices" && openedDevice.value !== null) openedDevice.value = null;
  else if (!busyElsewhere && view.value === "rejected" && (openedGroup.value !== null || own.value)) close();
  else if (!helpShown.value && !searching.value && putDown()) return;
  else actions.back();
}

/** Close the innermost thing that is open in a view that keeps drafts; says whether there was any. */
function putDown(): boolean {
  if (view.value === "rules") return room.value?.putDown() ?? false;
  return view.value === "cameras" && (cameraRoom.value?.putDown() ?? false);
}

/** Show a view and put the focus into it: at once, or when it has been drawn. */
function go(next: View, place: string): void {
  const focus = () => document.querySelector<HTMLElement>(place)?.focus();
  const drawn = view.value === next;
  show(next);
  if (drawn) focus();
  else requestAnimationFrame(focus);
}

function listenToKeys(): void {
  const keyboard = new Keyboard();
  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    const action = keyboard.press(
      {
        key: event.key,
        modified: event.ctrlKey || event.altKey || event.metaKey,
        typing:
          target?.matches("input:not([type=checkbox]), textarea, select, [contenteditable=true]") ?? false,
        onControl: target?.matches("button, a, summary, label") ?? false,
      },
      event.timeStamp,
    );
    if (action === null) return;
    // A dialog closes itself on Escape; a field that asks for a name handles its own.
    if (action === "back" && event.defaultPrevented) return;
    event.preventDefault();
    DO[action]();
  });
}

/** Load what hardly ever changes; without it the page waits, so it is asked for until it comes. */
async function loadOnce(failures = 0): Promise<void> {
  try {
    const [theCity, theQuantities] = await Promise.all([loadCity(), loadQuantities()]);
    quantities.value = theQuantities;
    city.value = theCity;
  } catch {
    setTimeout(() => void loadOnce(failures + 1), pause(failures + 1, Math.random()));
  }
}

effect(() => {
  document.documentElement.lang = language.value;
  document.documentElement.dataset.theme = theme.value;
  document.documentElement.toggleAttribute("data-wall", wall.value);
});
effect(() => {
  const name = text(city.value?.title, language.value);
  const count = waiting.value > 0 ? `(${waiting.value}) ` : "";
  document.title = `${count}IOC${name === "" ? "" : ` ${name}`}`;
});

const place = document.getElementById("page");
if (place !== null) render(<App />, place);
listenToKeys();
followAddress();
followDevices();
followRejected();
followDoor();
followCameraDoor();
follow(feedAddress(location), { message: take, closed: look });
setInterval(tick, 1000);
void loadOnce();
