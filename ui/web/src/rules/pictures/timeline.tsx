/** The time line: what the draft would have raised, what it no longer would, and what stays, over the chosen time. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language, words } from "../../i18n";
import { city } from "../../live/store";
import { Icon } from "../../shared/icon";
import { sharpen, useSize } from "../../shared/sized";
import { theme } from "../../state";
import type { Change, WhatIf, WhatIfAlert } from "../protocol";
import { idOf, selectedAlert, whatIf } from "../store";
import { draw, GAP, HEIGHT, type Inks, inks, LANE, OVERVIEW } from "./drawing";
import { CHANGES, type Lane, lanes, markAt } from "./lanes";
import { compact, lasting, movedBy, whenOf } from "./say";
import { minuteOf, type Span, shifted, timeTicks, zoomed } from "./scale";
import { ChangeSign } from "./sign";
import { hidden, magnified, seen, select, shown, toggleChange, whole, whyAt, whyOpen } from "./store";

/** How far beside a mark a pointer still means it, pixels. */
const REACH = 4;
/** A pointer that moved less has clicked, pixels. */
const CLICK = 4;

type Hold =
  | { readonly kind: "mark"; readonly from: number; readonly to: number }
  | { readonly kind: "window"; readonly from: number; readonly view: Span }
  | { readonly kind: "time" };

export function Timeline({ result }: { result: WhatIf }) {
  return (
    <figure class="what-if-time" aria-label={words.value.pictures.timeline}>
      <Labels result={result} />
      <Lines />
    </figure>
  );
}

/** Beside each lane what it holds; a click hides it. */
function Labels({ result }: { result: WhatIf }) {
  const { pictures } = words.value;
  const { step_ms } = result.by_hour;
  const bar =
    step_ms === 3_600_000 ? pictures.perHour : pictures.perBar(lasting(step_ms, language.value, words.value));
  return (
    <div class="what-if-labels">
      <p class="what-if-key" style={{ height: `${OVERVIEW}px`, marginBottom: `${GAP}px` }}>
        <span class="what-if-key-draft">
          {pictures.draft} <i>{bar}</i>
        </span>
        <span class="what-if-key-force">{pictures.inForce}</span>
      </p>
      {CHANGES.map((change) => (
        <LaneLabel key={change} change={change} count={result.counts[change] ?? 0} />
      ))}
    </div>
  );
}

function LaneLabel({ change, count }: { change: Change; count: number }) {
  const { pictures } = words.value;
  const off = hidden.value.has(change);
  const long = pictures.changeLong[change];
  return (
    <button
      type="button"
      class={`lane-label ${count === 0 ? "lane-empty" : ""}`}
      style={{ height: `${LANE}px` }}
      aria-pressed={!off}
      title={off ? pictures.show(long) : pictures.hide(long)}
      onClick={() => toggleChange(change)}
    >
      <ChangeSign change={change} />
      <span class="lane-name">{pictures.change[change]}</span>
      <b>{compact(count, language.value)}</b>
    </button>
  );
}

function Lines() {
  const { pictures } = words.value;
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const ink = useRef<{ readonly of: string; readonly inks: Inks } | null>(null);
  const size = useSize(place);
  const pointer = useSignal<{ readonly x: number; readonly y: number } | null>(null);
  const hold = useSignal<Hold | null>(null);
  const moved = useRef(0);
  const width = useComputed(() => size.value?.width ?? 0);
  const laid = useComputed(() => lanes(whatIf.value?.alerts ?? [], seen.value, width.value));

  useSignalEffect(() => {
    const result = whatIf.value;
    const measured = size.value;
    if (result === null || measured === null || canvas.current === null) return;
    // Read here what the picture is made of, so that it is drawn again when any of it changes.
    const scene = {
      width: measured.width,
      result,
      whole: whole.value,
      seen: seen.value,
      lanes: laid.value,
      hidden: hidden.value,
      ticks: timeTicks(seen.value, measured.width / 64, language.value, city.value?.timezone),
      selected: selectedAlert.value,
      idOf: (mark: { alert: WhatIfAlert }) => idOf(mark.alert),
      pointer: pointer.value?.x ?? null,
      marking: hold.value?.kind === "mark" ? ([hold.value.from, hold.value.to] as const) : null,
      asked: whyOpen.value ? whyAt.value : null,
    };
    const asked = theme.value;
    const frame = requestAnimationFrame(() => {
      if (canvas.current === null) return;
      if (ink.current?.of !== asked) ink.current = { of: asked, inks: inks() };
      const context = sharpen(canvas.current, { width: measured.width, height: HEIGHT });
      if (context !== null) draw(context, scene, ink.current.inks);
    });
    return () => cancelAnimationFrame(frame);
  });

  const timeAt = (x: number): number => {
    const view = seen.peek();
    return view.from + (x / Math.max(1, width.peek())) * (view.to - view.from);
  };
  const laneAt = (y: number): Lane | null => {
    const index = Math.floor((y - OVERVIEW - GAP) / LANE);
    const lane = laid.peek()[index];
    return lane === undefined || hidden.peek().has(lane.change) ? null : lane;
  };

  // By hand: only a listener that is not passive may keep the page from scrolling.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const along = event.shiftKey ? event.deltaY : event.deltaX;
      const x = event.clientX - element.getBoundingClientRect().left;
      if (Math.abs(along) > Math.abs(event.deltaY) || event.shiftKey) {
        const view = seen.peek();
        magnified.value = shifted(
          view,
          whole.peek(),
          (along / Math.max(1, width.peek())) * (view.to - view.from),
        );
      } else look(zoomed(seen.peek(), whole.peek(), timeAt(x), Math.exp(event.deltaY * 0.0022)));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);

  const at = (event: PointerEvent): { x: number; y: number } => {
    const box = place.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { x, y } = at(event);
    moved.current = 0;
    place.current?.setPointerCapture(event.pointerId);
    const asked = whyOpen.peek() ? whyAt.peek() : null;
    const line =
      asked === null
        ? null
        : ((asked - seen.peek().from) / (seen.peek().to - seen.peek().from)) * width.peek();
    if (y < OVERVIEW) hold.value = { kind: "window", from: x, view: seen.peek() };
    else if (line !== null && Math.abs(line - x) <= 6) hold.value = { kind: "time" };
    else hold.value = { kind: "mark", from: x, to: x };
  };
  const move = (event: PointerEvent): void => {
    const { x, y } = at(event);
    const held = hold.peek();
    pointer.value = { x, y };
    if (held === null) return;
    if (held.kind === "mark") {
      moved.current = Math.max(moved.current, Math.abs(x - held.from));
      hold.value = { ...held, to: Math.min(width.peek(), Math.max(0, x)) };
    } else if (held.kind === "time") whyAt.value = Math.round(within(timeAt(x), whole.peek()));
    else {
      moved.current = Math.max(moved.current, Math.abs(x - held.from));
      const all = whole.peek();
      const by = ((x - held.from) / Math.max(1, width.peek())) * (all.to - all.from);
      if (magnified.peek() !== null) magnified.value = shifted(held.view, all, by);
    }
  };
  const up = (event: PointerEvent): void => {
    const held = hold.peek();
    hold.value = null;
    if (held === null || held.kind === "time") return;
    const { x, y } = at(event);
    if (held.kind === "window") {
      if (moved.current < CLICK) centre(x);
      return;
    }
    if (moved.current >= CLICK) {
      const [from, to] = [Math.min(held.from, held.to), Math.max(held.from, held.to)];
      const middle = timeAt((from + to) / 2);
      const part = { from: timeAt(from), to: timeAt(to) };
      look(zoomed(part, whole.peek(), middle, 1));
      return;
    }
    click(x, y);
  };
  const centre = (x: number): void => {
    const all = whole.peek();
    const view = seen.peek();
    const middle = all.from + (x / Math.max(1, width.peek())) * (all.to - all.from);
    look(shifted(view, all, middle - (view.from + view.to) / 2));
  };
  const click = (x: number, y: number): void => {
    const lane = laneAt(y);
    if (lane?.bins != null) {
      look(zoomed(seen.peek(), whole.peek(), timeAt(x), 0.25));
      return;
    }
    const mark = lane === null ? null : markAt(lane, x, REACH);
    if (mark !== null) select(mark.alert);
    else if (whyOpen.peek()) whyAt.value = Math.round(timeAt(x));
    else select(null);
  };

  const key = (event: KeyboardEvent): void => {
    const view = seen.peek();
    const all = whole.peek();
    const middle = (view.from + view.to) / 2;
    switch (event.key) {
      case "ArrowRight":
      case "ArrowLeft": {
        const by = event.key === "ArrowRight" ? 1 : -1;
        if (event.shiftKey) look(shifted(view, all, (by * (view.to - view.from)) / 8));
        else step(by);
        break;
      }
      case "+":
      case "=":
        look(zoomed(view, all, middle, 0.5));
        break;
      case "-":
        look(zoomed(view, all, middle, 2));
        break;
      case "0":
        magnified.value = null;
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const over = pointer.value;
  return (
    <div class="what-if-plot">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; this is a picture with its own keys */}
      <div
        class={`what-if-lines ${hold.value?.kind === "time" ? "what-if-dragging" : ""}`}
        ref={place}
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys below work on what has the focus
        tabIndex={0}
        aria-label={`${pictures.timeline}. ${pictures.timelineHelp}`}
        style={{ height: `${HEIGHT}px` }}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => {
          hold.value = null;
        }}
        onPointerLeave={() => {
          pointer.value = null;
        }}
        onDblClick={() => {
          magnified.value = null;
        }}
        onKeyDown={key}
      >
        <canvas ref={canvas} style={{ width: "100%", height: `${HEIGHT}px` }} />
        {over === null || hold.value !== null ? null : (
          <Tip at={over} lane={laneAt(over.y)} time={timeAt(over.x)} width={width.value} />
        )}
      </div>
      {whatIf.value !== null && Object.values(whatIf.value.counts).every((count) => count === 0) ? (
        <p class="what-if-never">{pictures.none.title}</p>
      ) : null}
      {magnified.value === null ? null : (
        <button
          type="button"
          class="what-if-whole"
          onClick={() => {
            magnified.value = null;
          }}
        >
          <Icon name="whole" size={12} />
          {pictures.whole}
        </button>
      )}
      <p class="hidden" aria-live="polite">
        <Spoken />
      </p>
    </div>
  );
}

function look(view: Span): void {
  const all = whole.peek();
  magnified.value = view.to - view.from >= all.to - all.from - 1 ? null : view;
}

function within(at: number, span: Span): number {
  return Math.min(span.to, Math.max(span.from, at));
}

/** Select the alert after or before the selected one, in time. */
function step(by: 1 | -1): void {
  const all = shown.peek().toSorted((one, other) => one.raised_at - other.raised_at);
  const here = all.findIndex((alert) => idOf(alert) === selectedAlert.peek());
  const view = seen.peek();
  const next =
    here >= 0
      ? all[Math.min(all.length - 1, Math.max(0, here + by))]
      : by > 0
        ? all.find((alert) => alert.raised_at >= view.from)
        : all.findLast((alert) => alert.raised_at <= view.to);
  if (next !== undefined) select(next);
}

/** The selected alert, for those who hear the page. */
function Spoken() {
  const alert = shown.value.find((one) => idOf(one) === selectedAlert.value);
  if (alert === undefined) return null;
  return <>{sentence(alert)}</>;
}

function sentence(alert: WhatIfAlert): string {
  const { pictures } = words.value;
  const zone = city.value?.timezone;
  const parts = [
    pictures.change[alert.change],
    alert.name ?? alert.key,
    whenOf(alert, language.value, words.value, zone),
    movedBy(alert, language.value, words.value),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** What lies under the pointer: an alert, how many there are, or only the time. */
function Tip({
  at,
  lane,
  time,
  width,
}: {
  at: { readonly x: number; readonly y: number };
  lane: Lane | null;
  time: number;
  width: number;
}) {
  const { pictures } = words.value;
  const zone = city.value?.timezone;
  if (at.y < OVERVIEW + GAP || at.y > HEIGHT) return null;
  const mark = lane === null ? null : markAt(lane, at.x, REACH);
  const left = at.x > width - 220;
  return (
    <div
      class={`what-if-tip ${left ? "what-if-tip-left" : ""}`}
      style={{ left: `${at.x}px`, top: `${OVERVIEW - 4}px` }}
    >
      {mark !== null && lane !== null ? (
        <>
          <b>
            <ChangeSign change={lane.change} size={12} />
            {mark.alert.name ?? mark.alert.key}
          </b>
          <span>{whenOf(mark.alert, language.value, words.value, zone)}</span>
          {mark.alert.was === null ? null : <span>{movedBy(mark.alert, language.value, words.value)}</span>}
        </>
      ) : (
        <span>
          {lane?.bins == null
            ? minuteOf(time, language.value, zone)
            : pictures.many(compact(lane.count, language.value))}
        </span>
      )}
    </div>
  );
}
