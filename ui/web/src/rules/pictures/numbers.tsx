/** The numbers of a rule that compares no single quantity: each can be moved, and the rest of the pictures follows. */

import { useRef } from "preact/hooks";
import { language, words } from "../../i18n";
import { number, value as withUnit } from "../../shared/format";
import { Nothing } from "../../shared/nothing";
import { setNumber } from "../change";
import type { RuleNumber } from "../protocol";
import { checked, checkedRule, draft } from "../store";
import { paramName } from "./say";
import { onStep, roundStep } from "./scale";
import { edited } from "./store";

/** A number can be moved up to so many times what it was when it was first seen. */
const FURTHEST = 3;
const STEPS = 60;

export function Numbers() {
  const { pictures } = words.value;
  const last = useRef<readonly RuleNumber[]>([]);
  if (checked.value?.of === draft.value && checkedRule.value !== null)
    last.current = checkedRule.value.numbers;
  const numbers = last.current;
  if (numbers.length === 0)
    return <Nothing what={pictures.histogram.none} why={pictures.histogram.noneWhy} />;
  const taken = new Map<string, number>();
  return (
    <section class="what-if-numbers" aria-label={pictures.histogram.numbers}>
      <header>
        <span class="what-if-caption">{pictures.histogram.numbers}</span>
      </header>
      <ul>
        {numbers.map((one) => {
          const nth = taken.get(one.param) ?? 0;
          taken.set(one.param, nth + 1);
          return <OneNumber key={`${one.param} ${nth}`} id={`${one.param} ${nth}`} of={one} />;
        })}
      </ul>
    </section>
  );
}

function OneNumber({ id, of }: { id: string; of: RuleNumber }) {
  const began = useRef(of.value);
  const moved = edited.value?.of === draft.value && edited.value.line === id ? edited.value.value : null;
  const shown = moved ?? of.value;
  const high = Math.max(shown, Math.abs(began.current) * FURTHEST, 1);
  const low = Math.min(shown, began.current < 0 ? -high : 0);
  const step = Number.isInteger(began.current)
    ? Math.max(1, roundStep(high - low, STEPS))
    : roundStep(high - low, STEPS);
  const said = withUnit(
    shown,
    { type: "number", unit: of.unit, title: { vi: "", en: "" } },
    language.value,
    words.value,
  );
  return (
    <li>
      <label>
        <span title={of.param}>{paramName(of.param, words.value)}</span>
        <input
          type="range"
          min={low}
          max={high}
          step={step}
          value={shown}
          aria-valuetext={said}
          title={number(shown, language.value)}
          onInput={(event) => {
            const next = onStep(Number(event.currentTarget.value), step);
            if (next === shown) return;
            setNumber(of.param, next, shown);
            edited.value = { line: id, value: next, of: draft.peek() };
          }}
        />
        <output>
          {of.operator === null ? "" : `${of.operator} `}
          {said}
        </output>
      </label>
    </li>
  );
}
