/** Loads the view of rules when it is first looked at: whoever looks at the map does not wait for an editor. */

import { effect, signal } from "@preact/signals";
import { view } from "../view";

type Room = typeof import("./rules");

/** The view's parts; null until they have come. */
export const room = signal<Room | null>(null);
/** They could not be loaded. */
export const shut = signal(false);

/** Load the view and let it follow the city from the first look at it on; to be called once. */
export function followDoor(): void {
  let asked = false;
  effect(() => {
    if (view.value !== "rules" || asked) return;
    asked = true;
    import("./rules").then(
      (loaded) => {
        loaded.followRules();
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
