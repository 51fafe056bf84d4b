/** How often a device speaks: the last hour in small bars, and one figure. */

import { type FirstWords, type Language, language, words } from "../i18n";
import type { Device } from "../live/protocol";
import { number } from "../shared/format";

const BAR = 4;
const STEP = 5;

/** The figure beside the bars: by the minute where that is at least one, else the hour's count. */
export function rateFigure(device: Device, language: Language, words: FirstWords): string {
  if (device.last_hour.length === 0) return "–";
  if (device.events_per_minute >= 1)
    return words.devices.perMinute(number(rounded(device.events_per_minute), language));
  return words.devices.perHour(number(total(device), language));
}

export function total(device: Device): number {
  return device.last_hour.reduce((sum, count) => sum + count, 0);
}

function rounded(rate: number): number {
  return rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10;
}

/** Heights of the bars in pixels; whoever spoke at all is seen. */
export function heights(counts: readonly number[], height: number): number[] {
  const most = Math.max(1, ...counts);
  return counts.map((count) => (count === 0 ? 0 : Math.max(1.5, (count / most) * height)));
}

export function RateBars({ device, height = 16 }: { device: Device; height?: number }) {
  const spoken = words.value.devices.lastHour(number(total(device), language.value));
  if (device.last_hour.length === 0) return null;
  return (
    <svg
      class="rate-bars"
      width={12 * STEP - 1}
      height={height + 1}
      viewBox={`0 0 ${12 * STEP - 1} ${height + 1}`}
      role="img"
      aria-label={spoken}
    >
      <title>{spoken}</title>
      <path class="rate-base" d={`M0 ${height + 0.5}H${12 * STEP - 1}`} />
      {heights(device.last_hour, height).map((tall, index) => (
        <rect key={index} x={index * STEP} y={height - tall} width={BAR} height={tall} />
      ))}
    </svg>
  );
}

export function Rate({ device }: { device: Device }) {
  return (
    <span class="rate">
      <RateBars device={device} />
      <span class="rate-figure">{rateFigure(device, language.value, words.value)}</span>
    </span>
  );
}
