/** Zones, lines, the region and what is seen, drawn over a picture; each colour with a dark rim, for any picture beneath. */

import { language, words } from "../i18n";
import { number } from "../shared/format";
import { visible } from "../shared/visible";
import { type Shape, same } from "./drawing";
import { type Extent, type Geometry, type Line, labelPlace, middle, type Point, wayIn } from "./geometry";
import type { Camera, Seen } from "./protocol";

export const labelWord = (label: string): string => {
  const known: Readonly<Record<string, string>> = words.value.cameras.label;
  return known[label] ?? visible(label);
};

const on = ([x, y]: Point, extent: Extent): Point => [x * extent.width, y * extent.height];
const written = (points: readonly Point[], extent: Extent): string =>
  points
    .map((point) =>
      on(point, extent)
        .map((side) => side.toFixed(1))
        .join(","),
    )
    .join(" ");

interface ShapesProps {
  readonly geometry: Geometry;
  readonly extent: Extent;
  readonly chosen?: Shape | null;
  readonly zonesNow?: Camera["zones_now"];
}

/** What is drawn on the picture; an `svg`'s content. */
export function Shapes({ geometry, extent, chosen = null }: ShapesProps) {
  const { region } = geometry;
  return (
    <>
      {region.length === 0 ? null : (
        <g class={`over-region ${chosen?.kind === "region" ? "over-chosen" : ""}`}>
          <path
            class="over-outside"
            fill-rule="evenodd"
            d={`M0 0H${extent.width}V${extent.height}H0ZM${written(region, extent)}Z`}
          />
          <polygon class="over-rim" points={written(region, extent)} />
          <polygon class="over-edge" points={written(region, extent)} />
        </g>
      )}
      {geometry.zones.map((zone, index) => (
        <g key={index} class={`over-zone ${same(chosen, { kind: "zone", index }) ? "over-chosen" : ""}`}>
          <polygon class="over-rim" points={written(zone.polygon, extent)} />
          <polygon class="over-edge" points={written(zone.polygon, extent)} />
        </g>
      ))}
      {geometry.lines.map((line, index) => (
        <LineDrawn key={index} line={line} extent={extent} chosen={same(chosen, { kind: "line", index })} />
      ))}
    </>
  );
}

/** How long the arrows of a line are, pixels. */
const ARROW = 24;

function LineDrawn({ line, extent, chosen }: { line: Line; extent: Extent; chosen: boolean }) {
  const [from, to] = [on(line.from, extent), on(line.to, extent)];
  const forbids = (way: "in" | "out"): boolean => line.forbidden === way || line.forbidden === "both";
  return (
    <g class={`over-line ${chosen ? "over-chosen" : ""}`}>
      <line class="over-rim" x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />
      <line class="over-edge" x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />
      <Arrow line={line} extent={extent} way={1} forbidden={forbids("in")} />
      {forbids("out") ? <Arrow line={line} extent={extent} way={-1} forbidden /> : null}
    </g>
  );
}

/** An arrow over the middle of a line; with a sign of no entry at its tip where nobody is to go that way. */
function Arrow({
  line,
  extent,
  way,
  forbidden,
}: {
  line: Line;
  extent: Extent;
  way: 1 | -1;
  forbidden: boolean;
}) {
  const [mx, my] = on(middle(line.from, line.to), extent);
  const [dx, dy] = wayIn(line.from, line.to, extent).map((part) => part * way) as [number, number];
  const [tx, ty] = [mx + dx * ARROW, my + dy * ARROW];
  const turn = (Math.atan2(dy, dx) * 180) / Math.PI;
  const shaft = `M${mx} ${my}L${tx} ${ty}`;
  return (
    <g class={forbidden ? "over-forbidden" : "over-way"}>
      <path class="over-rim" d={shaft} />
      <path class="over-edge" d={shaft} />
      {forbidden ? (
        <g transform={`translate(${tx} ${ty})`}>
          <circle class="over-stop" r="8" />
          <path class="over-bar" d="M-4.500 0H4.500" />
        </g>
      ) : (
        <path class="over-head" transform={`translate(${tx} ${ty}) rotate(${turn})`} d="M5 0-5-6-2 0-5 6Z" />
      )}
    </g>
  );
}

/** The names of what is drawn, as text that keeps its size. */
export function ShapeNames({ geometry, extent, zonesNow = [] }: ShapesProps) {
  const { cameras } = words.value;
  return (
    <>
      {geometry.zones.map((zone, index) => {
        const now = zonesNow.find((one) => one.zone === zone.zone);
        const [x, y] = on(labelPlace(zone.polygon), extent);
        return (
          <span
            key={index}
            class="over-name"
            style={{ transform: `translate(${x}px, ${y}px) translate(-50%, -50%)` }}
          >
            {visible(zone.zone)}
            {now === undefined ? null : <b>{number(now.people + now.vehicles, language.value)}</b>}
          </span>
        );
      })}
      {geometry.lines.map((line, index) => {
        return (
          <span key={index} class="over-name over-name-line" style={{ transform: beside(line, extent) }}>
            {visible(line.line)}
            {line.forbidden === "none" ? null : <i>{cameras.zones.forbidden[line.forbidden]}</i>}
          </span>
        );
      })}
    </>
  );
}

/** About how wide a letter of a name is, and what is around it, pixels. */
const LETTER = 6.8;
const AROUND = 26;

/** The place of a line's name: beyond the end that has more room, else under it; out of the arrows' way. */
function beside(line: Line, extent: Extent): string {
  const ends = [on(line.from, extent), on(line.to, extent)].sort((a, b) => a[0] - b[0]);
  const [[lx, ly], [rx, ry]] = ends as [Point, Point];
  const [before, after] = [lx, extent.width - rx];
  const said = `${line.line}${words.value.cameras.zones.forbidden[line.forbidden]}`;
  if (Math.max(before, after) < said.length * LETTER + AROUND)
    return `translate(${lx}px, ${ly}px) translate(0, 6px)`;
  return after >= before
    ? `translate(${rx + 8}px, ${ry}px) translate(0, -50%)`
    : `translate(${lx - 8}px, ${ly}px) translate(-100%, -50%)`;
}

/** What is seen now: boxes, each with what it is and how sure that is. */
export function SeenBoxes({ seen, extent }: { seen: readonly Seen[]; extent: Extent }) {
  return (
    <svg class="over" width={extent.width} height={extent.height} aria-hidden="true">
      {seen.map((one, index) => {
        const [left, top, right, bottom] = one.box;
        const box = {
          x: left * extent.width,
          y: top * extent.height,
          width: (right - left) * extent.width,
          height: (bottom - top) * extent.height,
        };
        return (
          <g key={one.track || index} class="over-seen">
            <rect class="over-rim" {...box} rx="2" />
            <rect class="over-edge" {...box} rx="2" />
          </g>
        );
      })}
    </svg>
  );
}

/** Room that what is seen is given to be named, pixels. */
const LABEL = 96;

export function SeenNames({ seen, extent }: { seen: readonly Seen[]; extent: Extent }) {
  return (
    <>
      {seen.map((one, index) => {
        const [left, top, right] = one.box;
        // Above the box; inside it where there is no room above. At the picture's right edge it ends where the box does.
        const up = top * extent.height > 18 ? "-100%" : "0";
        const last = extent.width - left * extent.width < LABEL;
        const x = (last ? right : left) * extent.width;
        const at = `translate(${x}px, ${top * extent.height}px) translate(${last ? "-100%" : "0"}, ${up})`;
        return (
          <span key={one.track || index} class="over-label" style={{ transform: at }}>
            {labelWord(one.label)}
            {one.score > 0 ? <b>{Math.round(one.score * 100)}%</b> : null}
          </span>
        );
      })}
    </>
  );
}
