/** What the draft would have done, in pictures: over time, over the values, as a load, and one by one. */

import { useEffect } from "preact/hooks";
import { language, words } from "../../i18n";
import { quantities } from "../../live/store";
import { seconds } from "../../shared/format";
import { Icon } from "../../shared/icon";
import { Nothing } from "../../shared/nothing";
import type { WhatIf } from "../protocol";
import { asking, chooseHours, hours, list, mistakes, stale, whatIf, whatIfTrouble } from "../store";
import { Alerts } from "./alerts";
import { Histogram } from "./histogram";
import { Load } from "./load";
import { followMap } from "./on-map";
import "./pictures.css";
import { compact, lasting } from "./say";
import { HOUR } from "./scale";
import { closeWhy, followRule, followWhy, type Tab, tab, whyOpen } from "./store";
import { Timeline } from "./timeline";
import { Why } from "./why";

const RANGES = [24, 168, 720] as const;
const TABS = ["histogram", "load", "alerts", "why"] as const satisfies readonly Tab[];

export function Pictures() {
  const { pictures } = words.value;
  useEffect(() => {
    const over = [followRule(), followWhy(), followMap()];
    return () => {
      for (const end of over) end();
      closeWhy();
    };
  }, []);
  const result = whatIf.value;
  const busy = asking.value !== null;
  return (
    <section
      class={`what-if what-if-tab-${tab.value} ${whyOpen.value ? "what-if-asks" : ""}`}
      aria-label={pictures.label}
      aria-busy={busy}
    >
      <Progress />
      <Head result={result} />
      <div class={`what-if-body ${busy || stale.value ? "what-if-old" : ""}`}>
        {result === null ? <Empty /> : <Shown result={result} />}
      </div>
    </section>
  );
}

function Head({ result }: { result: WhatIf | null }) {
  const { pictures } = words.value;
  const trouble = whatIfTrouble.value;
  return (
    <header class="what-if-head">
      <fieldset class="what-if-ranges">
        <legend class="hidden">{pictures.range}</legend>
        {RANGES.map((range) => (
          <button
            key={range}
            type="button"
            aria-pressed={hours.value === range}
            onClick={() => chooseHours(range)}
          >
            {pictures.ranges[range]}
          </button>
        ))}
      </fieldset>
      <Reach />
      <p class="what-if-state" aria-live="polite">
        {trouble !== null && result !== null ? (
          <span class="what-if-trouble" title={trouble}>
            {trouble || pictures.failed.unreachable}
          </span>
        ) : mistakes.value.length > 0 && result !== null ? (
          <span class="quiet">{pictures.old}</span>
        ) : asking.value !== null ? (
          <span class="quiet">{pictures.working}</span>
        ) : result !== null ? (
          <span class="quiet" title={pictures.tookWhy}>
            {pictures.took(
              compact(result.events, language.value),
              seconds(result.took_ms / 1000, language.value, words.value),
            )}
          </span>
        ) : null}
      </p>
      <button
        type="button"
        class="what-if-ask"
        aria-pressed={whyOpen.value}
        onClick={() => {
          if (whyOpen.value) closeWhy();
          else {
            whyOpen.value = true;
            tab.value = "why";
          }
        }}
      >
        <Icon name="target" size={14} />
        <span>{pictures.why.open}</span>
      </button>
    </header>
  );
}

/** Says so where there is less history than was asked for. */
function Reach() {
  const { pictures } = words.value;
  const history = list.value?.history;
  if (history?.since == null || history.until == null) return null;
  const there = history.until - history.since;
  if (there >= hours.value * HOUR * 0.97) return null;
  return <p class="what-if-reach">{pictures.shorter(lasting(there, language.value, words.value))}</p>;
}

function Progress() {
  const now = asking.value;
  return (
    <div class={`what-if-progress ${now === null ? "" : "what-if-running"}`} aria-hidden="true">
      <i style={{ transform: `scaleX(${now === null ? 0 : Math.max(0.04, now.progress)})` }} />
    </div>
  );
}

function Shown({ result }: { result: WhatIf }) {
  const { pictures } = words.value;
  const all = result.counts.same + result.counts.added + result.counts.gone + result.counts.moved;
  return (
    <>
      <Timeline result={result} />
      {result.alerts.length < all ? (
        <p class="what-if-note">
          {pictures.fewer(compact(result.alerts.length, language.value), compact(all, language.value))}
        </p>
      ) : null}
      {result.complaints.slice(0, 2).map((complaint) => (
        <p key={complaint} class="what-if-note what-if-complaint">
          {complaint}
        </p>
      ))}
      <nav class="what-if-tabs">
        {TABS.map((one) =>
          one === "why" && !whyOpen.value ? null : (
            <button
              key={one}
              type="button"
              aria-pressed={tab.value === one}
              onClick={() => {
                tab.value = one;
              }}
            >
              {pictures.tabs[one]}
            </button>
          ),
        )}
      </nav>
      <div class="what-if-parts">
        <div class="what-if-part part-histogram">
          <Histogram histogram={result.histogram} />
        </div>
        <div class="what-if-part part-load">
          <Load before={result.before} after={result.after} />
        </div>
        <div class="what-if-part part-alerts">
          {all === 0 ? <Never result={result} /> : <Alerts result={result} />}
        </div>
        {whyOpen.value ? (
          <div class="what-if-part part-why">
            <Why />
          </div>
        ) : null}
      </div>
    </>
  );
}

/** Neither rule would ever have fired: how near did it come? */
function Never({ result }: { result: WhatIf }) {
  const { pictures } = words.value;
  const span = lasting(result.until - result.since, language.value, words.value);
  return (
    <Nothing what={pictures.none.title} why={pictures.none.why(span)}>
      <Extreme result={result} />
    </Nothing>
  );
}

function Extreme({ result }: { result: WhatIf }) {
  const { pictures } = words.value;
  const histogram = result.histogram;
  const line = histogram?.lines[0];
  if (histogram == null || line === undefined) return null;
  const some = histogram.counts.flatMap((count, index) => (count > 0 ? [index] : []));
  const below = line.operator?.startsWith("<") ?? false;
  const edge = below ? histogram.edges[some[0] ?? 0] : histogram.edges[(some.at(-1) ?? 0) + 1];
  if (edge === undefined) return null;
  const unit = histogram.unit ?? quantities.value[histogram.quantity]?.unit ?? null;
  const shown = `${compact(Math.round(edge * 10) / 10, language.value)}${unit === null ? "" : `\u00a0${unit}`}`;
  return <p>{below ? pictures.none.lowest(shown) : pictures.none.highest(shown)}</p>;
}

function Empty() {
  const { pictures } = words.value;
  const history = list.value?.history;
  const trouble = whatIfTrouble.value;
  if (list.value !== null && (history == null || history.since === null || history.events === 0)) {
    return <Nothing what={pictures.noHistory.title} why={pictures.noHistory.why} />;
  }
  if (mistakes.value.length > 0)
    return <Nothing what={pictures.unreadable.title} why={pictures.unreadable.why} />;
  if (trouble !== null)
    return <Nothing what={pictures.failed.title} why={trouble || pictures.failed.unreachable} />;
  return (
    <div class="what-if-waiting" role="status">
      <p>{pictures.waiting}</p>
    </div>
  );
}
