/** Loads the view of cameras when it is first looked at, and follows the states that the map shows too. */

import { effect, signal } from "@preact/signals";
import { view } from "../view";
import { followCameras } from "./statuses";

type Room = typeof import("./cameras");

/** The view's parts; null until they have come. */
export const room = signal<Room | null>(null);
/** They could not be loaded. */
export const shut = signal(false);

/** Follow the cameras from now on, and load their view with the first look at it; to be called once. */
export function followCameraDoor(): void {
  followCameras();
  let asked = false;
  effect(() => {
    if (view.value !== "cameras" || asked) return;
    asked = true;
    import("./cameras").then(
      (loaded) => {
        shut.value = false;
        room.value = loaded;
      },
      () => {
        asked = false;
        shut.value = true;
      },
    );
  });
}
