/** Where a new rule begins: what should be noticed, one card for each kind. */

import { words } from "../i18n";
import { Icon, type IconName } from "../shared/icon";
import { tab } from "./actions";
import { hasForm } from "./form";
import { RULE_KINDS, type RuleKind } from "./protocol";
import { beginNew, list, ruleWords } from "./store";
import { template } from "./templates";

const ICON: Readonly<Record<RuleKind, IconName>> = {
  threshold: "above",
  absence: "silent",
  window: "count",
  together: "both",
  sequence: "steps",
  dwell: "stay",
  cluster: "cluster",
  anomaly: "unusual",
};

export function Fresh() {
  const said = words.value.rules;
  const known = ruleWords.value?.kinds ?? [];
  const kinds = RULE_KINDS.filter((kind) => known.length === 0 || known.includes(kind));
  const begin = (kind: RuleKind): void => {
    const taken = new Set((list.value?.rules ?? []).map((rule) => rule.name));
    tab.value = hasForm(kind) ? "form" : "text";
    beginNew(template(kind, taken));
  };
  return (
    <div class="panel-scroll fresh">
      <p class="fresh-what">{said.fresh.what}</p>
      <ul>
        {kinds.map((kind) => (
          <li key={kind}>
            <button type="button" onClick={() => begin(kind)}>
              <Icon name={ICON[kind]} size={20} />
              <span>
                <b>{said.kind[kind]}</b>
                <span>{said.kindWhy[kind]}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
