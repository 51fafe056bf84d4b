/** What raises a rule, as fields: one set for each kind that has a form, and the numbers alone for the others. */

import { language, words } from "../i18n";
import { KINDS } from "../live/protocol";
import { quantities } from "../live/store";
import { number } from "../shared/format";
import { setField, setNumber } from "./change";
import { Choices, Condition, Line, Measure, QuantitySelect, Remove, TextField } from "./fields";
import { betterClear, type Form, hasForm, readForm, readSimple, readValue } from "./form";
import { NumberField } from "./number-field";
import { checkedRule, published } from "./store";
import { comparisons } from "./text";

/** What raises it. */
export function Watch({ form }: { form: Form }) {
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
export function Sources({
  label,
  path,
  from,
}: {
  label: string;
  path: readonly string[];
  from: readonly string[];
}) {
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
