/** A rule as a form: what raises it first, with its numbers there to be changed; then whom it is about, then its words. */

import { useComputed } from "@preact/signals";
import { words } from "../i18n";
import { SEVERITIES } from "../live/protocol";
import { Sign } from "../shared/sign";
import { openedRule } from "../view";
import { tab } from "./actions";
import { setField } from "./change";
import { Choices, Condition, Line, TextField } from "./fields";
import { type Form, hasForm, readForm } from "./form";
import { draft, list, NEW } from "./store";
import { Sources, Watch } from "./watch-view";

export function FormView() {
  const read = useComputed(() => readForm(draft.value));
  const form = read.value;
  const said = words.value.rules.form;
  if (typeof form === "string") {
    return (
      <div class="form-none">
        <p>{form === "several" ? said.several : said.unreadable}</p>
        <button
          type="button"
          class="button"
          onClick={() => {
            tab.value = "text";
          }}
        >
          {said.toText}
        </button>
      </div>
    );
  }
  return (
    <div class="form">
      {openedRule.value === NEW ? <Name form={form} /> : null}
      <Watch form={form} />
      <About form={form} />
      <Words form={form} />
      {form.beyond.length === 0 ? null : (
        <p class="form-beyond">
          {said.beyond}{" "}
          {form.beyond.map((key) => (
            <code key={key}>{key}</code>
          ))}
        </p>
      )}
    </div>
  );
}

function Name({ form }: { form: Form }) {
  const said = words.value.rules.fresh;
  const taken = list.value?.rules.some((rule) => rule.name === form.name) ?? false;
  return (
    <section class="form-part">
      <Line label={said.name}>
        <TextField label={said.name} path={["rule"]} written={form.name} hint={said.nameHint} code />
        {taken ? <p class="field-warning">{said.nameTaken}</p> : null}
      </Line>
    </section>
  );
}

const PER = ["asset", "zone", "site", "area"] as const;

/** Whom it is about. */
function About({ form }: { form: Form }) {
  const said = words.value.rules.form;
  // What has several parts says in each of them what it is from.
  if (form.kind === "together" || (form.from.length === 0 && form.kind !== null && !hasForm(form.kind))) {
    return null;
  }
  return (
    <section class="form-part">
      <h3>{said.who}</h3>
      <Line label={said.from}>
        <Sources label={said.from} path={["from"]} from={form.from} />
      </Line>
      <Line label={said.where}>
        {form.where === "" ? (
          <TextField label={said.where} path={["where"]} written="" hint={said.whereHint} code />
        ) : (
          <Condition label={said.where} path={["where"]} written={form.where} />
        )}
      </Line>
      <Line label={said.per}>
        <Choices
          label={said.per}
          path={["per"]}
          chosen={form.per}
          options={PER.map((one): readonly [string, string] => [one, said.perWord[one]])}
          otherwise="asset"
        />
      </Line>
    </section>
  );
}

/** What operators see. */
function Words({ form }: { form: Form }) {
  const said = words.value.rules.form;
  const names = words.value.severity;
  return (
    <section class="form-part">
      <h3>{said.speak}</h3>
      <Line label={said.severity}>
        <fieldset class="choices choices-severity" aria-label={said.severity}>
          {SEVERITIES.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={form.severity === one}
              title={names[one]}
              onClick={() => setField(["severity"], one)}
            >
              <Sign severity={one} size={12} />
              <span>{names[one]}</span>
            </button>
          ))}
        </fieldset>
      </Line>
      <Line label={said.titleVi}>
        <TextField label={said.titleVi} path={["title", "vi"]} written={form.title.vi} hint={form.name} />
      </Line>
      <Line label={said.titleEn}>
        <TextField label={said.titleEn} path={["title", "en"]} written={form.title.en} hint={form.name} />
      </Line>
      <p class="form-hint">{said.titleHint}</p>
    </section>
  );
}
