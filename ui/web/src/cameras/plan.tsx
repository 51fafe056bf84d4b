/** Where a camera looks, on a small plan around it: north is up, the ring is as far as it sees. */

import { language, words } from "../i18n";
import { number } from "../shared/format";
import { wedge } from "./field";
import type { Camera } from "./protocol";

export function Plan({ camera }: { camera: Camera }) {
  const said = words.value.cameras.place;
  const place = camera.place;
  if (place === null) return null;
  const degrees = (figure: number): string => `${number(Math.round(figure), language.value)}°`;
  return (
    <section class="panel-part">
      <h3>{said.title}</h3>
      {place.heading === null ? (
        <p class="quiet">{said.unknown}</p>
      ) : (
        <div class="plan">
          <svg viewBox="-1.300 -1.300 2.600 2.600" width="96" height="96" aria-hidden="true">
            <circle class="plan-ring" r="1" />
            <path class="plan-field" d={wedge(place.heading, place.angle)} />
            <path class="plan-north" d="M0-1.080V-0.920" />
            <text class="plan-letter" y="-1.120" text-anchor="middle">
              {said.north}
            </text>
            <circle class="plan-camera" r="0.090" />
          </svg>
          <p>
            {said.looks(`${toward(place.heading)} (${degrees(place.heading)})`)}
            <span class="quiet">
              {said.wide(degrees(place.angle), `${number(place.range_m, language.value)}\u00a0m`)}
            </span>
          </p>
        </div>
      )}
    </section>
  );
}

/** The nearest of the eight winds. */
function toward(heading: number): string {
  const { directions } = words.value.cameras.place;
  return directions[Math.round((((heading % 360) + 360) % 360) / 45) % 8] ?? "";
}
