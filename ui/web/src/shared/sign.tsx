/** The sign of a severity: colour and shape together, the same in the list, on the map and in print. */

import { words } from "../i18n";
import type { Severity } from "../live/protocol";

/** Outlines in a box of 16, centred; the map draws the same ones. */
export const OUTLINE: Readonly<Record<Severity, string>> = {
  critical: "M8 1.6 15 14 1 14Z",
  major: "M8 0.8 15.2 8 8 15.2 0.8 8Z",
  minor: "M2.2 2.2H13.8V13.8H2.2Z",
  warning: "M1.5 8a6.500 6.500 0 1 0 13 0a6.500 6.500 0 1 0-13 0Z",
  info: "M2.4 8a5.600 5.600 0 1 0 11.200 0a5.600 5.600 0 1 0-11.200 0Z",
};

/** The sign alone; `hollow` where what it stands for is over. */
export function Sign({
  severity,
  size = 14,
  hollow = false,
}: {
  severity: Severity;
  size?: number;
  hollow?: boolean;
}) {
  const outlined = hollow || severity === "info";
  return (
    <svg
      class={`sign sign-${severity}`}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      role="img"
      aria-label={words.value.severity[severity]}
    >
      <path
        d={OUTLINE[severity]}
        fill={outlined ? "none" : "currentColor"}
        stroke="currentColor"
        stroke-width={outlined ? 2 : 1}
        stroke-linejoin="round"
      />
    </svg>
  );
}
