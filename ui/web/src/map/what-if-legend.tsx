/** What the signs over the map mean while a rule is being tried, and what a click does. */

import { words } from "../i18n";
import { CHANGES } from "../rules/pictures/lanes";
import { ChangeSign } from "../rules/pictures/sign";
import { overlay } from "./overlay";

export function WhatIfLegend() {
  const shown = overlay.value;
  if (shown === null) return null;
  const { pictures } = words.value;
  return (
    <div class="what-if-legend">
      <h3>{pictures.map.legend}</h3>
      <ul>
        {CHANGES.map((change) => (
          <li key={change}>
            <ChangeSign change={change} size={12} />
            {pictures.change[change]}
          </li>
        ))}
      </ul>
      <p>{pictures.map.hint}</p>
    </div>
  );
}
