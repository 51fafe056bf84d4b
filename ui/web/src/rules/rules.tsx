/** The view of rules: the list at the left, the rule at the right, and between them the map over what it would do. */

import { useEffect } from "preact/hooks";
import { addWords } from "../i18n";
import { LATER } from "../i18n/later";
import { openedRule } from "../view";
import { worthALook } from "./actions";
import { RuleList } from "./list";
import { Pictures } from "./pictures/pictures";
import { PublishDialog } from "./publish";
import { RulePanel } from "./rule-panel";
import { draft, drafts, list, NEW, openFailed, SHADOW } from "./store";

import "../styles/rules.css";
import "../styles/rule-form.css";
import "../styles/rule-text.css";

export { putDown, stepRule, takeUp } from "./actions";
export { followRules } from "./store";

addWords(LATER);

/** Below this width the list fills the page, and a rule lies over it. */
const SMALL = 1000;

export function Rules() {
  const name = openedRule.value;
  const rules = list.value?.rules;
  // Whoever has chosen nothing sees at once what there is to see.
  useEffect(() => {
    if (rules === undefined || openedRule.peek() !== null || window.innerWidth < SMALL) return;
    openedRule.value = worthALook(rules);
  }, [rules === undefined]);
  // What is not published would be lost with the page.
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (drafts.peek().size > 0) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);
  const pictured =
    openFailed.value === null && name !== null && name !== SHADOW && !(name === NEW && draft.value === "");
  return (
    <>
      <RuleList />
      {pictured ? (
        <section class="rules-pictures">
          <Pictures />
        </section>
      ) : null}
      {name === null ? null : <RulePanel />}
      <PublishDialog />
    </>
  );
}
