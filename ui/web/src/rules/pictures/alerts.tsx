/** The alerts that change, as a list; those that stay too, where nothing changes or one place is looked at. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { language, words } from "../../i18n";
import { city, quantities } from "../../live/store";
import { value as withUnit } from "../../shared/format";
import { Icon } from "../../shared/icon";
import { Nothing } from "../../shared/nothing";
import { visible } from "../../shared/visible";
import type { WhatIf, WhatIfAlert } from "../protocol";
import { idOf, selectedAlert, whatIf } from "../store";
import { places } from "./lanes";
import { compact, movedBy, whenOf } from "./say";
import { ChangeSign } from "./sign";
import { placeShown, select, shown, whyOf } from "./store";

const ROW = 44;
/** Rows that are made beyond those in sight, on each side. */
const SPARE = 6;

export function Alerts({ result }: { result: WhatIf }) {
  const { pictures } = words.value;
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const place = placeShown.value;
  const here = place === null ? null : (places(result.alerts).find((one) => one.id === place) ?? null);
  const rows = listed(shown.value, here === null ? null : here.id);

  useSignalEffect(() => {
    const id = selectedAlert.value;
    const element = scroller.current;
    if (id === null || element === null) return;
    const index = listed(shown.peek(), placeShown.peek()).findIndex((alert) => idOf(alert) === id);
    if (index < 0) return;
    const [from, to] = [index * ROW, (index + 1) * ROW];
    if (from < element.scrollTop) element.scrollTop = from;
    else if (to > element.scrollTop + element.clientHeight) element.scrollTop = to - element.clientHeight;
  });

  const stays = result.counts.added + result.counts.gone + result.counts.moved === 0;
  const first = Math.max(0, Math.floor(top.value / ROW) - SPARE);
  const last = Math.min(rows.length, first + 40 + 2 * SPARE);
  return (
    <section class="what-if-alerts" aria-label={pictures.alerts.title}>
      <header>
        <span class="what-if-caption">
          {here !== null ? here.name : stays ? pictures.alerts.title : pictures.alerts.changed}
        </span>
        <span class="quiet">{compact(rows.length, language.value)}</span>
        {here === null ? null : (
          <button
            type="button"
            class="link"
            onClick={() => {
              placeShown.value = null;
            }}
          >
            {pictures.alerts.everywhere}
          </button>
        )}
      </header>
      {rows.length === 0 ? (
        <Nothing what={pictures.alerts.hidden} why={pictures.alerts.hiddenWhy} />
      ) : (
        <div
          class="what-if-scroll"
          ref={scroller}
          onScroll={() => {
            top.value = scroller.current?.scrollTop ?? 0;
          }}
        >
          {stays && here === null ? (
            <p class="what-if-note">
              {pictures.alerts.nothingWhy(compact(result.counts.same, language.value))}
            </p>
          ) : null}
          <ol style={{ height: `${rows.length * ROW}px` }}>
            {rows.slice(first, last).map((alert, index) => (
              <Row key={idOf(alert) + alert.change} alert={alert} top={(first + index) * ROW} />
            ))}
          </ol>
        </div>
      )}
    </section>
  );
}

/** What the list holds, the latest first. */
function listed(alerts: readonly WhatIfAlert[], place: string | null): WhatIfAlert[] {
  const of = alerts.filter((alert) => place === null || placeOf(alert) === place);
  const changed = place === null ? of.filter((alert) => alert.change !== "same") : of;
  return (changed.length > 0 ? changed : of).toSorted((one, other) => other.raised_at - one.raised_at);
}

function placeOf(alert: WhatIfAlert): string | null {
  if (alert.asset !== null) return alert.asset;
  return alert.lat === null || alert.lon === null ? null : `${alert.lat.toFixed(5)},${alert.lon.toFixed(5)}`;
}

function Row({ alert, top }: { alert: WhatIfAlert; top: number }) {
  const { pictures } = words.value;
  const chosen = selectedAlert.value === idOf(alert);
  const zone = city.value?.timezone;
  return (
    <li
      class={`what-if-row ${chosen ? "what-if-chosen" : ""}`}
      style={{ top: `${top}px`, height: `${ROW}px` }}
    >
      <button
        type="button"
        class="what-if-open"
        aria-pressed={chosen}
        onClick={() => select(chosen ? null : alert)}
      >
        <ChangeSign change={alert.change} />
        <span class="hidden">{pictures.change[alert.change]}</span>
        <span class="what-if-name">{visible(alert.name ?? alert.key)}</span>
        <span class="what-if-number">{measured(alert)}</span>
        <span class="what-if-when">
          {whenOf(alert, language.value, words.value, zone)}
          {alert.was === null ? null : <em>{movedBy(alert, language.value, words.value)}</em>}
        </span>
      </button>
      <button
        type="button"
        class="tool what-if-why"
        title={pictures.alerts.whyLong}
        onClick={() => whyOf(alert)}
      >
        <Icon name="target" size={14} />
        <span class="hidden">{pictures.alerts.why}</span>
      </button>
    </li>
  );
}

/** What the rule measured, with its unit: a quantity before a count; how long it held stands in the row already. */
function measured(alert: WhatIfAlert): string {
  const numbers = Object.entries(alert.numbers).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  const found =
    numbers.find(([name]) => name in quantities.value) ?? numbers.find(([name]) => name === "value");
  if (found === undefined) return "";
  const quantity = quantities.value[found[0]] ?? quantities.value[whatIf.value?.histogram?.quantity ?? ""];
  return withUnit(found[1], quantity, language.value, words.value);
}
