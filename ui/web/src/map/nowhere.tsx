/** What the map cannot show: open incidents of which no place is known are told of at its edge, never left out. */

import { openIncident } from "../actions";
import { words } from "../i18n";
import { withoutPlace } from "../list/order";
import { Sign } from "../shared/sign";
import { matching } from "../state";

export function Nowhere() {
  const lost = withoutPlace(matching.value);
  const worst = lost[0];
  if (worst === undefined) return null;
  return (
    <button type="button" class="map-nowhere" onClick={() => openIncident(worst.id)}>
      <Sign severity={worst.severity} size={12} hollow={worst.condition === "cleared"} />
      {words.value.map.nowhere(lost.length)}
    </button>
  );
}
