/** Everything that machine and people did to an incident, the newest first. */

import { words } from "../i18n";
import type { FullIncident } from "../live/protocol";
import { Clock } from "../shared/age";

export function Timeline({ incident }: { incident: FullIncident }) {
  const { panel } = words.value;
  const did = panel.what as Readonly<Record<string, string>>;
  return (
    <section class="panel-part">
      <h3>{panel.timeline}</h3>
      <ol class="timeline">
        {[...incident.timeline].reverse().map((entry, index) => (
          <li key={`${entry.at}:${index}`} class={entry.who === "machine" ? "by-machine" : "by-person"}>
            <Clock at={entry.at} />
            <div>
              <p>
                <strong>{entry.who === "machine" ? panel.machine : entry.who}</strong>{" "}
                {did[entry.what] ?? entry.what}
              </p>
              {entry.text ? <p class="said">{entry.text}</p> : null}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
