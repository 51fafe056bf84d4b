/** What operators would have had to bear, as the rule is in force and as it is drafted, against what one can take. */

import { language, words } from "../../i18n";
import { number } from "../../shared/format";
import type { Load as Measured } from "../protocol";
import { percent } from "./say";

type Measure = Exclude<keyof Measured, "floods">;

/**
 * What one operator can take, from all rules together: about one alarm in ten minutes, no ten of them in ten minutes,
 * and hardly any time in flood (ISA-18.2 and EEMUA 191).
 */
const LIMITS: Readonly<Partial<Record<Measure, number>>> = {
  per_hour: 6,
  peak_10_min: 10,
  share_of_flood_time: 0.01,
};
const ROWS = ["alerts", "incidents", "per_hour", "peak_10_min", "share_of_flood_time"] as const;

export function Load({ before, after }: { before: Measured; after: Measured }) {
  const { pictures } = words.value;
  return (
    <section class="what-if-load" aria-label={pictures.load.title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{pictures.load.title}</th>
            <th scope="col" class="load-figure">
              {pictures.inForce}
            </th>
            <th scope="col" class="load-figure">
              {pictures.draft}
            </th>
            <th scope="col">
              <span class="hidden">{pictures.load.limit("")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {ROWS.map((row) => (
            <Row key={row} row={row} before={before[row]} after={after[row]} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ row, before, after }: { row: Measure; before: number; after: number }) {
  const { load } = words.value.pictures;
  const limit = LIMITS[row];
  const over = limit !== undefined && after > limit;
  const say = (value: number): string =>
    row === "share_of_flood_time" ? percent(value, language.value) : number(value, language.value);
  return (
    <tr title={load.why[row]}>
      <th scope="row">{load[row]}</th>
      <td class="load-figure quiet">{say(before)}</td>
      <td class={`load-figure ${over ? "load-over" : ""}`}>
        {over ? (
          <span class="load-sign" role="img" aria-label={load.over}>
            ▲
          </span>
        ) : null}
        {say(after)}
      </td>
      <td class="load-bars">
        <div>
          <Bars before={before} after={after} limit={limit} over={over} />
          <span class="load-most" title={limit === undefined ? undefined : load.limit(say(limit))}>
            {limit === undefined ? "" : `≤ ${say(limit)}`}
          </span>
        </div>
      </td>
    </tr>
  );
}

/** Two bars from zero, and the limit as a tick. */
function Bars({
  before,
  after,
  limit,
  over,
}: {
  before: number;
  after: number;
  limit: number | undefined;
  over: boolean;
}) {
  const most = Math.max(before, after, (limit ?? 0) * 1.1, 1e-9);
  const share = (value: number): string => `${(value / most) * 100}%`;
  return (
    <div class="load-track" aria-hidden="true">
      <span class="load-before" style={{ width: share(before) }} />
      <span class={`load-after ${over ? "load-after-over" : ""}`} style={{ width: share(after) }} />
      {limit === undefined ? null : <span class="load-limit" style={{ left: share(limit) }} />}
    </div>
  );
}
