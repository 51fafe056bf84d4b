/** Changes the draft by its parts: a number, a field of the form. */

import { withField } from "./form";
import { draft, setText } from "./store";
import { withNumber } from "./text";

/**
 * Set a number of the draft and leave all else in it as it is.
 *
 * `param` as in `checkedRule.numbers` and in the histogram's lines: `threshold.raise`. Where an expression has
 * several numbers, `was` is the one that is meant.
 */
export function setNumber(param: string, value: number, was?: number): void {
  setText(withNumber(draft.peek(), param, value, was));
}

/** Write a field of the draft; empty takes it out. */
export function setField(path: readonly string[], value: string | readonly string[] | null): void {
  setText(withField(draft.peek(), path, value));
}
