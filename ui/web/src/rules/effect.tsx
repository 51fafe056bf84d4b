/** What the draft would have done, in one line beneath whatever is being changed. */

import { language, words } from "../i18n";
import { number, seconds } from "../shared/format";
import { Icon } from "../shared/icon";
import { visible } from "../shared/visible";
import { showMistake, tab } from "./actions";
import { lasting } from "./pictures/say";
import type { Change } from "./protocol";
import { asking, list, mistakes, published, since, stale, until, whatIf, whatIfTrouble } from "./store";

const CHANGES: readonly Change[] = ["same", "added", "gone", "moved"];

export function Effect() {
  const said = words.value.rules.effect;
  const progress = asking.value;
  return (
    <section class="effect" aria-live="polite" aria-busy={progress !== null}>
      <div class={`effect-bar ${progress === null ? "" : "effect-bar-on"}`} aria-hidden="true">
        <i style={{ transform: `scaleX(${Math.max(0.04, progress?.progress ?? 0)})` }} />
      </div>
      <div class="effect-head">
        <span>{said.over(lasting(until.value - since.value, language.value, words.value))}</span>
        {progress === null || progress.progress <= 0 ? null : (
          <span class="effect-doing">{Math.round(progress.progress * 100)} %</span>
        )}
      </div>
      <Figures />
    </section>
  );
}

function Figures() {
  const said = words.value.rules.effect;
  const say = (figure: number): string => number(figure, language.value);
  const wrong = mistakes.value[0];
  const answer = whatIf.value;
  if (wrong !== undefined && tab.value === "text") {
    // There it is said where it stands.
    return <p class="quiet effect-waits">{said.waits}</p>;
  }
  if (wrong !== undefined) {
    return (
      <button
        type="button"
        class="effect-wrong"
        onClick={() => showMistake(wrong.line, wrong.column)}
        title={said.waits}
      >
        <Icon name="refused" size={14} />
        <span>
          {wrong.line === null ? "" : `${words.value.rules.text.line(String(wrong.line))}: `}
          {visible(wrong.sentence)}
        </span>
      </button>
    );
  }
  const trouble = whatIfTrouble.value;
  if (trouble !== null) {
    return <p class="effect-trouble">{trouble === "" ? said.unreachable : said.trouble(visible(trouble))}</p>;
  }
  if (answer === null) {
    const empty = list.value !== null && until.value <= since.value;
    return <p class="quiet effect-waits">{empty ? said.noHistory : said.trying}</p>;
  }
  const { before, after, counts } = answer;
  const isNew = published.value === null;
  const unchanged = counts.added + counts.gone + counts.moved === 0;
  return (
    <div class={`effect-figures ${stale.value ? "effect-stale" : ""}`}>
      <p
        class="effect-count"
        title={said.tookEvents(
          say(answer.events),
          seconds(answer.took_ms / 1000, language.value, words.value),
        )}
      >
        <b>{say(after.alerts)}</b> {said.alerts}
        {isNew ? null : (
          <span class="effect-was">{unchanged ? said.asBefore : said.was(say(before.alerts))}</span>
        )}
      </p>
      {isNew || unchanged ? null : (
        <ul class="effect-changes">
          {CHANGES.filter((change) => counts[change] > 0).map((change) => (
            <li key={change} class={`effect-${change}`}>
              <i aria-hidden="true" />
              {said[change](say(counts[change]))}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
