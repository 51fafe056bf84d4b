/** Changes one number in a rule's text and leaves every other character as its author wrote it. */

import { type Document, isMap, isScalar, isSeq, parseDocument, Scalar, type YAMLMap } from "yaml";

/** A place in a text, in characters from its start. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A number that something is compared with. */
export interface Compared extends Range {
  readonly value: number;
  /** As it is written: `>=`; `between` for both ends of one. */
  readonly operator: string;
  /** What stands before the operator, where it is a plain name. */
  readonly name: string | null;
}

const NUMBER = String.raw`-?\d+(?:\.\d+)?`;
// Texts in quotes first, so that a number within one is never taken for a limit.
const COMPARISON = new RegExp(
  String.raw`'(?:[^']|'')*'|\b(between)\s+(${NUMBER})\s+and\s+(${NUMBER})|(?:\b([A-Za-z_][\w.]*)\s*)?(<=|>=|<>|!=|=|<|>)\s*(${NUMBER})(?![\w.(])`,
  "gi",
);

/** The numbers that an expression compares with, in their order. */
export function comparisons(expression: string): Compared[] {
  const found: Compared[] = [];
  for (const match of expression.matchAll(COMPARISON)) {
    const [whole, between, low, high, name, operator, number] = match;
    const end = match.index + whole.length;
    if (operator !== undefined && number !== undefined) {
      found.push({ start: end - number.length, end, value: Number(number), operator, name: name ?? null });
    } else if (between !== undefined && low !== undefined && high !== undefined) {
      const start = match.index + whole.indexOf(low, between.length);
      found.push({ start, end: start + low.length, value: Number(low), operator: "between", name: null });
      found.push({ start: end - high.length, end, value: Number(high), operator: "between", name: null });
    }
  }
  return found;
}

/** A number as a person would write it: whole, or with six digits that count, and never with an exponent. */
export function plain(value: number): string {
  const short = Number.isInteger(value) ? value : Number(value.toPrecision(6));
  const written = String(short);
  return written.includes("e-") ? short.toFixed(9).replace(/\.?0+$/, "") : written;
}

/** The rule in a text of one rule, written as a list of one or by itself; null where it is something else. */
export function ruleMap(document: Document): YAMLMap | null {
  const top = document.contents;
  if (isMap(top)) return top;
  if (!isSeq(top) || top.items.length !== 1) return null;
  const only = top.items[0];
  return isMap(only) ? only : null;
}

/** How many rules a text holds; 0 where it cannot be read. */
export function ruleCount(text: string): number {
  const document = parseDocument(text);
  if (document.errors.length > 0) return 0;
  const top = document.contents;
  return isMap(top) ? 1 : isSeq(top) ? top.items.length : 0;
}

/** Where a scalar's own characters stand, without the quotes around them. */
export function insideOf(node: Scalar): Range | null {
  if (node.range == null) return null;
  const quoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE;
  const [start, end] = node.range;
  return quoted ? { start: start + 1, end: end - 1 } : { start, end };
}

/**
 * Set a number of a rule.
 *
 * `param` is the way to it: `threshold.raise` is the number that `raise` compares with, `threshold.for` the one
 * before the unit. Where an expression compares with several, `was` says which is meant, else it is the first. A
 * text in which there is no such number comes back as it was.
 */
export function withNumber(text: string, param: string, value: number, was?: number): string {
  const range = numberRange(text, param, was);
  return range === null ? text : text.slice(0, range.start) + plain(value) + text.slice(range.end);
}

/** Where a number stands in the text. */
export function numberRange(text: string, param: string, was?: number): Range | null {
  const document = parseDocument(text);
  const node = ruleMap(document)?.getIn(param.split("."), true);
  if (!isScalar(node)) return null;
  const inside = insideOf(node);
  if (inside === null) return null;
  const source = text.slice(inside.start, inside.end);
  const all = comparisons(source);
  const meant = all.find((one) => one.value === was) ?? all[0];
  if (meant !== undefined) return { start: inside.start + meant.start, end: inside.start + meant.end };
  const leading = new RegExp(`^\\s*(${NUMBER})`).exec(source);
  if (leading?.[1] === undefined) return null;
  const start = inside.start + leading[0].length - leading[1].length;
  return { start, end: start + leading[1].length };
}
