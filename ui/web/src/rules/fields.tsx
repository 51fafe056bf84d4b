/** The parts that a rule's form is made of: measures, conditions, texts and choices. Each writes one part of the YAML. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { text as inLanguage, language, words } from "../i18n";
import { quantities } from "../live/store";
import { quantityTitle } from "../shared/format";
import { Icon } from "../shared/icon";
import { setField, setNumber } from "./change";
import { readMeasure, readSimple } from "./form";
import { NumberField } from "./number-field";
import { comparisons } from "./text";

const TIMES = ["ms", "s", "min", "h", "d"] as const;
const LENGTHS = ["m", "km"] as const;
/** How conditions compare, as signs that people read. */
export const SIGNS: Readonly<Record<string, string>> = {
  ">": ">",
  ">=": "≥",
  "<": "<",
  "<=": "≤",
  "=": "=",
  "<>": "≠",
};

/** A label above or before what it is of. */
export function Line({ label, children }: { label: string; children: preact.ComponentChildren }) {
  return (
    <div class="field">
      <span class="field-label">{label}</span>
      <div class="field-of">{children}</div>
    </div>
  );
}

interface MeasureProps {
  readonly label: string;
  readonly path: readonly string[];
  readonly written: string;
  readonly what: "time" | "length";
  readonly main?: boolean;
  /** What is written where the field is set for the first time; without it the field is always there. */
  readonly begins?: string;
  /** What it means that the field is not there. */
  readonly missing?: string;
}

/** A time or a distance: a number and its unit. */
export function Measure({ label, path, written, what, main = false, begins, missing }: MeasureProps) {
  const said = words.value.rules.form;
  if (written === "" && begins !== undefined) {
    return (
      <button
        type="button"
        class="field-add"
        title={said.add(label)}
        aria-label={said.add(label)}
        onClick={() => setField(path, begins)}
      >
        {missing === undefined ? <Icon name="plus" size={12} /> : null} {missing ?? label}
      </button>
    );
  }
  const read = readMeasure(written);
  if (read === null) return <TextField label={label} path={path} written={written} code />;
  const units = what === "time" ? TIMES : LENGTHS;
  return (
    <span class="measure-field">
      <NumberField
        label={label}
        value={read.value}
        least={0}
        main={main}
        onChange={(value) => setNumber(path.join("."), value)}
      />
      <select
        class="field-select"
        aria-label={`${label}: ${said.unit}`}
        value={read.unit}
        onChange={(event) => setField(path, `${read.value} ${event.currentTarget.value}`)}
      >
        {units.map((unit) => (
          <option key={unit} value={unit}>
            {(said.unitWord as Readonly<Record<string, string>>)[unit] ?? unit}
          </option>
        ))}
      </select>
      {begins === undefined ? null : <Remove label={label} path={path} />}
    </span>
  );
}

export function Remove({ label, path }: { label: string; path: readonly string[] }) {
  const said = words.value.rules.form;
  return (
    <button
      type="button"
      class="field-remove"
      title={said.remove(label)}
      aria-label={said.remove(label)}
      onClick={() => setField(path, null)}
    >
      <Icon name="close" size={12} />
    </button>
  );
}

interface TextProps {
  readonly label: string;
  readonly path: readonly string[];
  readonly written: string;
  readonly code?: boolean;
  readonly hint?: string;
}

/** A text as it stands in the rule. */
export function TextField({ label, path, written, code = false, hint = "" }: TextProps) {
  const typed = useSignal(written);
  useEffect(() => {
    if (typed.peek().trim() !== written) typed.value = written;
  }, [written]);
  return (
    <textarea
      class={`field-text ${code ? "code" : ""}`}
      aria-label={label}
      title={label}
      placeholder={hint}
      spellcheck={false}
      autoComplete="off"
      maxLength={2_000}
      rows={Math.min(5, Math.max(1, Math.ceil(typed.value.length / (code ? 34 : 36))))}
      value={typed.value}
      onInput={(event) => {
        // It is one line of the rule, however many it takes to show.
        typed.value = event.currentTarget.value.replace(/\s*\n\s*/g, " ");
        setField(path, typed.value.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.preventDefault();
      }}
    />
  );
}

interface ConditionProps {
  readonly label: string;
  readonly path: readonly string[];
  readonly written: string;
  readonly main?: boolean;
  /** What stands in for the quantity where the condition compares something that has no name. */
  readonly of?: string;
  /** The quantity that has just been named: it is not named again. */
  readonly like?: string;
}

/** A condition: three fields where it is simple, else its words with its numbers open to be changed. */
export function Condition({ label, path, written, main = false, of, like }: ConditionProps) {
  const said = words.value.rules.form;
  const asText = useSignal(false);
  const simple = readSimple(written);
  const bare = of === undefined ? null : /^\s*(<=|>=|<>|=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(written);
  const numbers = comparisons(written);
  const param = path.join(".");
  if (asText.value || (simple === null && bare === null && numbers.length === 0)) {
    return (
      <span class="condition condition-text">
        <TextField label={label} path={path} written={written} code />
        {asText.value ? (
          <button
            type="button"
            class="link"
            onClick={() => {
              asText.value = false;
            }}
          >
            {said.asFields}
          </button>
        ) : null}
      </span>
    );
  }
  const toText = (
    <button
      type="button"
      class="field-remove condition-edit"
      title={said.asText}
      aria-label={`${label}: ${said.asText}`}
      onClick={() => {
        asText.value = true;
      }}
    >
      <Icon name="write" size={12} />
    </button>
  );
  if (simple !== null || bare !== null) {
    const name = simple?.name ?? "";
    const operator = simple?.operator ?? bare?.[1] ?? ">";
    const value = Number(simple?.number ?? bare?.[2] ?? 0);
    const unit = simple === null ? null : quantities.value[name]?.unit;
    return (
      <span class={main ? "condition condition-main" : "condition condition-row"}>
        {simple === null || simple.name === like ? null : (
          <QuantitySelect
            value={name}
            onChoose={(next) => setField(path, `${next} ${operator} ${simple.number}`)}
          />
        )}
        <select
          class="field-select field-operator"
          aria-label={said.operator}
          value={operator}
          onChange={(event) =>
            setField(path, `${name} ${event.currentTarget.value} ${simple?.number ?? bare?.[2]}`.trim())
          }
        >
          {Object.entries(SIGNS).map(([sign, shown]) => (
            <option key={sign} value={sign}>
              {shown}
            </option>
          ))}
        </select>
        <NumberField label={label} value={value} main={main} onChange={(next) => setNumber(param, next)} />
        <span class="field-unit">{unit && unit !== "1" ? unit : (of ?? "")}</span>
        {simple === null ? null : toText}
      </span>
    );
  }
  const pieces: preact.ComponentChildren[] = [];
  let end = 0;
  for (const [index, one] of numbers.entries()) {
    pieces.push(<code key={`text${index}`}>{written.slice(end, one.start)}</code>);
    pieces.push(
      <NumberField
        key={`number${index}`}
        label={`${label}: ${one.name ?? ""} ${SIGNS[one.operator] ?? one.operator}`}
        value={one.value}
        small={!main}
        onChange={(next) => setNumber(param, next, one.value)}
      />,
    );
    end = one.end;
  }
  pieces.push(<code key="rest">{written.slice(end)}</code>);
  return (
    <span class="condition condition-words">
      {pieces} {toText}
    </span>
  );
}

/** The quantities by their titles; one that is not known stays as it is written. */
export function QuantitySelect({ value, onChoose }: { value: string; onChoose: (name: string) => void }) {
  const tongue = language.value;
  const known = Object.entries(quantities.value)
    .filter(([name, { type }]) => name === value || type === "number" || type === "integer")
    .map(([name, quantity]): [string, string] => [name, quantityTitle(name, quantity, tongue)])
    .sort((one, other) => one[1].localeCompare(other[1], tongue));
  const here = known.some(([name]) => name === value);
  return (
    <select
      class="field-select field-quantity"
      aria-label={words.value.rules.form.quantity}
      title={`${inLanguage(quantities.value[value]?.title, tongue)} (${value})`}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      {here ? null : <option value={value}>{value}</option>}
      {known.map(([name, title]) => (
        <option key={name} value={name}>
          {title}
        </option>
      ))}
    </select>
  );
}

interface ChoicesProps {
  readonly label: string;
  readonly path: readonly string[];
  readonly chosen: readonly string[];
  readonly options: readonly (readonly [string, string])[];
  /** What is chosen where nothing is written. */
  readonly otherwise?: string;
  /** Chosen alone: `any`. */
  readonly alone?: string;
}

/** Several of a few: one button each. */
export function Choices({ label, path, chosen, options, otherwise, alone }: ChoicesProps) {
  const now = chosen.length === 0 && otherwise !== undefined ? [otherwise] : chosen;
  const known = new Set(options.map(([key]) => key));
  const all = [...options, ...now.filter((one) => !known.has(one)).map((one) => [one, one] as const)];
  const toggle = (key: string): void => {
    const next =
      key === alone
        ? [key]
        : now.includes(key)
          ? now.filter((one) => one !== key)
          : [...now.filter((one) => one !== alone), key];
    if (next.length > 0) setField(path, next);
  };
  return (
    <fieldset class="choices" aria-label={label}>
      {all.map(([key, name]) => (
        <button key={key} type="button" aria-pressed={now.includes(key)} onClick={() => toggle(key)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}
