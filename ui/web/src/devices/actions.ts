/** What an operator does in the list of devices, whether by key or by pointer. */

import { chooseAsset } from "../actions";
import { openedDevice, show } from "../view";
import { cursor, listed, rows } from "./store";

/** Bring a row into sight; the table says how. */
export const reveal: { current: (index: number) => void } = { current: () => {} };

/** Move the cursor by rows; the panel follows where it is open. */
export function stepDevice(by: 1 | -1): void {
  const count = listed.value?.total ?? 0;
  if (count === 0) return;
  const next = Math.min(count - 1, Math.max(0, cursor.value + by));
  cursor.value = next;
  reveal.current(next);
  const id = rows.value.get(next)?.id;
  if (openedDevice.value !== null && id !== undefined) openedDevice.value = id;
}

export function openDevice(index: number): void {
  const id = rows.value.get(index)?.id;
  if (id === undefined) return;
  cursor.value = index;
  openedDevice.value = id;
}

/** Go to a device on the map: the open one, else the one under the cursor. */
export function goToDevice(): void {
  const id = openedDevice.value ?? rows.value.get(cursor.value)?.id;
  if (id !== undefined) deviceOnMap(id);
}

export function deviceOnMap(id: string): void {
  show("map");
  chooseAsset(id, true);
}
