/** What an author does in the view of rules, whether by key or by pointer. */

import { openedRule } from "../view";
import { list } from "./store";

/** Open the rule after or before the open one, as the list has them. */
export function stepRule(by: 1 | -1): void {
  const rules = list.value?.rules ?? [];
  const here = rules.findIndex((rule) => rule.name === openedRule.value);
  const next = rules[here < 0 ? 0 : Math.min(rules.length - 1, Math.max(0, here + by))];
  if (next !== undefined) openedRule.value = next.name;
}
