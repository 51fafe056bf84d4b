/** "Why not here?": each condition of the rule at a place and a time, and how near it came. */

import { language, text, words } from "../../i18n";
import type { Value } from "../../live/protocol";
import { assets, city, quantities } from "../../live/store";
import { value as withUnit } from "../../shared/format";
import { Icon } from "../../shared/icon";
import { visible } from "../../shared/visible";
import type { WhyAnswer, WhyCondition, WhyEvent } from "./ask";
import { minuteOf } from "./scale";
import { closeWhy, whole, whyAnswer, whyAsking, whyAt, whyHere, whyTrouble, whyWhere } from "./store";

const EVENTS = 3;
const NEAR = 6;

export function Why() {
  const { why } = words.value.pictures;
  const answer = whyAnswer.value;
  const where = whyWhere.value;
  return (
    <section class={`what-if-reasons ${whyAsking.value ? "what-if-busy" : ""}`} aria-label={why.title}>
      <header>
        <span class="what-if-caption">{why.title}</span>
        <button type="button" class="tool" aria-label={why.close} title={why.close} onClick={closeWhy}>
          <Icon name="close" size={14} />
        </button>
      </header>
      <Question key={`${where?.key} ${where?.at}`} />
      <div class="what-if-scroll" aria-live="polite">
        {whyTrouble.value !== null ? (
          <p class="what-if-trouble">{whyTrouble.value || why.failed}</p>
        ) : where === null ? (
          <p class="what-if-note">{why.hint}</p>
        ) : answer === null ? (
          <p class="what-if-note">{why.asking}</p>
        ) : (
          <Reasons answer={answer} />
        )}
      </div>
    </section>
  );
}

/** The key and the time, to be written as well as clicked. */
function Question() {
  const { why } = words.value.pictures;
  const where = whyWhere.value;
  const zone = city.value?.timezone;
  const all = whole.value;
  const at = whyAt.value ?? all.to;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const key = String(new FormData(form).get("key") ?? "").trim();
    if (key !== "") whyHere({ key, at: null, name: assets.get(key)?.name ?? null });
  };
  return (
    <form class="what-if-question" onSubmit={submit}>
      <label>
        <span class="hidden">{why.key}</span>
        <input
          type="text"
          name="key"
          placeholder={where?.name ?? (where?.at == null ? why.keyHint : why.place)}
          value={where?.key ?? ""}
          maxLength={1_024}
          autocomplete="off"
        />
      </label>
      <label class="what-if-at" title={why.atLong}>
        <Icon name="clock" size={14} />
        <span class="hidden">{why.at}</span>
        <input
          type="range"
          min={all.from}
          max={all.to}
          step={60_000}
          value={at}
          aria-valuetext={minuteOf(at, language.value, zone)}
          onInput={(event) => {
            whyAt.value = Number(event.currentTarget.value);
          }}
        />
        <output>{minuteOf(at, language.value, zone)}</output>
      </label>
    </form>
  );
}

function Reasons({ answer }: { answer: WhyAnswer }) {
  const { why } = words.value.pictures;
  const events = answer.events.toSorted((one, other) => other.at - one.at).slice(0, EVENTS);
  return (
    <>
      <p class="why-verdict">
        <b class={answer.fired ? "why-fired" : "why-quiet"}>{answer.fired ? why.fired : why.notFired}</b>
        {answer.key === null ? null : <code>{visible(answer.key)}</code>}
      </p>
      <p class="why-sentence">{text(answer.sentence, language.value)}</p>
      <ol class="why-conditions">
        {answer.conditions.map((condition) => (
          <Condition key={condition.text} condition={condition} />
        ))}
      </ol>
      <h4>{why.events}</h4>
      {events.length === 0 ? <p class="quiet">{why.noEvents}</p> : null}
      <ul class="why-events">
        {events.map((event) => (
          <Heard key={event.id ?? event.at} event={event} />
        ))}
      </ul>
      {answer.near.length === 0 ? null : (
        <p class="why-near">
          <span class="quiet">{why.near}</span>
          {answer.near.slice(0, NEAR).map((key) => (
            <button
              key={key}
              type="button"
              class="link"
              onClick={() => whyHere({ key, at: null, name: assets.get(key)?.name ?? null })}
            >
              {visible(assets.get(key)?.name ?? key)}
            </button>
          ))}
        </p>
      )}
    </>
  );
}

function Condition({ condition }: { condition: WhyCondition }) {
  const { why } = words.value.pictures;
  const { holds, nearest } = condition;
  const said = holds === null ? why.unknown : holds ? why.holds : why.fails;
  return (
    <li class={holds === null ? "why-unknown" : holds ? "why-holds" : "why-fails"}>
      <span class="why-sign" role="img" aria-label={said}>
        <Icon name={holds === null ? "minus" : holds ? "check" : "close"} size={14} />
      </span>
      <div>
        <code>{visible(condition.text)}</code>
        <span>{text(condition.sentence, language.value)}</span>
        {nearest?.value == null || nearest.limit === null ? null : (
          <Nearness value={nearest.value} limit={nearest.limit} holds={holds === true} />
        )}
      </div>
    </li>
  );
}

/** How much of the way to the limit was gone; the figures stand in the sentence. */
function Nearness({ value, limit, holds }: { value: number; limit: number; holds: boolean }) {
  const share = holds ? 1 : limit === 0 ? 0 : Math.min(1, Math.max(0, value / limit));
  return (
    <span class="why-bar" aria-hidden="true">
      <i style={{ width: `${share * 100}%` }} />
    </span>
  );
}

function Heard({ event }: { event: WhyEvent }) {
  const zone = city.value?.timezone;
  const values = Object.entries(event.values).filter((entry): entry is [string, Value] => entry[1] !== null);
  return (
    <li>
      <time dateTime={new Date(event.at).toISOString()}>{minuteOf(event.at, language.value, zone)}</time>
      <span>
        {event.signal == null ? "" : `${event.signal} `}
        {values
          .slice(0, 4)
          .map(
            ([name, shown]) =>
              `${name} ${withUnit(shown, quantities.value[name], language.value, words.value)}`,
          )
          .join(", ")}
      </span>
    </li>
  );
}
