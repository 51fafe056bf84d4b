/** Reads the fields of a form out of a rule's text, and writes one field back without touching the rest. */

import { isMap, isScalar, isSeq, type Pair, parseDocument, Scalar, stringify, type YAMLMap } from "yaml";
import { SEVERITIES, type Severity } from "../live/protocol";
import { RULE_KINDS, type RuleKind } from "./protocol";
import { comparisons, insideOf, type Range, ruleMap } from "./text";

/** One side of a rule of two things at once. */
export interface Side {
  readonly name: string;
  readonly from: readonly string[];
  readonly where: string;
}

/** What the form shows of a rule. An empty text is a field that the rule does not have. */
export interface Form {
  readonly name: string;
  readonly kind: RuleKind | null;
  readonly title: { readonly vi: string; readonly en: string };
  readonly severity: Severity;
  readonly from: readonly string[];
  readonly where: string;
  readonly per: readonly string[];
  /** The plain fields of what is watched for: `raise`, `for`, `after`, `over` and so on. */
  readonly watch: Readonly<Record<string, string>>;
  readonly sides: readonly Side[];
  /** What the rule says and the form cannot: it stays in the text as it is. */
  readonly beyond: readonly string[];
}

/** Why there is no form of a text. */
export type NoForm = "unreadable" | "several";

/** The plain fields of each kind that has a form, in the order in which a rule says them. */
export const WATCHED: Readonly<Partial<Record<RuleKind, readonly string[]>>> = {
  threshold: ["raise", "for", "clear", "clear_for"],
  absence: ["after"],
  window: ["over", "value", "raise", "clear"],
  together: ["within", "near", "clear_after"],
};
export const hasForm = (kind: RuleKind | null): boolean => kind !== null && kind in WATCHED;

/** The order in which a rule's parts are written where one has to be put in. */
const ORDER = ["rule", "title", "note", "tags", "severity", "from", "where", "per", "lateness", "schedule"];
const SHOWN = new Set(["rule", "title", "severity", "from", "where", "per"]);

export function readForm(text: string): Form | NoForm {
  const document = parseDocument(text);
  if (document.errors.length > 0) return "unreadable";
  const rule = ruleMap(document);
  if (rule === null) {
    return isSeq(document.contents) && document.contents.items.length > 1 ? "several" : "unreadable";
  }
  const kind = RULE_KINDS.find((one) => rule.has(one)) ?? null;
  const beyond = keysOf(rule).filter((key) => !SHOWN.has(key) && key !== kind);
  const watch: Record<string, string> = {};
  const sides: Side[] = [];
  const fields = kind === null ? undefined : WATCHED[kind];
  const watched = kind === null ? null : rule.get(kind, true);
  if (kind !== null && fields !== undefined && isMap(watched)) {
    for (const key of keysOf(watched)) {
      const node = watched.get(key, true);
      if (fields.includes(key)) {
        if (isScalar(node)) watch[key] = written(node);
        else beyond.push(`${kind}.${key}`);
      } else if (kind === "together" && isMap(node)) {
        sides.push({ name: key, from: wordsOf(node.get("from", true)), where: scalar(node, "where") });
        for (const other of keysOf(node)) {
          if (other !== "from" && other !== "where") beyond.push(`${kind}.${key}.${other}`);
        }
      } else beyond.push(`${kind}.${key}`);
    }
  }
  const title = rule.get("title", true);
  const severity = scalar(rule, "severity");
  return {
    name: scalar(rule, "rule"),
    kind,
    title: isMap(title)
      ? { vi: scalar(title, "vi"), en: scalar(title, "en") }
      : { vi: isScalar(title) ? written(title) : "", en: isScalar(title) ? written(title) : "" },
    severity: SEVERITIES.find((one) => one === severity) ?? "minor",
    from: wordsOf(rule.get("from", true)),
    where: scalar(rule, "where"),
    per: wordsOf(rule.get("per", true)),
    watch,
    sides,
    beyond,
  };
}

function keysOf(map: YAMLMap): string[] {
  return map.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key)));
}

function written(node: Scalar): string {
  if (node.value === null || node.value === undefined) return "";
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}

function scalar(map: YAMLMap, key: string): string {
  const node = map.get(key, true);
  return isScalar(node) ? written(node) : "";
}

function wordsOf(node: unknown): readonly string[] {
  if (isScalar(node)) {
    const one = written(node);
    return one === "" ? [] : [one];
  }
  return isSeq(node) ? node.items.filter(isScalar).map(written) : [];
}

/**
 * Write one field into a rule's text; null or an empty text takes it out.
 *
 * All else stays as it was, to the character. A text that cannot be read comes back as it was.
 */
export function withField(
  text: string,
  path: readonly string[],
  value: string | readonly string[] | null,
): string {
  const document = parseDocument(text);
  const rule = document.errors.length > 0 ? null : ruleMap(document);
  const key = path.at(-1);
  if (rule === null || key === undefined) return text;
  const parent = path.length === 1 ? rule : rule.getIn(path.slice(0, -1), true);
  const empty = value === null || value.length === 0;
  if (path[0] === "title" && path.length === 2 && !isMap(parent)) {
    if (empty) return text;
    // One text stood for both languages: from now on each has its own.
    const both = isScalar(parent) ? { vi: written(parent), en: written(parent) } : {};
    return withNode(text, rule, "title", flow({ ...both, [key]: value }, true));
  }
  if (!isMap(parent)) return text;
  if (empty) return without(text, parent, key);
  const node = parent.get(key, true);
  if (isScalar(node) && typeof value === "string") {
    const range = insideOf(node);
    const quoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE;
    if (range !== null && (quoted || node.type === Scalar.PLAIN)) {
      const from = quoted ? range.start - 1 : range.start;
      const to = quoted ? range.end + 1 : range.end;
      return text.slice(0, from) + flow(value, node.type === Scalar.QUOTE_DOUBLE) + text.slice(to);
    }
  }
  const one = typeof value !== "string" && value.length === 1 ? value[0] : value;
  return withNode(text, parent, key, flow(one, false));
}

/** A value on one line, so that it may stand anywhere. */
function flow(value: unknown, quoted: boolean): string {
  const shown = stringify([value], {
    collectionStyle: "flow",
    flowCollectionPadding: false,
    lineWidth: 0,
    // Careful of words that other readers take for true or false.
    version: "1.1",
    ...(quoted ? { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" } : {}),
  });
  return shown.trim().slice(1, -1).trim();
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

/** Where a pair begins, and where its value ends without what follows on the line. */
function rangeOf(pair: Pair): Range {
  const key = (pair.key as Scalar).range ?? [0, 0, 0];
  const value = (pair.value as { range?: [number, number, number] | null } | null)?.range;
  return { start: key[0], end: value == null ? key[1] + 1 : Math.max(value[1], key[1] + 1) };
}

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;
/** The beginning of the line after the one that ends a part; a part that ends with its line ends there. */
function afterLine(text: string, end: number): number {
  if (end > 0 && text[end - 1] === "\n") return end;
  const next = text.indexOf("\n", end);
  return next < 0 ? text.length : next + 1;
}

/** Put a value, as it is to be written, under a key: in the place of the old one, or in a new place. */
function withNode(text: string, map: YAMLMap, key: string, value: string): string {
  const pair = pairOf(map, key);
  if (pair !== undefined) {
    const old = rangeOf(pair);
    const colon = text.indexOf(":", ((pair.key as Scalar).range ?? [0, 0, 0])[1]) + 1;
    const tail = text[old.end - 1] === "\n" ? "\n" : "";
    return `${text.slice(0, colon)} ${value}${tail}${text.slice(Math.max(old.end, colon))}`;
  }
  const before = pairBefore(map, key);
  if (map.flow === true) {
    if (before === null) {
      const start = (map.range ?? [0, 0, 0])[0] + 1;
      const rest = map.items.length === 0 ? "" : ", ";
      return `${text.slice(0, start)}${key}: ${value}${rest}${text.slice(start)}`;
    }
    const { end } = rangeOf(before);
    return `${text.slice(0, end)}, ${key}: ${value}${text.slice(end)}`;
  }
  const first = map.items[0];
  if (first === undefined) return text;
  const begins = rangeOf(first).start;
  const indent = " ".repeat(begins - lineStart(text, begins));
  const at = afterLine(text, rangeOf(before ?? first).end);
  const broken = at > 0 && text[at - 1] !== "\n" ? "\n" : "";
  return `${text.slice(0, at)}${broken}${indent}${key}: ${value}\n${text.slice(at)}`;
}

/** The pair after which a key is put in: the last of those that usually stand before it. */
function pairBefore(map: YAMLMap, key: string): Pair | null {
  const order = [ORDER, ...Object.values(WATCHED), ["from", "where"]].find(
    (keys) =>
      keys.includes(key) && map.items.some((pair) => keys.includes(String((pair.key as Scalar).value))),
  );
  const place = order?.indexOf(key) ?? -1;
  const earlier = map.items.filter((pair) => {
    const at = order?.indexOf(String((pair.key as Scalar).value)) ?? -1;
    return at >= 0 && at < place;
  });
  return earlier.at(-1) ?? (place === 0 ? null : (map.items.at(-1) ?? null));
}

function without(text: string, map: YAMLMap, key: string): string {
  const index = map.items.findIndex((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  const pair = map.items[index];
  if (pair === undefined) return text;
  const { start, end } = rangeOf(pair);
  if (map.flow === true) {
    const next = map.items[index + 1];
    const last = map.items[index - 1];
    if (next !== undefined) return text.slice(0, start) + text.slice(rangeOf(next).start);
    if (last !== undefined) return text.slice(0, rangeOf(last).end) + text.slice(end);
    return text.slice(0, start) + text.slice(end);
  }
  // The first pair of a list's item shares its line with the dash.
  if (text.slice(lineStart(text, start), start).trim() !== "") return text;
  return text.slice(0, lineStart(text, start)) + text.slice(afterLine(text, end));
}

/** A measure as a number and its unit: `60 s`; null where it is written otherwise. */
export function readMeasure(text: string): { readonly value: number; readonly unit: string } | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d|m|km)\s*$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined
    ? null
    : { value: Number(match[1]), unit: match[2] };
}

/** A condition of one name, one operator and one number; null for all others. */
export function readSimple(
  text: string,
): { readonly name: string; readonly operator: string; readonly number: string } | null {
  const match = /^\s*([A-Za-z_]\w*)\s*(<=|>=|<>|=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  const [, name, operator, number] = match ?? [];
  return name === undefined || operator === undefined || number === undefined
    ? null
    : { name, operator, number };
}

/** A window's value as its function and what it is of: `mean(noise_db)`; null where it is written otherwise. */
export function readValue(text: string): { readonly of: string; readonly how: string } | null {
  const match = /^\s*([a-z]+)\(\s*(\*|[A-Za-z_]\w*)\s*\)\s*$/.exec(text);
  const [, how, of] = match ?? [];
  return how === undefined || of === undefined ? null : { how, of };
}

/**
 * The limit that would end an alert in time, where the one that is written ends it before it can begin.
 *
 * Both must be simple and about the same: above 60 and ended at 120 or less is over as soon as it holds. `gap` is how
 * far apart the two were before, as a share of the first; null where nothing is wrong.
 */
export function betterClear(raise: string, clear: string, gap = 0.8): number | null {
  const [begins, ends] = [comparisons(raise), comparisons(clear)];
  const [begin, end] = [begins[0], ends[0]];
  if (begins.length !== 1 || ends.length !== 1 || begin === undefined || end === undefined) return null;
  if (begin.name !== end.name || raise.slice(begin.end).trim() !== "" || clear.slice(end.end).trim() !== "") {
    return null;
  }
  const upward = begin.operator.startsWith(">") && end.operator.startsWith("<");
  const downward =
    begin.operator.startsWith("<") && !begin.operator.includes(">") && end.operator.startsWith(">");
  const wrong = (upward && end.value > begin.value) || (downward && end.value < begin.value);
  if (!wrong) return null;
  const share = (upward && gap < 1) || (downward && gap > 1) ? gap : upward ? 0.8 : 1.25;
  const better = begin.value * share;
  return Number.isInteger(begin.value) && Number.isInteger(end.value) && Math.abs(better) >= 10
    ? Math.round(better)
    : Number(better.toPrecision(3));
}
