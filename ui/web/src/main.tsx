/** Starts the page: the feed, the clock, the keys, and what the document says of itself. */

import { effect } from "@preact/signals";
import { render } from "preact";
import * as actions from "./actions";
import { App } from "./app";
import { language, text } from "./i18n";
import { loadCity, loadQuantities } from "./live/commands";
import { feedAddress, follow, pause } from "./live/socket";
import { city, look, quantities, take, tick, waiting } from "./live/store";
import { type Action, Keyboard } from "./shared/keys";
import { helpShown, searching, theme } from "./state";
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

const DO: Readonly<Record<Action, () => void>> = {
  search: () => {
    searching.value = true;
  },
  next: () => actions.step(1),
  previous: () => actions.step(-1),
  open: actions.openCursor,
  acknowledge: actions.acknowledgeMeant,
  comment: () => actions.write("comment"),
  map: actions.goToMeant,
  help: () => {
    helpShown.value = !helpShown.value;
  },
  back: actions.back,
  goList: () => document.querySelector<HTMLElement>(".list .row-button, .list .group-head")?.focus(),
  goMap: () => document.getElementById("map")?.focus(),
};

function listenToKeys(): void {
  const keyboard = new Keyboard();
  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    const action = keyboard.press(
      {
        key: event.key,
        modified: event.ctrlKey || event.altKey || event.metaKey,
        typing: target?.matches("input:not([type=checkbox]), textarea, select") ?? false,
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
});
effect(() => {
  const name = text(city.value?.title, language.value);
  const count = waiting.value > 0 ? `(${waiting.value}) ` : "";
  document.title = `${count}IOC${name === "" ? "" : ` ${name}`}`;
});

const place = document.getElementById("page");
if (place !== null) render(<App />, place);
listenToKeys();
follow(feedAddress(location), { message: take, closed: look });
setInterval(tick, 1000);
void loadOnce();
