/** A number that is there to be changed: typed, stepped with the arrows, or with the buttons beside it. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language, words } from "../i18n";
import { Icon } from "../shared/icon";
import { plain } from "./text";

interface Props {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly least?: number;
  /** Larger, with buttons beside it: what the rule is about. */
  readonly main?: boolean;
  readonly small?: boolean;
}

/** One step: a fiftieth of the number or so, rounded to 1, 2 or 5 of its power of ten. */
export function stepOf(value: number): number {
  const size = Math.abs(value) / 25;
  if (size === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(size));
  const lead = size / power;
  const step = (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
  // A whole number stays whole.
  return Number.isInteger(value) ? Math.max(1, step) : step;
}

/** Read a number as people type it: with a point or a comma; null where it is none. */
export function readNumber(text: string): number | null {
  const trimmed = text.trim().replace("−", "-").replace(",", ".");
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}

const shownNumber = (value: number, comma: boolean): string =>
  comma ? plain(value).replace(".", ",") : plain(value);

export function NumberField({ label, value, onChange, least, main = false, small = false }: Props) {
  const said = words.value.rules.form;
  const comma = language.value === "vi";
  const typed = useSignal(shownNumber(value, comma));
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // What is being typed stays as it is typed, as long as it means the same.
    if (readNumber(typed.peek()) !== value) typed.value = shownNumber(value, comma);
  }, [value]);
  useEffect(() => {
    typed.value = shownNumber(value, comma);
  }, [comma]);
  const read = readNumber(typed.value);
  const wrong = read === null || (least !== undefined && read < least);
  const take = (next: number): void => {
    const bounded = least === undefined ? next : Math.max(least, next);
    typed.value = shownNumber(bounded, comma);
    if (bounded !== value) onChange(bounded);
  };
  const step = (by: number): void => {
    const from = read ?? value;
    const size = stepOf(from);
    // To the next multiple of the step: 148 goes to 150, not to 153.
    const ratio = from / size;
    const whole = Math.abs(ratio - Math.round(ratio)) < 1e-6;
    const next = whole ? Math.round(ratio) + by : by > 0 ? Math.ceil(ratio) : Math.floor(ratio);
    take(Number((next * size).toPrecision(12)));
  };
  const input = (
    <input
      ref={field}
      type="text"
      inputMode="decimal"
      role="spinbutton"
      aria-label={label}
      aria-valuenow={value}
      aria-invalid={wrong}
      title={wrong ? said.invalid : label}
      autoComplete="off"
      spellcheck={false}
      size={Math.max(3, Math.min(12, typed.value.length + 1))}
      value={typed.value}
      onInput={(event) => {
        typed.value = event.currentTarget.value;
        const next = readNumber(typed.value);
        if (next !== null && next !== value && (least === undefined || next >= least)) onChange(next);
      }}
      onBlur={() => {
        typed.value = shownNumber(value, comma);
      }}
      onKeyDown={(event) => {
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        step((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
      }}
    />
  );
  if (!main) return <span class={`number ${small ? "number-small" : ""}`}>{input}</span>;
  return (
    <span class="number number-main">
      <button
        type="button"
        tabIndex={-1}
        aria-label={said.less}
        title={`${said.less}  ↓`}
        onClick={() => step(-1)}
      >
        <Icon name="minus" size={14} />
      </button>
      {input}
      <button
        type="button"
        tabIndex={-1}
        aria-label={said.more}
        title={`${said.more}  ↑`}
        onClick={() => step(1)}
      >
        <Icon name="plus" size={14} />
      </button>
    </span>
  );
}
