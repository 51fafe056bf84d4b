/** What rules on trial have found on live events; authors see it, operators do not. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { language, words } from "../i18n";
import { city, now } from "../live/store";
import { Age } from "../shared/age";
import { clock, roughAge } from "../shared/format";
import { Nothing } from "../shared/nothing";
import { visible } from "../shared/visible";
import { destination } from "../state";
import { openedRule } from "../view";
import { loadShadowAlerts } from "./ask";
import type { ShadowAlert } from "./protocol";
import { list } from "./store";
import { ruleTitle } from "./titles";

/** How often they are asked for anew, milliseconds. */
const EVERY = 3_000;
/** How near the map goes to one of them. */
const ZOOM = 16;

export function ShadowAlerts() {
  const alerts = useSignal<readonly ShadowAlert[] | null>(null);
  const failed = useSignal(false);
  useEffect(() => {
    let gone = false;
    const ask = async (): Promise<void> => {
      try {
        const answer = await loadShadowAlerts();
        if (gone) return;
        alerts.value = answer.alerts;
        failed.value = false;
      } catch {
        if (!gone) failed.value = true;
      }
    };
    void ask();
    const timer = setInterval(() => {
      if (!document.hidden) void ask();
    }, EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, []);
  const said = words.value.rules.shadow;
  const all = alerts.value;
  return (
    <div class="panel-scroll">
      {failed.value ? <p class="view-note">{said.failed}</p> : null}
      {all === null ? (
        <Nothing what={words.value.rules.loading} why="" />
      ) : all.length === 0 ? (
        <Nothing what={said.none} why={said.noneWhy} />
      ) : (
        <ul class="trials">
          {all.map((alert) => (
            <Alert key={`${alert.rule}:${alert.key}:${alert.raised_at}`} alert={alert} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Alert({ alert }: { alert: ShadowAlert }) {
  const said = words.value.rules.shadow;
  const name = alert.rule.replace(/~shadow$/, "");
  const rule = list.value?.rules.find((one) => one.name === name);
  const span = roughAge((alert.cleared_at ?? now.value) - alert.raised_at, words.value);
  const { lat, lon } = alert;
  return (
    <li>
      <button
        type="button"
        class="trial-alert"
        disabled={lat === null || lon === null}
        title={clock(alert.raised_at, now.peek(), language.value, city.value?.timezone)}
        onClick={() => {
          if (lat !== null && lon !== null) destination.value = { kind: "point", at: [lon, lat], zoom: ZOOM };
        }}
      >
        <b>{visible(alert.name ?? alert.key)}</b>
        <span>
          <Age at={alert.raised_at} rough /> · {alert.cleared_at === null ? said.holds : said.held(span)}
        </span>
      </button>
      <button
        type="button"
        class="link"
        onClick={() => {
          openedRule.value = name;
        }}
      >
        {rule === undefined ? visible(name) : ruleTitle(rule, language.value)}
      </button>
    </li>
  );
}
