/** Why the incident was raised: what the rule measured, and the events that made it. */

import { language, words } from "../i18n";
import type { Evidence, FullIncident, Value } from "../live/protocol";
import { assets, city, now, quantities } from "../live/store";
import { clock, number, quantityTitle, value } from "../shared/format";

/** How many events are shown; the latest say most. */
const SHOWN = 3;

/** That an incident is a pretended one stands at its head; its picture, with the box, above. */
const SAID_ELSEWHERE = new Set(["simulated", "picture", "box"]);

export function Why({ incident }: { incident: FullIncident }) {
  const { panel } = words.value;
  const numbers = Object.entries(incident.numbers).filter(([, shown]) => shown !== null && shown !== "");
  const latest = incident.evidence.slice(-SHOWN).reverse();
  const earlier = incident.evidence.length - latest.length;
  return (
    <section class="panel-part">
      <h3>{panel.why}</h3>
      <p class="why-rule">
        <span class="quiet">{panel.rule}</span> <code>{incident.rule}</code>
      </p>
      {numbers.length === 0 ? null : (
        <dl class="measures">
          {numbers.map(([name, shown]) => (
            <Measure key={name} name={name} shown={shown} />
          ))}
        </dl>
      )}
      {latest.length === 0 ? (
        <p class="quiet">{numbers.length === 0 ? panel.noEvidence : panel.silence}</p>
      ) : (
        <ol class="evidence" aria-label={panel.evidence}>
          {latest.map((event) => (
            <Proof key={event.id} event={event} />
          ))}
        </ol>
      )}
      {earlier > 0 ? <p class="quiet">{panel.evidenceMore(earlier)}</p> : null}
    </section>
  );
}

/** One number of the rule: its own words where the page has them, else the quantity's. */
function Measure({ name, shown }: { name: string; shown: Value }) {
  const own = words.value.number as Readonly<Record<string, string>>;
  const quantity = quantities.value[name];
  const title = own[name] ?? quantityTitle(name, quantity, language.value);
  return (
    <div class="measure">
      <dt>{title}</dt>
      <dd>{measured(name, shown)}</dd>
    </div>
  );
}

function measured(name: string, shown: Value): string {
  const quantity = quantities.value[name];
  if (typeof shown === "number" && quantity === undefined) {
    if (name.endsWith("_s")) return `${number(shown, language.value)}\u00a0${words.value.time.seconds}`;
    if (name.endsWith("_m")) return `${number(shown, language.value)}\u00a0m`;
  }
  return value(shown, quantity, language.value, words.value);
}

function Proof({ event }: { event: Evidence }) {
  const known = quantities.value;
  const values = Object.entries(event.values ?? {}).filter(([name]) => !SAID_ELSEWHERE.has(name));
  const asset = event.asset === null ? undefined : assets.get(event.asset);
  return (
    <li class="proof">
      <p class="proof-head">
        <span class="proof-name" title={event.asset ?? ""}>
          {asset?.name ?? event.asset ?? words.value.kindOne[event.kind as keyof typeof words.value.kindOne]}
        </span>
        <span class="age">{clock(event.at, now.peek(), language.value, city.value?.timezone)}</span>
      </p>
      <dl class="values">
        {values.map(([name, shown]) => (
          <div key={name} class="pair">
            <dt>{quantityTitle(name, known[name], language.value)}</dt>
            <dd title={String(shown)}>{value(shown, known[name], language.value, words.value)}</dd>
          </div>
        ))}
        {event.signal === null || event.signal === undefined ? null : (
          <div class="pair">
            <dt>{event.codec}</dt>
            <dd>{event.signal}</dd>
          </div>
        )}
      </dl>
    </li>
  );
}
