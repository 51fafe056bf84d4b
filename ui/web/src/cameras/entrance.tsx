/** The view of cameras, or what stands in its place until it has been loaded. */

import { words } from "../i18n";
import { Nothing } from "../shared/nothing";
import { room, shut } from "./door";

export function CamerasEntrance() {
  const loaded = room.value;
  if (loaded !== null) return <loaded.Cameras />;
  const { views } = words.value;
  return (
    <main class="view" id="cameras" tabIndex={-1} aria-label={views.cameras}>
      {shut.value ? <Nothing what={views.unloaded} why={views.unloadedWhy} /> : null}
    </main>
  );
}
