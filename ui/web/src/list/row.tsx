/** One incident in the list: sign, title, and beneath it age, state, area and who has it. */

import { useRef } from "preact/hooks";
import { openIncident } from "../actions";
import { language, text, words } from "../i18n";
import type { Incident } from "../live/protocol";
import { isWaiting } from "../live/reduce";
import { city } from "../live/store";
import { Age } from "../shared/age";
import { Sign } from "../shared/sign";
import { cursor, opened } from "../state";

const mounted = Date.now();

/** The words of an incident's two states, shortest first: what people do, and whether it still holds. */
export function stateWords(incident: Incident): string {
  const work = words.value.work[incident.work_state];
  return incident.condition === "cleared" ? `${work} · ${words.value.condition.cleared}` : work;
}

export function areaName(id: string | null): string {
  if (id === null) return "";
  const area = city.value?.area_tree.find((one) => one.id === id);
  return area === undefined ? "" : text(area.title, language.value);
}

export function Row({ incident }: { incident: Incident }) {
  // Only what arrives while the page is open slides in; the first picture stands still.
  const slides = useRef(Date.now() - mounted > 3_000 && Date.now() - incident.updated_at < 10_000);
  const title = text(incident.title, language.value);
  const area = areaName(incident.area) || (incident.lat === null ? words.value.panel.noPlace : "");
  const current = cursor.value === incident.id;
  const waits = isWaiting(incident);
  return (
    <li
      id={`row-${incident.id}`}
      class={[
        "row",
        `row-${incident.severity}`,
        waits ? "row-waits" : "",
        incident.condition === "cleared" ? "row-cleared" : "",
        current ? "row-current" : "",
        opened.value === incident.id ? "row-opened" : "",
        slides.current ? "row-slides" : "",
      ].join(" ")}
    >
      <button
        type="button"
        class="row-button"
        aria-current={opened.value === incident.id ? "true" : undefined}
        onClick={() => openIncident(incident.id)}
      >
        <Sign severity={incident.severity} hollow={incident.condition === "cleared"} />
        <span class="row-title" title={title}>
          {incident.speaks_for_count > 1 ? (
            <span class="row-times" title={words.value.panel.speaksFor(incident.speaks_for_count)}>
              {`×${incident.speaks_for_count} `}
            </span>
          ) : null}
          {title}
        </span>
        <span class="row-second">
          <Age at={incident.raised_at} />
          <span class={waits ? "row-new" : ""}>{stateWords(incident)}</span>
          {area === "" ? null : <span class="row-area">{area}</span>}
          {incident.assignee ? <span class="row-who">{incident.assignee}</span> : null}
        </span>
      </button>
    </li>
  );
}
