/** How a camera's picture is: one sign for each sort of trouble, and always the word. */

import { StatusSign } from "../devices/status";
import { words } from "../i18n";
import type { DeviceStatus } from "../live/protocol";
import type { Camera, CameraState } from "./protocol";

export const GROUPS = ["away", "doubt", "waits", "good"] as const;
/** What can be expected of the picture: none, a doubtful one, one soon, a good one. */
export type Group = (typeof GROUPS)[number];

/** The states of cameras, and what else the list says of them: that they detect by themselves, or are not looked at. */
export type Said = CameraState | "own" | "stale";

const GROUP: Readonly<Record<Said, Group>> = {
  unreachable: "away",
  refused: "away",
  broken: "away",
  stale: "away",
  frozen: "doubt",
  dark: "doubt",
  covered: "doubt",
  moved: "doubt",
  blurred: "doubt",
  starting: "waits",
  live: "good",
  own: "good",
};

/** The same shapes as of devices: a crossed ring, a half disc, a dashed ring, a full disc. */
const SIGN: Readonly<Record<Group, DeviceStatus>> = {
  away: "offline",
  doubt: "silent",
  waits: "never",
  good: "online",
};

export const groupOf = (said: Said): Group => GROUP[said];
export const saidOf = (camera: Camera): Said => (camera.silent ? "stale" : camera.state);

export function GroupSign({ group }: { group: Group }) {
  return <StatusSign status={SIGN[group]} />;
}

export function State({ said }: { said: Said }) {
  const { cameras } = words.value;
  const group = groupOf(said);
  return (
    <span class={`device-status camera-state camera-${group}`} title={cameras.stateWhy[said]}>
      <GroupSign group={group} />
      <span>{cameras.state[said]}</span>
    </span>
  );
}
