/** Switches between the map, the cameras, the devices, the rules, and what could not be read. */

import { words } from "../i18n";
import { Icon, type IconName } from "../shared/icon";
import { show, VIEWS, type View, view } from "../view";

const ICON: Readonly<Record<View, IconName>> = {
  map: "map",
  cameras: "camera",
  devices: "devices",
  rules: "rules",
  rejected: "refused",
};
const KEYS: Readonly<Record<View, string>> = {
  map: "g m",
  cameras: "g c",
  devices: "g d",
  rules: "g r",
  rejected: "g x",
};

export function Views() {
  const { views } = words.value;
  return (
    <nav class="views" aria-label={views.label}>
      {VIEWS.map((one) => (
        <button
          key={one}
          type="button"
          class="view-tab"
          aria-current={view.value === one ? "page" : undefined}
          title={`${views[one]}  ${KEYS[one]}`}
          onClick={() => show(one)}
        >
          <Icon name={ICON[one]} size={16} />
          <span>{views[one]}</span>
        </button>
      ))}
    </nav>
  );
}
