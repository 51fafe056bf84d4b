/** The view of rules, or what stands in its place until it has been loaded. */

import { words } from "../i18n";
import { Nothing } from "../shared/nothing";
import { room, shut } from "./door";

export function Entrance() {
  const loaded = room.value;
  if (loaded !== null) return <loaded.Rules />;
  const { rules } = words.value;
  return (
    <nav class="rules-list" aria-label={rules.title}>
      {shut.value ? <Nothing what={rules.unloaded} why={rules.unloadedWhy} /> : null}
    </nav>
  );
}
