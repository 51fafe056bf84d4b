/** What may be written at a place in a rule: keys, words, quantities, functions. */

import { KINDS } from "../live/protocol";
import type { Place } from "./place";
import { RULE_KINDS, type RuleWords } from "./protocol";

export interface Offer {
  readonly label: string;
  readonly detail: string;
  readonly help: string;
  readonly kind: "key" | "word" | "quantity" | "function" | "column";
  /** What is written, where it is more than the label. */
  readonly writes?: string;
}

/** Keys that every kind of rule may have. */
const COMMON = [
  "rule",
  "title",
  "severity",
  "from",
  "where",
  "per",
  "lateness",
  "schedule",
  "cooldown",
  "group",
  "inhibit",
  "storm",
  "shadow",
  "note",
  "tags",
];
const NAMES = new Set(["rule", "title", "vi", "en", "note", "tags"]);
const MEASURES = new Set([
  "for",
  "clear_for",
  "over",
  "within",
  "near",
  "after",
  "clear_after",
  "lateness",
  "cooldown",
  "gone_after",
]);
const PER = ["asset", "zone", "site", "area"];

/** Pick a text of two languages, or of one. */
function said(text: unknown, language: "vi" | "en"): string {
  if (typeof text === "string") return text;
  const both = text as { vi?: string; en?: string } | null | undefined;
  return both?.[language] ?? both?.vi ?? both?.en ?? "";
}

/** Names out of what the server lists: plain ones, or things that have one. */
export function namesOf(listed: unknown): string[] {
  if (Array.isArray(listed)) {
    return listed
      .map((one: unknown) =>
        typeof one === "string"
          ? one
          : ((one as { name?: string; id?: string }).name ?? (one as { id?: string }).id),
      )
      .filter((one): one is string => typeof one === "string");
  }
  return listed !== null && typeof listed === "object" ? Object.keys(listed) : [];
}

const word = (label: string, detail = ""): Offer => ({ label, detail, help: "", kind: "word" });
const key = (label: string): Offer => ({ label, detail: "", help: "", kind: "key", writes: `${label}: ` });

/** Everything that fits a place; whoever asks narrows it by what has been begun. */
export function offers(place: Place, words: RuleWords, language: "vi" | "en"): Offer[] {
  if (place.of === null) return keysAt(place, words).map(key);
  if (place.of === "severity") return words.severities.map((one) => word(one));
  if (place.of === "from") return [...KINDS, "any"].map((one) => word(one));
  if (place.of === "per" || place.of === "same" || place.of === "by") {
    return [...new Set([...PER, ...namesOf(words.columns)])].map((one) => word(one));
  }
  if (NAMES.has(place.of) || MEASURES.has(place.of)) return [];
  return inExpression(words, language);
}

function keysAt({ path }: Place, words: RuleWords): readonly string[] {
  const kinds = words.kinds.length > 0 ? words.kinds : RULE_KINDS;
  const [top] = path;
  if (top === undefined) return [...new Set([...COMMON, ...kinds])];
  if (top === "title") return ["vi", "en"];
  if (path.length === 1 && kinds.includes(top)) {
    const common = new Set([...COMMON, ...kinds]);
    return (words.rule_keys[top] ?? []).filter(
      (one) => !common.has(one) || one === "from" || one === "where",
    );
  }
  return path.length > 1 ? ["from", "where"] : (words.rule_keys[top] ?? []);
}

function inExpression(words: RuleWords, language: "vi" | "en"): Offer[] {
  const quantities = Object.entries(words.quantities).map(
    ([name, quantity]): Offer => ({
      label: name,
      detail: [said(quantity.title, language), quantity.unit].filter(Boolean).join(", "),
      help: "",
      kind: "quantity",
    }),
  );
  const functions = words.functions.map(
    (one): Offer => ({
      label: `${one.name}(${takes(one.takes)})`,
      detail: said(one.gives, language),
      help: said(one.help, language),
      kind: "function",
      writes: `${one.name}(`,
    }),
  );
  const columns = namesOf(words.columns).map(
    (one): Offer => ({ label: one, detail: "", help: "", kind: "column" }),
  );
  const places = namesOf(words.zones).map(
    (one): Offer => ({ label: `'${one}'`, detail: "", help: "", kind: "word" }),
  );
  return [...quantities, ...columns, ...functions, ...places];
}

function takes(given: unknown): string {
  if (Array.isArray(given))
    return given.map((one) => (typeof one === "string" ? one : (namesOf([one])[0] ?? ""))).join(", ");
  return typeof given === "string" ? given : "";
}
