/** The view of rules, or what stands in its place until it has been loaded. */

import { words } from "../i18n";
import { Nothing } from "../shared/nothing";
import { room, shut } from "./door";

export function Entrance() {
  const loaded = room.value;
  if (loaded !== null) return <loaded.Rules />;
  const { views } = words.value;
  return (
    <nav class="list" aria-label={views.rules}>
      {shut.value ? <Nothing what={views.unloaded} why={views.unloadedWhy} /> : null}
    </nav>
  );
}
