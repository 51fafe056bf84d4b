/** A rule as a form: what raises it first, with its numbers there to be changed; then whom it is about, then its words. */

import { useComputed } from "@preact/signals";
import { language, words } from "../i18n";
import { KINDS, SEVERITIES } from "../live/protocol";
import { quantities } from "../live/store";
import { number } from "../shared/format";
import { Sign } from "../shared/sign";
import { openedRule } from "../view";
import { tab } from "./actions";
import { setField, setNumber } from "./change";
import { Choices, Condition, Line, Measure, QuantitySelect, Remove, TextField } from "./fields";
import { betterClear, type Form, hasForm, readForm, readSimple, readValue } from "./form";
import { NumberField } from "./number-field";
import { checkedRule, draft, list, NEW, published } from "./store";
import { comparisons } from "./text";

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

/** What raises it. */
function Watch({ form }: { form: Form }) {
  if (!hasForm(form.kind)) return <Numbers />;
  switch (form.kind) {
    case "threshold":
      return <Threshold form={form} />;
    case "absence":
      return <Absence form={form} />;
    case "window":
      return <WindowPart form={form} />;
    default:
      return <Together form={form} />;
  }
}

function Threshold({ form: { watch } }: { form: Form }) {
  const said = words.value.rules.form;
  return (
    <section class="form-part form-watch">
      <Line label={said.when}>
        <Condition label={said.when} path={["threshold", "raise"]} written={watch.raise ?? ""} main />
      </Line>
      <Line label={said.hold}>
        <Measure
          label={`${said.when}: ${said.hold}`}
          path={["threshold", "for"]}
          written={watch.for ?? ""}
          what="time"
          begins="60 s"
          missing={said.atOnce}
        />
      </Line>
      <Line label={said.clear}>
        <Clear path={["threshold", "clear"]} written={watch.clear ?? ""} like={watch.raise ?? ""} />
      </Line>
      {watch.clear === undefined ? null : (
        <Line label={said.hold}>
          <Measure
            label={`${said.clear}: ${said.hold}`}
            path={["threshold", "clear_for"]}
            written={watch.clear_for ?? ""}
            what="time"
            begins="30 s"
            missing={said.atOnce}
          />
        </Line>
      )}
    </section>
  );
}

const OPPOSITE: Readonly<Record<string, string>> = { ">": "<=", ">=": "<", "<": ">=", "<=": ">" };

/** The condition that ends an alert; where there is none yet, it begins as the opposite of what raises it. */
function Clear({
  path,
  written,
  like,
  of,
}: {
  path: readonly string[];
  written: string;
  like: string;
  of?: string;
}) {
  const said = words.value.rules.form;
  if (written !== "") {
    const better = betterClear(like, written, gapInForce(path));
    return (
      <>
        <span class="measure-field">
          <Condition
            label={said.clear}
            path={path}
            written={written}
            like={readSimple(like)?.name ?? ""}
            {...(of === undefined ? {} : { of })}
          />
          <Remove label={said.clear} path={path} />
        </span>
        {better === null ? null : (
          <p class="field-warning" role="status">
            {said.endsEarly}{" "}
            <button type="button" class="link" onClick={() => setNumber(path.join("."), better)}>
              {said.setTo(number(better, language.value))}
            </button>
          </p>
        )}
      </>
    );
  }
  const opposite = like.replace(/<=|>=|<|>/, (sign) => OPPOSITE[sign] ?? sign);
  return (
    <button
      type="button"
      class="field-add"
      title={said.add(said.clear)}
      onClick={() => setField(path, opposite === like ? `not (${like})` : opposite)}
    >
      {said.clearNone}
    </button>
  );
}

/** How far apart the two limits are in force, as a share: what somebody has thought about once. */
function gapInForce([kind = ""]: readonly string[]): number | undefined {
  const form = readForm(published.value?.text ?? "");
  if (typeof form === "string" || form.kind !== kind) return undefined;
  const begin = comparisons(form.watch.raise ?? "")[0]?.value;
  const end = comparisons(form.watch.clear ?? "")[0]?.value;
  return begin === undefined || end === undefined || begin === 0 ? undefined : end / begin;
}

function Absence({ form: { watch } }: { form: Form }) {
  const said = words.value.rules.form;
  return (
    <section class="form-part form-watch">
      <Line label={said.whenAbsent}>
        <Measure
          label={said.whenAbsent}
          path={["absence", "after"]}
          written={watch.after ?? ""}
          what="time"
          main
        />
      </Line>
    </section>
  );
}

/** What a window can count, and of what. */
const HOW = ["count", "sum", "mean", "min", "max", "distinct", "first", "last"] as const;

function WindowPart({ form: { watch } }: { form: Form }) {
  const said = words.value.rules.form;
  const value = readValue(watch.value ?? "");
  const how = HOW.find((one) => one === value?.how);
  const of = value !== null && value.of !== "*" ? quantities.value[value.of] : undefined;
  const counts = how === "count" || how === "distinct";
  const unit = counts ? said.times : (of?.unit ?? "");
  return (
    <section class="form-part form-watch">
      <Line label={said.when}>
        {value === null || how === undefined ? (
          <TextField label={said.value} path={["window", "value"]} written={watch.value ?? ""} code />
        ) : (
          <span class="condition">
            <select
              class="field-select"
              aria-label={said.value}
              value={how}
              onChange={(event) => {
                const next = event.currentTarget.value;
                const about = value.of === "*" ? "pm25" : value.of;
                setField(["window", "value"], next === "count" ? "count(*)" : `${next}(${about})`);
              }}
            >
              {HOW.map((one) => (
                <option key={one} value={one}>
                  {said.how[one]}
                </option>
              ))}
            </select>
            {value.of === "*" ? null : (
              <QuantitySelect
                value={value.of}
                onChoose={(next) => setField(["window", "value"], `${how}(${next})`)}
              />
            )}
          </span>
        )}
        <Condition label={said.when} path={["window", "raise"]} written={watch.raise ?? ""} of={unit} main />
      </Line>
      <Line label={said.over}>
        <Measure label={said.over} path={["window", "over"]} written={watch.over ?? ""} what="time" />
      </Line>
      <Line label={said.clear}>
        <Clear path={["window", "clear"]} written={watch.clear ?? ""} like={watch.raise ?? ""} of={unit} />
      </Line>
    </section>
  );
}

function Together({ form: { watch, sides } }: { form: Form }) {
  const said = words.value.rules.form;
  return (
    <section class="form-part form-watch">
      <p class="form-lead">{said.both}</p>
      {sides.map((side) => (
        <div key={side.name} class="form-side">
          <Line label={said.side(side.name)}>
            <Sources
              label={`${said.side(side.name)}: ${said.from}`}
              path={["together", side.name, "from"]}
              from={side.from}
            />
          </Line>
          <Line label={said.where}>
            <Condition
              label={said.side(side.name)}
              path={["together", side.name, "where"]}
              written={side.where}
            />
          </Line>
        </div>
      ))}
      <Line label={said.within}>
        <Measure label={said.within} path={["together", "within"]} written={watch.within ?? ""} what="time" />
      </Line>
      <Line label={said.near}>
        <Measure
          label={said.near}
          path={["together", "near"]}
          written={watch.near ?? ""}
          what="length"
          begins="200 m"
        />
      </Line>
      <Line label={said.clearAfter}>
        <Measure
          label={said.clearAfter}
          path={["together", "clear_after"]}
          written={watch.clear_after ?? ""}
          what="time"
          begins="60 s"
        />
      </Line>
    </section>
  );
}

/** The numbers of a rule whose kind has no form: as the server has found them. */
function Numbers() {
  const said = words.value.rules.form;
  const numbers = checkedRule.value?.numbers ?? [];
  return (
    <section class="form-part form-watch">
      <p class="form-lead">{said.numbers}</p>
      {numbers.map((one) => (
        <Line key={`${one.param}:${one.line}:${one.column}`} label={paramWords(one.param)}>
          <NumberField
            label={paramWords(one.param)}
            value={one.value}
            onChange={(value) => setNumber(one.param, value, one.value)}
          />
          <span class="field-unit">{unitWords(one.unit)}</span>
        </Line>
      ))}
      <p class="quiet">{said.otherKind}</p>
    </section>
  );
}

function unitWords(unit: string | null): string {
  const known: Readonly<Record<string, string>> = words.value.rules.form.unitWord;
  return unit === null ? "" : (known[unit] ?? unit);
}

/** The way to a number in words: `sequence.clear_after` is "ends after". */
function paramWords(param: string): string {
  const known: Readonly<Record<string, string>> = words.value.rules.form.param;
  const way = param.split(".");
  const last = way.at(-1) ?? param;
  // The first part is the kind, which stands above; between them are the names of steps and sides.
  return [...way.slice(1, -1), known[last] ?? last.replaceAll("_", " ")].join(" › ");
}

/** Kinds of events, one button each; `any` stands alone. */
function Sources({ label, path, from }: { label: string; path: readonly string[]; from: readonly string[] }) {
  const names = words.value.kind;
  const options = KINDS.map((kind): readonly [string, string] => [kind, names[kind]]);
  return (
    <Choices
      label={label}
      path={path}
      chosen={from}
      options={[...options, ["any", words.value.rules.form.any]]}
      alone="any"
    />
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
