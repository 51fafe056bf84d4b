/** The view of rules: the list at the left, the rule at the right, and between them the map over what it would do. */

import { words } from "../i18n";
import { openedRule } from "../view";
import { Pictures } from "./pictures/pictures";

export function Rules() {
  const said = words.value.rules;
  return (
    <>
      <nav class="rules-list" id="rules" tabIndex={-1} aria-label={said.title} />
      {openedRule.value === null ? null : (
        <>
          <section class="rules-pictures">
            <Pictures />
          </section>
          <aside class="rules-editor" />
        </>
      )}
    </>
  );
}
