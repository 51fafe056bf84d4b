/** Whether a camera's numbers mean something. Pure. */

import type { Camera } from "./protocol";

/** It looks for people and vehicles, and sees; where it does not, none counted is not nobody there. */
export function counts(camera: Pick<Camera, "state" | "silent" | "look_for">): boolean {
  const sees = camera.state === "live" || camera.state === "moved" || camera.state === "blurred";
  return sees && !camera.silent && camera.look_for.includes("objects");
}
