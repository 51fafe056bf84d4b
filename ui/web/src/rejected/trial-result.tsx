/** What codecs made of a message: the verdict, the events, every step, and what came nearest where none took it. */

import { useEffect, useRef } from "preact/hooks";
import { language, words } from "../i18n";
import type { Evidence, Trial, TrialAttempt, TrialField } from "../live/protocol";
import { quantities } from "../live/store";
import { quantityTitle, value } from "../shared/format";
import { Icon } from "../shared/icon";
import { visible } from "../shared/visible";

/** Events that are shown one by one. */
const EVENTS = 5;

export function TrialResult({ trial }: { trial: Trial }) {
  const words_ = words.value.trial;
  const verdict = useRef<HTMLParagraphElement>(null);
  useEffect(() => verdict.current?.scrollIntoView({ block: "nearest" }), [trial]);
  const good = trial.verdict === "read";
  const made = trial.events.length;
  return (
    <div class="trial-result">
      <p class={`trial-verdict trial-${trial.verdict}`} ref={verdict}>
        <Icon name={good ? "check" : trial.verdict === "ignored" ? "minus" : "refused"} size={16} />
        <strong>{words_.verdict[trial.verdict](trial.codec ?? "")}</strong>
        {trial.verdict === "unknown" ? null : <span>{made === 0 ? words_.madeNone : words_.made(made)}</span>}
      </p>
      {trial.reason === null ? null : <p class="trial-reason">{visible(trial.reason)}</p>}
      {trial.rejected.length === 0 || trial.verdict !== "read" ? null : (
        <>
          <h4>{words_.rejected}</h4>
          <ul class="trial-list">
            {trial.rejected.map((one) => (
              <li key={one.reason}>{visible(one.reason)}</li>
            ))}
          </ul>
        </>
      )}
      {made === 0 ? null : (
        <>
          <h4>{words_.events}</h4>
          {trial.events.slice(0, EVENTS).map((event) => (
            <EventMade key={event.id} event={event} />
          ))}
          {made > EVENTS ? <p class="quiet">{words_.moreEvents(made - EVENTS)}</p> : null}
        </>
      )}
      {trial.nearest.length === 0 ? null : (
        <>
          <h4>{words_.nearest}</h4>
          <ul class="trial-near">
            {apart(trial.nearest).map((near) => (
              <li key={`${near.codec} ${near.topic} ${near.message}`}>
                <p>
                  <strong>{near.codec}</strong> <code>{visible(near.topic)}</code>
                </p>
                {near.reasons.map((reason) => (
                  <p key={reason} class="trial-why">
                    {visible(reason)}
                  </p>
                ))}
              </li>
            ))}
          </ul>
        </>
      )}
      {trial.tried.length === 0 ? null : (
        <>
          <h4>{words_.steps}</h4>
          {trial.tried.map((attempt) => (
            <Attempt key={`${attempt.codec} ${attempt.place} ${attempt.topic}`} attempt={attempt} />
          ))}
        </>
      )}
    </div>
  );
}

/** Several messages of a codec may be near for the same reasons; said once, it is said. */
function apart(nearest: Trial["nearest"]): Trial["nearest"] {
  const seen = new Set<string>();
  return nearest.filter((near) => {
    const key = [near.codec, near.topic, ...near.reasons].join("\n");
    return !seen.has(key) && seen.add(key);
  });
}

function EventMade({ event }: { event: Evidence }) {
  const kind = (words.value.kindOne as Readonly<Record<string, string>>)[event.kind] ?? event.kind;
  return (
    <div class="proof trial-event">
      <p class="proof-head">
        <span class="proof-name">{event.asset === null ? "–" : visible(event.asset)}</span>
        <span class="quiet">{kind}</span>
        {event.signal === null ? null : <span class="tag">{event.signal}</span>}
      </p>
      <dl class="values">
        {Object.entries(event.values).map(([name, shown]) => (
          <div key={name} class="pair">
            <dt title={name}>{quantityTitle(name, quantities.value[name], language.value)}</dt>
            <dd title={String(shown)}>
              {visible(value(shown, quantities.value[name], language.value, words.value))}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Attempt({ attempt }: { attempt: TrialAttempt }) {
  const words_ = words.value.trial;
  const taken = attempt.verdict === "taken";
  const verdict = (words_.attempt as Readonly<Record<string, string>>)[attempt.verdict] ?? attempt.verdict;
  return (
    <details class={`attempt ${taken ? "attempt-taken" : ""}`} open={taken}>
      <summary>
        <Icon name={taken ? "check" : "close"} size={14} />
        <strong>{attempt.codec}</strong>
        <span>{attempt.message}</span>
        <span class="attempt-verdict">{verdict}</span>
      </summary>
      <dl class="steps">
        <div>
          <dt>{words_.stepTopic}</dt>
          <dd>
            <code>{visible(attempt.topic)}</code>
            {Object.entries(attempt.captures).map(([name, caught]) => (
              <code key={name} class="step-caught">
                {name} = {visible(caught)}
              </code>
            ))}
          </dd>
        </div>
        {attempt.payload === null ? null : (
          <div>
            <dt>{words_.stepPayload}</dt>
            <dd>
              <code>{attempt.payload.decoder}</code>
              {attempt.payload.error === null ? null : (
                <span class="step-wrong">{visible(attempt.payload.error)}</span>
              )}
            </dd>
          </div>
        )}
        {attempt.when.length === 0 ? null : (
          <div>
            <dt>{words_.stepWhen}</dt>
            <dd>
              {attempt.when.map((condition) => (
                <span key={condition.says} class={condition.holds ? "step-holds" : "step-wrong"}>
                  <Icon name={condition.holds ? "check" : "close"} size={12} />
                  <code>{visible(condition.says)}</code>
                  {condition.holds ? null : <span>→ {shown(condition.found)}</span>}
                </span>
              ))}
            </dd>
          </div>
        )}
        {attempt.each.map((each) => (
          <div key={each.name}>
            <dt>{words_.stepEach}</dt>
            <dd>
              <code>{each.name}</code> {words_.items(each.items)}
            </dd>
          </div>
        ))}
        {attempt.problems.map((problem) => (
          <div key={problem}>
            <dt>{words_.rejected}</dt>
            <dd class="step-wrong">{visible(problem)}</dd>
          </div>
        ))}
      </dl>
      {attempt.fields.length === 0 ? null : <Fields fields={attempt.fields} />}
    </details>
  );
}

function Fields({ fields }: { fields: readonly TrialField[] }) {
  return (
    <ul class="fields" aria-label={words.value.trial.stepFields}>
      {fields.map((field, index) => (
        <li key={index} class={field.error === null ? "" : "step-wrong"}>
          <code class="field-name">{field.name}</code>
          <span class="field-found">
            {field.found.map((found) => (
              <code key={found.path}>
                {visible(found.path)}
                <i> {shown(found.value)}</i>
              </code>
            ))}
          </span>
          <span class="field-became">
            {field.error === null ? shown(field.became) : visible(field.error)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** A value on its way, short enough for a line. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return words.value.trial.nothing;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return visible(text.length > 120 ? `${text.slice(0, 119)}…` : text);
}
