/** The whole page: bar, banner, list, map, panel and strip. */

import { Banner } from "./bar/banner";
import { Bar } from "./bar/bar";
import { words } from "./i18n";
import { List } from "./list/list";
import { liveness } from "./live/store";
import { MapView } from "./map/view";
import { Panel } from "./panel/panel";
import { Help } from "./shared/help";
import { opened } from "./state";
import { Strip } from "./strip/strip";

export function App() {
  const open = opened.value !== null;
  return (
    <div class={`page ${open ? "page-open" : ""} ${liveness.value.state === "lost" ? "page-lost" : ""}`}>
      <a class="skip" href="#list">
        {words.value.skip}
      </a>
      <Bar />
      <Banner />
      <List />
      <MapView />
      <Panel />
      <Strip />
      <Help />
    </div>
  );
}
