/** What a camera counted over a day: bars by quarter hour, of the picture, a zone, or a line with in above and out below. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { language, words } from "../i18n";
import { Refused } from "../live/commands";
import { city, now } from "../live/store";
import { number } from "../shared/format";
import { Icon } from "../shared/icon";
import { Select } from "../shared/table-filters";
import { visible } from "../shared/visible";
import { theme } from "../state";
import { loadCounts } from "./ask";
import { type Bars, type Day, dayAfter, dayOf, keyOf, type Of, offered, today } from "./day";
import type { Camera, Counts } from "./protocol";

/** How often the counts of today are asked for anew, milliseconds. */
const EVERY = 20_000;
/** How far back counts are kept, days. */
const KEPT = 35;

export function CountsOfDay({ camera }: { camera: Camera }) {
  const said = words.value.cameras.counts;
  const zone = city.value?.timezone;
  const thisDay = today(now.value, zone);
  const day = useSignal<string | null>(null);
  const counts = useSignal<Counts | null>(null);
  const failed = useSignal(false);
  const chosen = useSignal("picture");
  const asked = day.value ?? thisDay;
  useEffect(() => {
    let gone = false;
    const ask = async (): Promise<void> => {
      const answer = await loadCounts(camera.id, asked).catch((error: unknown) => {
        if (error instanceof Refused) return null;
        throw error;
      });
      if (gone) return;
      failed.value = answer === null;
      if (answer !== null) counts.value = answer;
    };
    void ask();
    const timer = setInterval(() => {
      if (!document.hidden) void ask();
    }, EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
    // Another drawing has other zones and lines.
  }, [camera.id, asked, camera.revision]);

  // What was counted on another day is not to be read as this one's.
  const known = counts.value?.day === asked ? counts.value : null;
  const choices = known === null ? [] : offered(known);
  const of: Of = choices.find((one) => keyOf(one) === chosen.value) ?? { kind: "picture" };
  const shown = known === null ? null : dayOf(known, of);
  const nothing = shown !== null && [...shown.up, shown.down].every((bars) => (bars?.sum ?? 0) === 0);
  return (
    <section class="counts-day" aria-label={said.title}>
      <header class="counts-head">
        <h3>{said.title}</h3>
        {choices.length > 1 ? (
          <Select
            label={said.choose}
            value={keyOf(of)}
            options={choices.map((one): [string, string] => [keyOf(one), titleOf(one)])}
            onChoose={(key) => {
              chosen.value = key;
            }}
          />
        ) : null}
        {shown === null || nothing ? null : <Sums day={shown} />}
        <div class="counts-days">
          <button
            type="button"
            class="tool"
            aria-label={said.before}
            title={said.before}
            disabled={asked <= dayAfter(thisDay, -KEPT)}
            onClick={() => {
              day.value = dayAfter(asked, -1);
            }}
          >
            <Icon name="left" size={14} />
          </button>
          <span class="counts-which">{asked === thisDay ? said.today : dayShort(asked)}</span>
          <button
            type="button"
            class="tool"
            aria-label={said.after}
            title={said.after}
            disabled={asked >= thisDay}
            onClick={() => {
              const next = dayAfter(asked, 1);
              day.value = next >= thisDay ? null : next;
            }}
          >
            <Icon name="right" size={14} />
          </button>
        </div>
      </header>
      {known === null || shown === null ? (
        <p class="quiet counts-none">{failed.value ? said.failed : words.value.cameras.loading}</p>
      ) : nothing ? (
        <p class="quiet counts-none">
          {said.none}. {asked === thisDay ? said.noneWhy : ""}
        </p>
      ) : (
        <Chart counts={known} day={shown} />
      )}
    </section>
  );
}

function titleOf(of: Of): string {
  return of.kind === "picture" ? words.value.cameras.counts.picture : visible(of.name);
}

function dayShort(day: string): string {
  const [, month, date] = day.split("-");
  return `${date}/${month}`;
}

/** What a sort of bars is called. */
function barsTitle(bars: Bars): string {
  const said = words.value.cameras;
  if (bars.key === "in") return said.counts.in;
  if (bars.key === "out") return said.counts.out;
  if (bars.key === "others") return said.counts.others;
  const labels: Readonly<Record<string, string>> = said.labels;
  return labels[bars.label] ?? visible(bars.label);
}

/** The sums beside the bars' colours: they say what is what, and how much it was. */
function Sums({ day }: { day: Day }) {
  const said = words.value.cameras.counts;
  const say = (figure: number): string => number(figure, language.value);
  const all = day.down === null ? day.up : [...day.up, day.down];
  return (
    <ul class="counts-sums">
      {all.map((bars, index) => (
        <li key={bars.key}>
          <span class="counts-colour" style={{ background: `var(${COLOURS[index] ?? COLOURS[3]})` }} />
          {barsTitle(bars)} <b>{say(bars.sum)}</b>
        </li>
      ))}
      {day.forbidden > 0 ? (
        <li class="counts-forbidden">
          <Icon name="refused" size={12} /> {said.forbidden} <b>{say(day.forbidden)}</b>
        </li>
      ) : null}
    </ul>
  );
}

/** One a sort of bars; of the same family, told apart by how bright they are, since nothing here is good or bad. */
const COLOURS = ["--count-1", "--count-2", "--count-3", "--count-4"];

function Chart({ counts, day }: { counts: Counts; day: Day }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const over = useSignal<number | null>(null);
  const shown = useRef(data(counts, day));
  shown.current = data(counts, day);
  const shape = `${day.up.map((bars) => bars.key).join()} ${day.down !== null}`;

  const make = (): void => {
    const box = place.current;
    if (box === null) return;
    plot.current?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const text = colour("--secondary");
    const zone = city.peek()?.timezone;
    const bars = uPlot.paths.bars?.({ size: [0.8, 24], align: 1 });
    const series = (index: number): uPlot.Series => ({
      stroke: colour(COLOURS[index] ?? "--count-4"),
      fill: colour(COLOURS[index] ?? "--count-4"),
      width: 0,
      points: { show: false },
      ...(bars === undefined ? {} : { paths: bars }),
    });
    const end = (counts.start + counts.quarters * counts.step_ms) / 1000;
    const font = '11px "Be Vietnam Pro", sans-serif';
    plot.current = new uPlot(
      {
        width: Math.max(80, box.clientWidth),
        height: Math.max(60, box.clientHeight),
        padding: [6, 4, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        ...(zone === undefined ? {} : { tzDate: (at: number) => uPlot.tzDate(new Date(at * 1000), zone) }),
        scales: {
          x: { range: () => [counts.start / 1000, end] },
          y: { range: (_, low, high) => [Math.min(0, low * 1.1), Math.max(4, high * 1.1)] },
        },
        axes: [
          {
            stroke: text,
            font,
            size: 22,
            gap: 4,
            grid: { show: false },
            ticks: { show: false },
            incrs: [2 * 3_600, 3 * 3_600, 6 * 3_600],
            space: 44,
            values: (_, splits) => splits.map((at) => (at >= end ? "" : hourOf(at, zone))),
          },
          {
            stroke: text,
            font,
            size: 34,
            gap: 6,
            grid: { stroke: colour("--line"), width: 1 },
            ticks: { show: false },
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
            space: 18,
            values: (_, splits) => splits.map((figure) => number(Math.abs(figure), language.peek())),
          },
        ],
        // What stands on others is drawn first, and those over it.
        series: [{}, ...shown.current.order.map(series)],
        hooks: {
          setCursor: [
            (drawn) => {
              over.value = drawn.cursor.idx ?? null;
            },
          ],
        },
      },
      shown.current.data,
      box,
    );
  };
  useEffect(() => {
    const watcher = new ResizeObserver(() => {
      const box = place.current;
      if (box === null || plot.current === null) return;
      plot.current.setSize({ width: Math.max(80, box.clientWidth), height: Math.max(60, box.clientHeight) });
    });
    if (place.current !== null) watcher.observe(place.current);
    return () => {
      watcher.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(make, [shape, counts.start]);
  useSignalEffect(() => {
    // The colours are read from the page's tokens, which change with the theme; the axes' words with the language.
    if (theme.value !== null && language.value !== null) requestAnimationFrame(make);
  });
  useEffect(() => plot.current?.setData(shown.current.data), [counts, day]);

  const index = over.value;
  const all = day.down === null ? day.up : [...day.up, day.down];
  const said = words.value.cameras.counts;
  return (
    <div class="counts-chart">
      <div class="counts-plot" ref={place} aria-hidden="true" />
      <p class="counts-over">
        {index === null
          ? [said.unit, day.most === null ? "" : said.most(number(day.most, language.value))]
              .filter((part) => part !== "")
              .join(" · ")
          : `${said.span(...spanOf(counts, index))}: ${all
              .map(
                (bars) =>
                  `${barsTitle(bars).toLowerCase()} ${number(bars.values[index] ?? 0, language.value)}`,
              )
              .join(", ")}`}
      </p>
    </div>
  );
}

function hourOf(at: number, zone: string | undefined): string {
  const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  return new Intl.DateTimeFormat("en-GB", {
    ...(zone === undefined ? {} : { timeZone: zone }),
    ...form,
  }).format(at * 1000);
}

function spanOf(counts: Counts, index: number): [string, string] {
  const zone = city.value?.timezone;
  const from = (counts.start + index * counts.step_ms) / 1000;
  return [hourOf(from, zone), hourOf(from + counts.step_ms / 1000, zone)];
}

/** Bars that stand on one another are drawn as sums, the highest first, so that each lower one covers its part. */
function data(counts: Counts, day: Day): { data: uPlot.AlignedData; order: number[] } {
  const at = Array.from(
    { length: counts.quarters },
    (_, index) => (counts.start + index * counts.step_ms) / 1000,
  );
  const sums: number[][] = [];
  let before: readonly number[] = at.map(() => 0);
  for (const bars of day.up) {
    const sum = at.map((_, index) => (before[index] ?? 0) + (bars.values[index] ?? 0));
    sums.push(sum);
    before = sum;
  }
  const order = sums.map((_, index) => index).reverse();
  const drawn = order.map((index) => sums[index] ?? []);
  if (day.down !== null) {
    order.push(day.up.length);
    drawn.push(day.down.values.map((value) => -value));
  }
  return { data: [at, ...drawn] as uPlot.AlignedData, order };
}
