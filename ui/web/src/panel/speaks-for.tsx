/** What an incident speaks for: the alerts that it stands for, the incidents folded under it, or the one above it. */

import { openIncident } from "../actions";
import { language, text, words } from "../i18n";
import { stateWords } from "../list/row";
import type { FullIncident, Incident, Member } from "../live/protocol";
import { assets, incidents } from "../live/store";
import { Clock } from "../shared/age";
import { Sign } from "../shared/sign";

/** How many of them the panel lists before it only counts. */
const LISTED = 30;

/** Names the larger incident that speaks for this one. */
export function SpokenFor({ incident }: { incident: Incident }) {
  const above = incident.inhibited_by;
  if (!above) return null;
  const larger = incidents.value.get(above);
  return (
    <section class="panel-part">
      <h3>{words.value.panel.inhibited}</h3>
      <ul class="spoken">
        <Folded id={above} known={larger} />
      </ul>
    </section>
  );
}

export function SpeaksFor({ incident }: { incident: FullIncident }) {
  const { panel } = words.value;
  if (incident.speaks_for_count === 0 && incident.speaks_for.length === 0) return null;
  const smaller = incident.speaks_for.slice(0, LISTED);
  const members = incident.members.slice(0, Math.max(0, LISTED - smaller.length));
  const left = incident.speaks_for_count - smaller.length - members.length;
  return (
    <section class="panel-part">
      <h3>{panel.speaksFor(incident.speaks_for_count)}</h3>
      <ul class="spoken">
        {smaller.map((id) => (
          <Folded key={id} id={id} known={incidents.value.get(id)} />
        ))}
        {members.map((member) => (
          <Alert key={member.alert} member={member} />
        ))}
      </ul>
      {left > 0 ? <p class="quiet">{panel.speaksForMore(left)}</p> : null}
    </section>
  );
}

function Folded({ id, known }: { id: string; known: Incident | undefined }) {
  return (
    <li>
      <button type="button" class="spoken-incident" onClick={() => openIncident(id)}>
        {known === undefined ? (
          <code>{id}</code>
        ) : (
          <>
            <Sign severity={known.severity} size={10} hollow={known.condition === "cleared"} />
            <span class="spoken-title">{text(known.title, language.value)}</span>
            <span class="quiet">{stateWords(known)}</span>
          </>
        )}
      </button>
    </li>
  );
}

function Alert({ member }: { member: Member }) {
  return (
    <li class="spoken-alert">
      <Clock at={member.raised_at} />
      <span class="spoken-title">{assets.get(member.key)?.name ?? member.key}</span>
      <span class="quiet">
        {member.cleared_at === null ? words.value.panel.holds : words.value.condition.cleared}
      </span>
    </li>
  );
}
