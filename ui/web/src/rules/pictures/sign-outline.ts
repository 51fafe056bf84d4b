/** The outlines of what becomes of an alert, in a box of 16; the time line, the lists and the map draw the same ones. */

import type { Change } from "../protocol";

export const STROKE: Readonly<Record<Change, string>> = {
  added: "M8 4.5V11.5M4.5 8H11.5",
  gone: "M4.5 8H11.5",
  moved: "M4 8H12M6.2 5.8L4 8L6.2 10.2M9.8 5.8L12 8L9.8 10.2",
  same: "M5 6.5H11M5 9.5H11",
};

/** Those that will be there are full, those that will not are hollow. */
export const FULL: Readonly<Record<Change, boolean>> = { added: true, gone: false, moved: true, same: false };
