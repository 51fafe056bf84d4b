/** The bottom line: the last hour at a glance, with the figures beside the lines. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { language, words } from "../i18n";
import { eventsPerSecond, incidents, lateness, now, sampled } from "../live/store";
import { byMinute, MINUTE } from "../live/trend";
import { number, roughAge, seconds } from "../shared/format";
import { Icon } from "../shared/icon";
import { recall, remember } from "../shared/memory";
import { theme } from "../state";

export function Strip() {
  const shown = useSignal(recall("strip") !== "hidden");
  const toggle = (): void => {
    shown.value = !shown.value;
    remember("strip", shown.value ? "shown" : "hidden");
  };
  return (
    <section class={`strip ${shown.value ? "" : "strip-hidden"}`} aria-label={words.value.strip.label}>
      {shown.value ? (
        <>
          <Incidents />
          <Line kind="rate" />
          <Line kind="late" />
        </>
      ) : null}
      <button
        type="button"
        class="tool strip-toggle"
        aria-expanded={shown.value}
        aria-label={shown.value ? words.value.strip.hide : words.value.strip.show}
        title={shown.value ? words.value.strip.hide : words.value.strip.show}
        onClick={toggle}
      >
        <Icon name={shown.value ? "down" : "up"} size={14} />
      </button>
    </section>
  );
}

function Incidents() {
  const { strip } = words.value;
  const minute = useComputed(() => Math.floor(now.value / MINUTE));
  const bins = useComputed(() => {
    const at = minute.value * MINUTE;
    return byMinute(
      [...incidents.value.values()].map((incident) => incident.raised_at),
      at,
    );
  });
  const most = Math.max(0, ...bins.value.count);
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-name">{strip.incidents}</span>
        <span class="chart-value">{bins.value.count.at(-1) ?? 0}</span>
        <span class="quiet">
          {strip.hour} · {strip.peak(number(most, language.value))}
        </span>
      </figcaption>
      <Plot data={[bins.value.at.map((at) => at / 1000), bins.value.count]} bars top={Math.max(4, most)} />
    </figure>
  );
}

function Line({ kind }: { kind: "rate" | "late" }) {
  const { strip } = words.value;
  const trend = kind === "rate" ? eventsPerSecond : lateness;
  // Read so that the chart follows the samples.
  const sample = sampled.value;
  const latest = trend.values.at(-1) ?? null;
  const first = trend.at[0];
  const last = trend.at.at(-1);
  const span = first === undefined || last === undefined ? 0 : last - first;
  const figure =
    latest === null
      ? "–"
      : kind === "rate"
        ? number(Math.round(latest), language.value)
        : seconds(latest, language.value, words.value);
  const known = trend.values.filter((one): one is number => one !== null);
  const top = kind === "rate" ? Math.max(10, ...known) * 1.3 : Math.max(2, ...known);
  return (
    <figure class="chart" data-sample={sample}>
      <figcaption>
        <span class="chart-name">{kind === "rate" ? strip.rate : strip.late}</span>
        <span class="chart-value">{figure}</span>
        <span class="quiet">
          {known.length === 0 ? strip.nothing : strip.seen(roughAge(Math.max(span, 1000), words.value))}
        </span>
      </figcaption>
      <Plot data={[trend.at.map((at) => at / 1000), [...trend.values]]} top={top} />
    </figure>
  );
}

interface PlotProps {
  readonly data: [number[], (number | null)[]];
  readonly bars?: boolean;
  /** The upper end of the scale; the lower is zero. */
  readonly top: number;
}

/** A small chart on a baseline: no axes, no grid, no legend. */
function Plot({ data, bars = false, top }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const limit = useRef(top);
  limit.current = top;

  const make = (): void => {
    if (place.current === null) return;
    plot.current?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = style.getPropertyValue(bars ? "--chart-bars" : "--chart-line").trim();
    const fill = style.getPropertyValue("--chart-fill").trim();
    plot.current = new uPlot(
      {
        width: Math.max(40, place.current.clientWidth),
        height: Math.max(20, place.current.clientHeight),
        padding: [4, 0, 1, 0],
        cursor: { show: false },
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { x: { time: false }, y: { range: () => [0, limit.current * 1.1] } },
        series: [
          {},
          bars
            ? { stroke: colour, fill: colour, width: 0, points: { show: false }, ...paths() }
            : { stroke: colour, fill, width: 1.25, points: { show: false } },
        ],
      },
      data as uPlot.AlignedData,
      place.current,
    );
  };
  useEffect(() => {
    make();
    const watcher = new ResizeObserver(() => {
      if (place.current === null || plot.current === null) return;
      plot.current.setSize({
        width: Math.max(40, place.current.clientWidth),
        height: Math.max(20, place.current.clientHeight),
      });
    });
    if (place.current !== null) watcher.observe(place.current);
    return () => {
      watcher.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useSignalEffect(() => {
    // The colours are read from the page's tokens, which change with the theme.
    if (theme.value !== null) requestAnimationFrame(make);
  });
  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data]);
  return <div class="plot" ref={place} aria-hidden="true" />;
}

function paths(): Pick<uPlot.Series, "paths"> {
  const bars = uPlot.paths.bars?.({ size: [0.7, 12], align: 1 });
  return bars === undefined ? {} : { paths: bars };
}
