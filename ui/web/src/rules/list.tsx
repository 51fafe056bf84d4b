/** The list of rules: what each watches, how it stands, and how often it has spoken. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { language, words } from "../i18n";
import { number } from "../shared/format";
import { Icon } from "../shared/icon";
import { Nothing } from "../shared/nothing";
import { Sign } from "../shared/sign";
import { SearchField } from "../shared/table-filters";
import { visible } from "../shared/visible";
import { openedRule } from "../view";
import { looked, shown } from "./actions";
import { readForm } from "./form";
import type { RuleEntry } from "./protocol";
import { drafts, list, listFailed, NEW, SHADOW } from "./store";
import { openTitle, ruleTitle, shortVersion } from "./titles";

export function RuleList() {
  const said = words.value.rules;
  const all = list.value;
  const nav = useRef<HTMLElement>(null);
  // Whoever came by a key before the view had been loaded has the focus nowhere.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) nav.current?.focus({ preventScroll: true });
  }, []);
  const onTrial = all?.rules.filter((rule) => rule.shadow !== null || rule.state === "shadow") ?? [];
  return (
    <nav ref={nav} class="rules-list" id="rules" tabIndex={-1} aria-label={said.title}>
      <header class="list-head">
        <h2>
          {said.title}
          {all === null ? null : <span class="list-count">{number(all.rules.length, language.value)}</span>}
        </h2>
        <button
          type="button"
          class="tool"
          onClick={() => {
            openedRule.value = NEW;
          }}
        >
          <Icon name="plus" /> {said.list.fresh}
        </button>
      </header>
      {all === null || all.rules.length < 8 ? null : (
        <div class="rules-search">
          <SearchField
            label={said.list.search}
            text={looked.value}
            onRest={(text) => {
              looked.value = text;
            }}
          />
        </div>
      )}
      {all !== null && listFailed.value !== null ? <p class="view-note">{said.list.failed}</p> : null}
      {all?.book.error ? (
        <div class="rules-book-error" role="status">
          <strong>{said.list.bookError}</strong>
          <p>{visible(all.book.error)}</p>
        </div>
      ) : null}
      <div class="list-scroll">
        <Draft />
        <ul>
          {shown.value.map((rule) => (
            <Row key={rule.name} rule={rule} />
          ))}
        </ul>
        <Empty />
      </div>
      {onTrial.length === 0 ? null : (
        <button
          type="button"
          class={`rules-trials ${openedRule.value === SHADOW ? "rules-trials-open" : ""}`}
          onClick={() => {
            openedRule.value = SHADOW;
          }}
        >
          <Icon name="trial" size={14} /> {said.list.shadow}
          <b>
            {number(
              onTrial.reduce((sum, rule) => sum + onTrialAlerts(rule), 0),
              language.value,
            )}
          </b>
        </button>
      )}
    </nav>
  );
}

const onTrialAlerts = (rule: RuleEntry): number => rule.shadow?.alerts_24h ?? rule.alerts_24h;

function Empty() {
  const said = words.value.rules.list;
  const all = list.value;
  if (all === null) {
    if (listFailed.value === "off") return <Nothing what={said.off} why={said.offWhy} />;
    return <Nothing what={listFailed.value === null ? words.value.rules.loading : said.failed} why="" />;
  }
  if (all.rules.length === 0) return <Nothing what={said.empty} why={said.emptyWhy} />;
  return shown.value.length === 0 ? <Nothing what={said.none} why={said.noneWhy} /> : null;
}

/** A new rule that is being written stands above the others. */
function Draft() {
  const fresh = drafts.value.get(NEW);
  if (fresh === undefined) return null;
  const form = readForm(fresh.text);
  const said = words.value.rules;
  const title = typeof form === "string" ? "" : openTitle(form.title[language.value]);
  return (
    <div class={`rule-row ${openedRule.value === NEW ? "row-opened" : ""}`}>
      <button
        type="button"
        class="row-button"
        onClick={() => {
          openedRule.value = NEW;
        }}
      >
        <Sign severity={typeof form === "string" ? "minor" : form.severity} hollow />
        <span class="row-title">{visible(title) || said.fresh.title}</span>
        <span class="row-second">
          <span class="rule-edited">{said.list.edited}</span>
        </span>
      </button>
    </div>
  );
}

function Row({ rule }: { rule: RuleEntry }) {
  const said = words.value.rules;
  const isOpen = openedRule.value === rule.name;
  const title = ruleTitle(rule, language.value);
  const say = (figure: number): string => number(figure, language.value);
  return (
    <li
      id={`rule-${rule.name}`}
      class={["row", "rule-row", isOpen ? "row-opened" : "", `rule-${rule.state}`].join(" ")}
    >
      <button
        type="button"
        class="row-button"
        aria-current={isOpen ? "true" : undefined}
        onClick={() => {
          openedRule.value = rule.name;
        }}
      >
        {rule.state === "broken" ? (
          <Icon name="refused" size={14} />
        ) : (
          <Sign severity={rule.severity ?? "minor"} hollow={rule.state === "shadow"} />
        )}
        <span class="row-title" title={`${title}\n${rule.name}`}>
          {title}
        </span>
        <span class="row-second">
          {drafts.value.has(rule.name) ? (
            <span class="rule-edited">{said.list.edited}</span>
          ) : (
            <span class="rule-state" title={said.stateWhy[rule.state]}>
              {said.state[rule.state]}
            </span>
          )}
          {rule.shadow === null ? null : <span>{said.state.shadow}</span>}
          {rule.version === null || drafts.value.has(rule.name) ? null : (
            <code title={`${said.open.version} ${rule.version}`}>{shortVersion(rule.version)}</code>
          )}
        </span>
        <span class="rule-alerts" title={said.list.alerts(say(rule.alerts_24h))}>
          <b class={rule.alerts_24h === 0 ? "rule-none" : ""}>{say(rule.alerts_24h)}</b>
          {rule.firing > 0 ? (
            <span class="rule-firing" title={said.list.firingLong(say(rule.firing))}>
              {said.list.firing(say(rule.firing))}
            </span>
          ) : (
            <span class="rule-day">{said.list.day}</span>
          )}
        </span>
      </button>
    </li>
  );
}
