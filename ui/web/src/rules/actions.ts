/** What an author does in the view of rules, whether by key or by pointer. */

import { computed, signal } from "@preact/signals";
import { language } from "../i18n";
import { fold } from "../shared/fold";
import { openedRule } from "../view";
import { hasForm } from "./form";
import type { RuleEntry } from "./protocol";
import { list } from "./store";
import { ruleTitle } from "./titles";

export const looked = signal("");

/** The rules as the list shows them: what cannot be read first, then by title. */
export const shown = computed<readonly RuleEntry[]>(() => {
  const words = fold(looked.value).split(" ");
  const tongue = language.value;
  const order = (rule: RuleEntry): number => (rule.state === "broken" ? 0 : 1);
  return (
    (list.value?.rules ?? [])
      // By the first word that is there: what stands open at the beginning sorts nothing.
      .map((rule) => ({ rule, title: ruleTitle(rule, tongue).replace(/^…\s*/, "") }))
      .filter(({ rule, title }) => {
        const text = fold(`${title} ${rule.name} ${rule.kind ?? ""} ${rule.from.join(" ")}`);
        return words.every((word) => text.includes(word));
      })
      .sort(
        (one, other) => order(one.rule) - order(other.rule) || one.title.localeCompare(other.title, tongue),
      )
      .map(({ rule }) => rule)
  );
});

/** Which part of the open rule is shown. */
export type Tab = "form" | "text" | "history";
export const tab = signal<Tab>("form");

/** A place in the text that the editor is asked to go to; a new object each time. */
export const goTo = signal<{ readonly line: number; readonly column: number } | null>(null);

/** Show where a mistake is. */
export function showMistake(line: number | null, column: number | null): void {
  tab.value = "text";
  goTo.value = { line: line ?? 1, column: column ?? 1 };
}

/** Open the rule after or before the open one, as the list shows them. */
export function stepRule(by: 1 | -1): void {
  const rules = shown.value;
  const here = rules.findIndex((rule) => rule.name === openedRule.value);
  const next = rules[here < 0 ? 0 : Math.min(rules.length - 1, Math.max(0, here + by))];
  if (next === undefined) return;
  openedRule.value = next.name;
  requestAnimationFrame(() => {
    document.getElementById(`rule-${next.name}`)?.scrollIntoView({ block: "nearest" });
  });
}

/** Go into the open rule, to the first thing that can be changed. */
export function takeUp(): void {
  const body = document.querySelector(".rules-body");
  const first = [".number-main input", ".number input", ".cm-content", "button"];
  for (const one of first) {
    const found = body?.querySelector<HTMLElement>(one);
    if (found == null) continue;
    found.focus();
    return;
  }
}

/** Go back from the open rule to the list; says whether the focus was in the rule. */
export function putDown(): boolean {
  if (document.activeElement?.closest(".rules-editor") == null) return false;
  document.getElementById("rules")?.focus();
  return true;
}

/** The rule that is worth a look where none has been chosen: the one that speaks most and has a number to change. */
export function worthALook(rules: readonly RuleEntry[]): string | null {
  const able = rules.filter((rule) => rule.state !== "broken");
  const best = [...able].sort(
    (one, other) =>
      Number(hasForm(other.kind)) - Number(hasForm(one.kind)) ||
      Number(other.kind === "threshold") - Number(one.kind === "threshold") ||
      other.alerts_24h - one.alerts_24h,
  );
  return best[0]?.name ?? rules[0]?.name ?? null;
}
