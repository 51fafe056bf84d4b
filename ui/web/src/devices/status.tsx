/** The sign and the word of a device's status: never the colour alone. */

import { words } from "../i18n";
import type { DeviceStatus } from "../live/protocol";

/** Drawn in a box of 16: a full disc, a crossed ring, a half disc, an empty dashed ring. */
export function StatusSign({ status }: { status: DeviceStatus }) {
  return (
    <svg class={`device-sign device-${status}`} width={14} height={14} viewBox="0 0 16 16" aria-hidden="true">
      {status === "online" ? <circle cx="8" cy="8" r="4.500" fill="currentColor" /> : null}
      {status === "offline" ? (
        <>
          <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.75" />
          <path d="m5.600 5.600 4.800 4.800m0-4.800-4.800 4.800" stroke="currentColor" stroke-width="1.75" />
        </>
      ) : null}
      {status === "silent" ? (
        <>
          <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.75" />
          <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
        </>
      ) : null}
      {status === "never" ? (
        <circle
          cx="8"
          cy="8"
          r="6"
          fill="none"
          stroke="currentColor"
          stroke-width="1.75"
          stroke-dasharray="3 2.700"
        />
      ) : null}
    </svg>
  );
}

export function Status({ status }: { status: DeviceStatus }) {
  const { devices } = words.value;
  return (
    <span class={`device-status device-${status}`} title={devices.statusWhy[status]}>
      <StatusSign status={status} />
      <span>{devices.status[status]}</span>
    </span>
  );
}
