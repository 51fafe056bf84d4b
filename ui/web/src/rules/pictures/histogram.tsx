/** How often the quantity had which value, with the rule's limits as lines that can be taken and moved. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { language, words } from "../../i18n";
import { quantities } from "../../live/store";
import { number, quantityTitle, value as withUnit } from "../../shared/format";
import { Nothing } from "../../shared/nothing";
import { useSize } from "../../shared/sized";
import { openedRule } from "../../view";
import { setNumber } from "../change";
import type { Histogram as Counted } from "../protocol";
import { checked, checkedRule, draft, since } from "../store";
import { Numbers } from "./numbers";
import { compact, paramName, percent } from "./say";
import { barHeight, differsWidely, numberTicks, onStep, placeOf, roundStep, shareThatFits } from "./scale";
import { dragging, edited } from "./store";

/** Pixels above the bars, for the values of the lines, and below them, for the axis. */
const ABOVE = 30;
const BELOW = 20;
/** Between the edge and the first and the last value, pixels. */
const SIDE = 10;
/** How many steps of the arrow keys there are from one end to the other. */
const STEPS = 200;

interface Line {
  /** Its parameter and its place among the lines. */
  readonly id: string;
  readonly param: string;
  readonly operator: string | null;
  readonly value: number;
}

export function Histogram({ histogram }: { histogram: Counted | null }) {
  const { pictures } = words.value;
  if (histogram === null) return <Numbers />;
  if (histogram.counts.every((count) => count === 0)) {
    return <Nothing what={pictures.histogram.empty} why={pictures.histogram.emptyWhy} />;
  }
  return <Bars histogram={histogram} />;
}

/** The lines as they stand in the draft now: the answer may be of an older one. */
function linesNow(histogram: Counted): Line[] {
  const rule = checked.value?.of === draft.value ? checkedRule.value : null;
  const taken = new Map<string, number>();
  return histogram.lines.map((line) => {
    const nth = taken.get(line.param) ?? 0;
    taken.set(line.param, nth + 1);
    const id = `${line.param} ${nth}`;
    const moved = edited.value?.of === draft.value && edited.value.line === id ? edited.value.value : null;
    const read = rule?.numbers.filter((one) => one.param === line.param)[nth]?.value;
    return { id, param: line.param, operator: line.operator, value: moved ?? read ?? line.value };
  });
}

function Bars({ histogram }: { histogram: Counted }) {
  const { pictures } = words.value;
  const place = useRef<HTMLDivElement>(null);
  const size = useSize(place);
  const over = useSignal<number | null>(null);
  const lines = linesNow(histogram);
  const [low, high] = domain(histogram, lines);
  const main = lines.find((line) => !line.param.includes("clear")) ?? lines[0];
  const logarithmic = differsWidely(histogram.counts);
  const quantity = quantities.value[histogram.quantity];
  const title = quantityTitle(histogram.quantity, quantity, language.value);
  const say = (shown: number): string => sayValue(shown, histogram.unit);
  const share =
    main === undefined ? null : shareThatFits(histogram.edges, histogram.counts, main.operator, main.value);
  const bin = over.value;
  return (
    <figure class="what-if-histogram" aria-label={pictures.histogram.title(title)}>
      <figcaption>
        <span class="what-if-caption">{title}</span>
        <span class="quiet">
          {bin !== null && histogram.counts[bin] !== undefined
            ? pictures.histogram.bin(
                compact(histogram.counts[bin], language.value),
                number(histogram.edges[bin] ?? 0, language.value),
                say(histogram.edges[bin + 1] ?? 0),
              )
            : main === undefined || share === null
              ? ""
              : pictures.histogram.fits(
                  percent(share, language.value),
                  `${written(main.operator)} ${say(main.value)}`,
                )}
        </span>
        {logarithmic ? <span class="what-if-log">{pictures.histogram.logarithmic}</span> : null}
      </figcaption>
      <div
        class="what-if-bars"
        ref={place}
        onPointerMove={(event) => {
          const box = place.current?.getBoundingClientRect();
          if (box === undefined) return;
          const value =
            low + ((event.clientX - box.left - SIDE) / Math.max(1, box.width - 2 * SIDE)) * (high - low);
          const found = histogram.edges.findIndex(
            (edge, index) => value >= edge && value < (histogram.edges[index + 1] ?? edge),
          );
          over.value = found < 0 ? null : found;
        }}
        onPointerLeave={() => {
          over.value = null;
        }}
      >
        {size.value === null ? null : (
          <>
            <Drawn
              histogram={histogram}
              low={low}
              high={high}
              width={size.value.width}
              height={size.value.height}
              logarithmic={logarithmic}
              main={main ?? null}
              over={bin}
            />
            {lines.map((line, index) => (
              <Handle
                key={line.id}
                line={line}
                low={low}
                high={high}
                width={size.value?.width ?? 0}
                unit={histogram.unit}
                minor={line !== main}
                raised={lines.length > 1 && index % 2 === 1}
              />
            ))}
          </>
        )}
      </div>
    </figure>
  );
}

function sayValue(shown: number, unit: string | null): string {
  return withUnit(shown, { type: "number", unit, title: { vi: "", en: "" } }, language.value, words.value);
}

/** What the axis reaches over; it never shrinks while the same quantity of one rule is looked at. */
const reached: { of: string; at: readonly [number, number] } = { of: "", at: [0, 1] };

/**
 * All values and all lines, and a little room at the ends.
 *
 * The scale stays while a line is held. It also stays as wide as it has been: a line that was moved a long way can be
 * moved back the same way.
 */
function domain(histogram: Counted, lines: readonly Line[]): readonly [number, number] {
  const of = `${openedRule.value} ${histogram.quantity} ${since.value}`;
  if (dragging.value && reached.of === of) return reached.at;
  const before = reached.of === of ? reached.at : [];
  // Empty bars at the ends are no reason for an axis below nothing.
  const first = histogram.counts.findIndex((count) => count > 0);
  const last = histogram.counts.findLastIndex((count) => count > 0);
  const ends = [histogram.edges[Math.max(0, first)] ?? 0, histogram.edges[last + 1] ?? 1];
  const values = [...lines.map((line) => line.value), ...ends];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || 1) * 0.06;
  // What is never negative does not begin below nothing.
  reached.at = [
    Math.min(...before, low >= 0 ? Math.max(0, low - room) : low - room),
    Math.max(...before, high + room),
  ];
  reached.of = of;
  return reached.at;
}

/** An operator as people write it. */
function written(operator: string | null): string {
  return operator === ">="
    ? "≥"
    : operator === "<="
      ? "≤"
      : operator === "<>" || operator === "!="
        ? "≠"
        : (operator ?? "=");
}

interface Frame {
  readonly low: number;
  readonly high: number;
  readonly width: number;
}

const across = (value: number, { low, high, width }: Frame): number =>
  SIDE + placeOf(value, [low, high]) * Math.max(1, width - 2 * SIDE);

function Drawn({
  histogram,
  main,
  height,
  logarithmic,
  over,
  ...frame
}: Frame & {
  histogram: Counted;
  main: Line | null;
  height: number;
  logarithmic: boolean;
  over: number | null;
}) {
  const base = height - BELOW;
  const room = Math.max(8, base - ABOVE);
  const most = Math.max(...histogram.counts);
  const fits = (index: number): boolean => {
    if (main === null) return false;
    const middle = ((histogram.edges[index] ?? 0) + (histogram.edges[index + 1] ?? 0)) / 2;
    return main.operator?.startsWith("<") ? middle < main.value : middle > main.value;
  };
  const ticks = numberTicks(frame.low, frame.high, Math.max(2, frame.width / 80));
  return (
    <svg width={frame.width} height={height} aria-hidden="true">
      {histogram.counts.map((count, index) => {
        if (count === 0) return null;
        const left = across(histogram.edges[index] ?? 0, frame);
        const right = across(histogram.edges[index + 1] ?? 0, frame);
        const tall = Math.max(2, barHeight(count, most, logarithmic) * room);
        return (
          <rect
            key={index}
            class={`bar ${fits(index) ? "bar-fits" : ""} ${over === index ? "bar-over" : ""}`}
            x={left}
            y={base - tall}
            width={Math.max(1, right - left - (right - left > 3 ? 1 : 0))}
            height={tall}
          />
        );
      })}
      <line class="bar-base" x1="0" x2={frame.width} y1={base + 0.5} y2={base + 0.5} />
      {ticks.map((tick) => (
        <text key={tick} class="bar-tick" x={across(tick, frame)} y={height - 5} text-anchor="middle">
          {number(tick, language.value)}
        </text>
      ))}
    </svg>
  );
}

/** A line that can be moved: by the pointer, or with the arrow keys. */
function Handle({
  line,
  unit,
  minor,
  raised,
  ...frame
}: Frame & { line: Line; unit: string | null; minor: boolean; raised: boolean }) {
  const { pictures } = words.value;
  const held = useRef<{ readonly offset: number } | null>(null);
  const last = useRef(line.value);
  last.current = line.value;
  const step = roundStep(frame.high - frame.low, STEPS);
  const x = across(line.value, frame);
  const called = paramName(line.param, words.value);

  const set = (value: number): void => {
    const next = onStep(value, step);
    if (next === last.current) return;
    const before = last.current;
    last.current = next;
    setNumber(line.param, next, before);
    edited.value = { line: line.id, value: next, of: draft.peek() };
  };
  const valueAt = (clientX: number, element: HTMLElement): number => {
    const box = element.parentElement?.getBoundingClientRect();
    const inside = clientX - (held.current?.offset ?? 0) - (box?.left ?? 0) - SIDE;
    return frame.low + (inside / Math.max(1, frame.width - 2 * SIDE)) * (frame.high - frame.low);
  };
  const key = (event: KeyboardEvent): void => {
    const by: Readonly<Record<string, number>> = {
      ArrowRight: step,
      ArrowUp: step,
      ArrowLeft: -step,
      ArrowDown: -step,
      PageUp: 10 * step,
      PageDown: -10 * step,
    };
    const way = by[event.key];
    if (event.key === "Home") set(frame.low);
    else if (event.key === "End") set(frame.high);
    else if (way !== undefined) set(last.current + way * (event.shiftKey ? 10 : 1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class={`limit ${minor ? "limit-minor" : ""} ${raised ? "limit-raised" : ""} ${x > frame.width * 0.72 ? "limit-left" : ""}`}
      style={{ left: `${x}px` }}
      role="slider"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label={`${called} ${written(line.operator)}`}
      aria-valuenow={line.value}
      aria-valuemin={onStep(frame.low, step)}
      aria-valuemax={onStep(frame.high, step)}
      aria-valuetext={sayValue(line.value, unit)}
      title={pictures.histogram.drag}
      onKeyDown={key}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const element = event.currentTarget as HTMLElement;
        element.setPointerCapture(event.pointerId);
        element.focus();
        const box = element.parentElement?.getBoundingClientRect();
        held.current = { offset: event.clientX - (box?.left ?? 0) - x };
        dragging.value = true;
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (held.current === null) return;
        const value = onStep(valueAt(event.clientX, event.currentTarget as HTMLElement), step);
        set(Math.min(frame.high, Math.max(frame.low, value)));
      }}
      onPointerUp={() => {
        held.current = null;
        dragging.value = false;
      }}
      onPointerCancel={() => {
        held.current = null;
        dragging.value = false;
      }}
    >
      <span class="limit-line" />
      <output class="limit-value">
        {minor ? <i>{called}</i> : null}
        {written(line.operator)} {sayValue(line.value, unit)}
      </output>
    </div>
  );
}
