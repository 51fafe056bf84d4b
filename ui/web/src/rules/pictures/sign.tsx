/** The sign of what becomes of an alert: colour, fill and stroke together, the same on the time line and on the map. */

import type { Change } from "../protocol";
import { FULL, STROKE } from "./sign-outline";

export function ChangeSign({ change, size = 14 }: { change: Change; size?: number }) {
  return (
    <svg
      class={`change-sign change-${change}`}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      aria-hidden="true"
    >
      <rect
        x="1.5"
        y="1.5"
        width="13"
        height="13"
        rx={change === "moved" ? 6.5 : 3}
        fill={FULL[change] ? "currentColor" : "none"}
        stroke="currentColor"
        stroke-width="1.5"
      />
      <path
        d={STROKE[change]}
        stroke={FULL[change] ? "var(--surface)" : "currentColor"}
        stroke-width="2"
        stroke-linecap="round"
      />
    </svg>
  );
}
