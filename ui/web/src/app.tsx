/** The whole page: bar, banner and strip around the view that is chosen. */

import { Banner } from "./bar/banner";
import { Bar } from "./bar/bar";
import { CamerasEntrance } from "./cameras/entrance";
import { Devices } from "./devices/devices";
import { words } from "./i18n";
import { List } from "./list/list";
import { liveness } from "./live/store";
import { MapView } from "./map/view";
import { Panel } from "./panel/panel";
import { Rejected } from "./rejected/rejected";
import { Entrance } from "./rules/entrance";
import { Help } from "./shared/help";
import { opened } from "./state";
import { Strip } from "./strip/strip";
import { mapSeen, view } from "./view";

export function App() {
  const onMap = view.value === "map";
  const open = onMap && opened.value !== null;
  return (
    <div
      class={`page page-${view.value} ${open ? "page-open" : ""} ${liveness.value.state === "lost" ? "page-lost" : ""}`}
    >
      {onMap ? (
        <a class="skip" href="#list">
          {words.value.skip}
        </a>
      ) : null}
      <Bar />
      <Banner />
      {/* The map stays behind the other views, out of sight and out of reach: to make it anew takes seconds. */}
      {mapSeen.value ? (
        <>
          <List />
          <MapView />
        </>
      ) : null}
      {onMap ? <Panel /> : null}
      {view.value === "cameras" ? <CamerasEntrance /> : null}
      {view.value === "devices" ? <Devices /> : null}
      {view.value === "rules" ? <Entrance /> : null}
      {view.value === "rejected" ? <Rejected /> : null}
      <Strip />
      <Help />
    </div>
  );
}
