/** The rule that is open: its form, its YAML or its versions, what it would have done, and what to do with it. */

import { useSignal } from "@preact/signals";
import { language, words } from "../i18n";
import { Age } from "../shared/age";
import { number } from "../shared/format";
import { Icon } from "../shared/icon";
import { Nothing } from "../shared/nothing";
import { Sign } from "../shared/sign";
import { visible } from "../shared/visible";
import { openedRule } from "../view";
import { type Tab, tab } from "./actions";
import { Effect } from "./effect";
import { readForm } from "./form";
import { FormView } from "./form-view";
import { Fresh } from "./fresh";
import type { FullRule } from "./protocol";
import { Timelines } from "./publish";
import { ask, done } from "./publishing";
import { ShadowAlerts } from "./shadow";
import {
  catchUp,
  changed,
  checkedRule,
  discard,
  draft,
  list,
  mistakes,
  NEW,
  openFailed,
  overtaken,
  published,
  SHADOW,
} from "./store";
import { TextView } from "./text-view";
import { openTitle, ruleTitle, shortVersion } from "./titles";
import { Versions } from "./versions";

export function RulePanel() {
  const said = words.value.rules;
  const name = openedRule.value;
  if (name === SHADOW) {
    return (
      <aside class="rules-editor" aria-label={said.shadow.title}>
        <header class="panel-head">
          <Close />
          <h2>{said.shadow.title}</h2>
          <p class="panel-state">{said.shadow.what}</p>
        </header>
        <ShadowAlerts />
      </aside>
    );
  }
  if (name === NEW && draft.value === "") {
    return (
      <aside class="rules-editor" aria-label={said.fresh.title}>
        <header class="panel-head">
          <Close />
          <h2>{said.fresh.title}</h2>
        </header>
        <Fresh />
      </aside>
    );
  }
  const rule = published.value;
  const failed = openFailed.value;
  if (draft.value === "") {
    return (
      <aside class="rules-editor" aria-label={said.title}>
        <Close />
        <Nothing
          what={failed === null ? said.loading : failed === "gone" ? said.open.gone : said.open.unreachable}
          why=""
        />
      </aside>
    );
  }
  return (
    <aside
      class="rules-editor"
      aria-label={rule === null ? said.fresh.title : ruleTitle(rule, language.value)}
    >
      <Head rule={rule} />
      <Tabs />
      <div class={`rules-body rules-body-${tab.value}`} role="tabpanel">
        {tab.value === "form" ? <FormView /> : tab.value === "text" ? <TextView /> : <Versions />}
      </div>
      {tab.value === "history" ? null : <Effect />}
      <Foot />
    </aside>
  );
}

function Close() {
  return (
    <button
      type="button"
      class="tool panel-close"
      title={words.value.rules.open.close}
      aria-label={words.value.rules.open.close}
      onClick={() => {
        openedRule.value = null;
      }}
    >
      <Icon name="close" />
    </button>
  );
}

function Head({ rule }: { rule: FullRule | null }) {
  const said = words.value.rules;
  const form = readForm(draft.value);
  const written = typeof form === "string" ? "" : openTitle(form.title[language.value] || form.title.vi);
  const title = visible(written) || (rule === null ? said.fresh.title : ruleTitle(rule, language.value));
  const kind = checkedRule.value?.kind ?? (typeof form === "string" ? null : form.kind) ?? rule?.kind ?? null;
  const severity = typeof form === "string" ? (rule?.severity ?? "minor") : form.severity;
  // The list is asked for all the time, the rule only once.
  const entry = list.value?.rules.find((one) => one.name === rule?.name) ?? rule;
  const state = entry === null ? "fresh" : entry.state;
  return (
    <header class="panel-head rules-head">
      <p class="panel-severity">
        <Sign severity={severity} hollow={state === "shadow"} />
        <span class={`tag rule-tag-${state}`} title={said.stateWhy[state]}>
          {said.state[state]}
        </span>
        {kind === null ? null : <span class="rules-kind">{said.kind[kind]}</span>}
      </p>
      <Close />
      <h2 title={title}>{title}</h2>
      <p class="panel-state">
        <code>{visible(typeof form === "string" ? (rule?.name ?? "") : form.name)}</code>
        {entry?.version ? (
          <code title={`${said.open.version} ${entry.version}`}>{shortVersion(entry.version)}</code>
        ) : null}
        {entry?.author ? <span>{visible(entry.author)}</span> : null}
        {entry?.at ? <Age at={entry.at} rough /> : null}
        {rule === null ? null : <Tests rule={rule} />}
        {rule === null || rule.used_by.length === 0 ? null : (
          <span>{said.open.usedBy(rule.used_by.map(visible).join(", "))}</span>
        )}
      </p>
      {overtaken.value ? <Overtaken author={entry?.author ?? null} /> : null}
      {entry?.shadow ? <Trial alerts={entry.shadow.alerts_24h} /> : null}
    </header>
  );
}

/** How many of its own tests hold, and why the others do not. */
function Tests({ rule }: { rule: FullRule }) {
  const said = words.value.rules.open;
  const open = useSignal(false);
  const all = rule.timelines;
  const wrong = all.filter((one) => one.ok === false);
  if (all.length === 0) return <span>{said.noTimelines}</span>;
  const say = (figure: number): string => number(figure, language.value);
  const figure = said.timelines(say(all.length - wrong.length), say(all.length));
  if (wrong.length === 0) return <span title={all.map((one) => one.name).join("\n")}>{figure}</span>;
  return (
    <>
      <button
        type="button"
        class="link tests-wrong"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {figure}
      </button>
      {open.value ? (
        <div class="tests-list">
          <p>{said.failing}</p>
          <Timelines timelines={wrong} />
        </div>
      ) : null}
    </>
  );
}

/** Somebody has published while this draft was being written. */
function Overtaken({ author }: { author: string | null }) {
  const said = words.value.rules.publish;
  return (
    <div class="rules-overtaken" role="status">
      <p>{said.meanwhile(visible(author ?? said.somebody))}</p>
      <button type="button" class="link" onClick={() => void catchUp().catch(() => {})}>
        {said.keepMine}
      </button>
      <button type="button" class="link" onClick={() => void catchUp().then(discard, () => {})}>
        {said.takeTheirs}
      </button>
    </div>
  );
}

/** A version of this rule runs on trial beside it. */
function Trial({ alerts }: { alerts: number }) {
  const said = words.value.rules.publish;
  return (
    <div class="rules-trial">
      <Icon name="trial" size={14} />
      <span>{said.shadowRuns(number(alerts, language.value))}</span>
      <button
        type="button"
        class="link"
        onClick={() => {
          openedRule.value = SHADOW;
        }}
      >
        {words.value.rules.shadow.title}
      </button>
      <button type="button" class="link" onClick={() => ask({ what: "end" })}>
        {said.stopShadow}
      </button>
    </div>
  );
}

const TABS: readonly Tab[] = ["form", "text", "history"];

function Tabs() {
  const said = words.value.rules.open;
  return (
    <div
      class="rules-tabs"
      role="tablist"
      onKeyDown={(event) => {
        const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (by === 0) return;
        const next = TABS[(TABS.indexOf(tab.value) + by + TABS.length) % TABS.length];
        if (next === undefined) return;
        tab.value = next;
        const tabs = event.currentTarget;
        requestAnimationFrame(() => tabs.querySelector<HTMLElement>("[aria-selected=true]")?.focus());
      }}
    >
      {TABS.map((one) => (
        <button
          key={one}
          type="button"
          role="tab"
          aria-selected={tab.value === one}
          tabIndex={tab.value === one ? 0 : -1}
          onClick={() => {
            tab.value = one;
          }}
        >
          {said.tabs[one]}
          {one === "text" && mistakes.value.length > 0 ? (
            <b class="tab-mistakes">{mistakes.value.length}</b>
          ) : null}
        </button>
      ))}
    </div>
  );
}

/** What can be done with the draft. */
function Foot() {
  const said = words.value.rules.publish;
  const last = done.value;
  const able = changed.value && mistakes.value.length === 0;
  if (tab.value === "history" && !changed.value) return null;
  return (
    <footer class="rules-foot">
      {last !== null && !changed.value ? (
        <p class="rules-done" role="status">
          <Icon name="check" size={14} />
          {(last.shadow ? said.doneShadow : said.done)(shortVersion(last.version))}
        </p>
      ) : null}
      {changed.value && published.value !== null ? (
        <button type="button" class="link rules-discard" onClick={discard}>
          {said.discard}
        </button>
      ) : null}
      <button type="button" class="button" disabled={!able} onClick={() => ask({ what: "shadow" })}>
        <Icon name="trial" size={14} /> {said.shadow}
      </button>
      <button
        type="button"
        class={able ? "button button-main" : "button"}
        disabled={!able}
        onClick={() => ask({ what: "publish" })}
      >
        {said.publish}
      </button>
    </footer>
  );
}
