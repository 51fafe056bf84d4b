/** The list of devices as the page has it: the rows around what is in sight, asked for anew while it is looked at. */

import { batch, effect, signal } from "@preact/signals";
import { loadDevices } from "../live/commands";
import type { Device, DeviceList } from "../live/protocol";
import { view } from "../view";
import { ALL, type Part, type Question, queryOf } from "./ask";

/** How often what is in sight is asked for anew, milliseconds. */
const EVERY = 2_000;

export const question = signal<Question>(ALL);
/** The part that is in sight; the view sets it. */
export const part = signal<Part>({ offset: 0, count: 100 });
/** The newest answer without its rows; null before the first. */
export const listed = signal<Omit<DeviceList, "devices"> | null>(null);
/** Rows by their number in the list. */
export const rows = signal<ReadonlyMap<number, Device>>(new Map());
export const failed = signal(false);
/** The row that the keys act on. */
export const cursor = signal(-1);

let asked = 0;
let answered: Question | null = null;

/** Ask for what is in sight; an answer that another one has overtaken is dropped. */
export async function ask(): Promise<void> {
  const mine = ++asked;
  const wanted = question.peek();
  const here = part.peek();
  try {
    const { devices, ...rest } = await loadDevices(queryOf(wanted, here));
    if (mine !== asked) return;
    batch(() => {
      // Rows of another question, or far from what is in sight, are no longer worth keeping.
      const next = new Map<number, Device>();
      if (answered === wanted) {
        for (const [index, device] of rows.peek()) {
          if (Math.abs(index - here.offset) < 1_000 && index < rest.total) next.set(index, device);
        }
      }
      devices.forEach((device, index) => {
        next.set(here.offset + index, device);
      });
      answered = wanted;
      rows.value = next;
      listed.value = rest;
      failed.value = false;
    });
  } catch {
    if (mine === asked) failed.value = true;
  }
}

/** Ask again and again while the list is looked at. */
export function followDevices(): void {
  effect(() => {
    if (view.value !== "devices") return;
    // Read here, so that another question or part asks at once.
    question.value;
    part.value;
    void ask();
    const timer = setInterval(() => {
      if (!document.hidden) void ask();
    }, EVERY);
    return () => clearInterval(timer);
  });
}

export function change(next: Partial<Question>): void {
  batch(() => {
    question.value = { ...question.value, ...next };
    cursor.value = -1;
  });
}
