/** What a camera's stream does, and what is drawn on its picture, in numbers and words. */

import { language, words } from "../i18n";
import { city, now } from "../live/store";
import { clock, number } from "../shared/format";
import { visible } from "../shared/visible";
import { area } from "./geometry";
import type { Camera } from "./protocol";
import { groupOf, saidOf } from "./state";

/** From this share on the frames that were left out are worth a look. */
const MANY_SKIPPED = 0.2;
/** From this delay on what is seen is late, milliseconds. */
const LATE = 1_000;

export function Stream({ camera }: { camera: Camera }) {
  const { numbers } = words.value.cameras;
  // Of a stream that does not come these are numbers of another hour.
  if (groupOf(saidOf(camera)) === "away") return null;
  const say = (figure: number): string => number(figure, language.value);
  const due = camera.frames.looked + camera.frames.skipped;
  const skipped = due === 0 ? 0 : camera.frames.skipped / due;
  const rate = Math.round(Math.min(camera.rate, 1_000) * 10) / 10;
  const looked = Math.min(rate, camera.target_rate);
  return (
    <section class="panel-part">
      <h3>{numbers.title}</h3>
      <dl class="measures">
        <div class="measure" title={numbers.rateWhy(say(looked), say(rate))}>
          <dt>{numbers.rate}</dt>
          <dd>{numbers.rateOf(say(looked), say(rate))}</dd>
        </div>
        <div class={`measure ${camera.delay_ms >= LATE ? "measure-bad" : ""}`}>
          <dt>{numbers.delay}</dt>
          <dd>{delay(camera.delay_ms)}</dd>
        </div>
        <div class={`measure ${skipped >= MANY_SKIPPED ? "measure-bad" : ""}`} title={numbers.skippedWhy}>
          <dt>{numbers.skipped}</dt>
          <dd>{percent(skipped)}</dd>
        </div>
      </dl>
    </section>
  );
}

function delay(milliseconds: number): string {
  const { time } = words.value;
  return milliseconds < 1_000
    ? `${number(Math.round(milliseconds), language.value)}\u00a0ms`
    : `${number(Math.round(milliseconds / 100) / 10, language.value)}\u00a0${time.seconds}`;
}

export function percent(share: number): string {
  const shown = share * 100;
  const digits = shown === 0 || shown >= 10 ? 0 : 1;
  const locale = language.value === "vi" ? "vi-VN" : "en-GB";
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(shown)}%`;
}

export function ZonesAndLines({ camera, onDraw }: { camera: Camera; onDraw: () => void }) {
  const said = words.value.cameras;
  const { zones, lines, region } = camera.geometry;
  const say = (figure: number): string => number(figure, language.value);
  return (
    <section class="panel-part">
      <h3>
        {said.zones.title}
        <button type="button" class="link part-do" onClick={onDraw}>
          {said.zones.edit}
        </button>
      </h3>
      {zones.length + lines.length === 0 ? <p class="quiet">{said.zones.none}</p> : null}
      <ul class="drawn">
        {zones.map((zone) => {
          const there = camera.zones_now.find((one) => one.zone === zone.zone);
          const more = [
            zone.dwell_s === null ? "" : said.zones.dwell(spell(zone.dwell_s)),
            zone.density ? said.zones.density : "",
          ].filter((part) => part !== "");
          return (
            <li key={`zone ${zone.zone}`}>
              <span class="drawn-sign drawn-zone" aria-hidden="true" />
              <span class="drawn-name">
                {visible(zone.zone)}
                {more.length === 0 ? null : <span class="quiet">{more.join(" · ")}</span>}
              </span>
              {there === undefined ? null : (
                <span class="drawn-now" title={said.now}>
                  <b>{say(there.people)}</b> {said.people.toLowerCase()}
                  {there.vehicles > 0 ? (
                    <>
                      {" "}
                      <b>{say(there.vehicles)}</b> {said.vehicles.toLowerCase()}
                    </>
                  ) : null}
                </span>
              )}
            </li>
          );
        })}
        {lines.map((line) => (
          <li key={`line ${line.line}`}>
            <span class="drawn-sign drawn-line" aria-hidden="true" />
            <span class="drawn-name">
              {visible(line.line)}
              {line.forbidden === "none" ? null : (
                <span class="drawn-forbidden">{said.zones.forbidden[line.forbidden]}</span>
              )}
            </span>
          </li>
        ))}
      </ul>
      {region.length > 0 ? (
        <p class="quiet drawn-region">{said.editor.regionSome(percent(area(region)))}</p>
      ) : null}
    </section>
  );
}

function spell(seconds: number): string {
  const { time } = words.value;
  const say = (figure: number): string => number(figure, language.value);
  return seconds >= 120 && seconds % 60 === 0
    ? `${say(seconds / 60)}\u00a0${time.minutes}`
    : `${say(seconds)}\u00a0${time.seconds}`;
}

export function Facts({ camera }: { camera: Camera }) {
  const said = words.value.cameras;
  const { numbers } = said;
  const analytics: Readonly<Record<string, string>> = said.analytic;
  const say = (figure: number): string => number(figure, language.value);
  const facts: readonly (readonly [string, string])[] = [
    [said.numbers.state, said.since(clock(camera.since, now.value, language.value, city.value?.timezone))],
    [numbers.source, camera.source],
    [numbers.size, camera.width > 0 ? `${camera.width} × ${camera.height}` : ""],
    [numbers.detector, camera.detector],
    [numbers.lookFor, camera.look_for.map((one) => analytics[one] ?? visible(one)).join(", ")],
    [numbers.opened, numbers.times(say(camera.opened))],
    [numbers.refused, camera.frames.refused > 0 ? say(camera.frames.refused) : ""],
  ];
  return (
    <section class="panel-part">
      <dl class="values facts">
        {facts
          .filter(([, shown]) => shown !== "")
          .map(([name, shown]) => (
            <div key={name} class="pair">
              <dt>{name}</dt>
              <dd title={shown}>{visible(shown)}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}
