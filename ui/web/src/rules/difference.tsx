/** Two texts and what differs between them. */

import { words } from "../i18n";
import { visibleLines } from "../shared/visible";
import { around, lineDiff } from "./diff";

export function Difference({ before, after }: { before: string; after: string }) {
  const said = words.value.rules.versions;
  const lines = lineDiff(before, after);
  if (lines.every((line) => line.mark === " ")) return <p class="quiet">{said.sameText}</p>;
  return (
    <figure class="diff" aria-label={words.value.rules.publish.changes}>
      {around(lines).map((line, index) =>
        typeof line === "number" ? (
          <p key={index} class="diff-less">
            {said.less(String(line))}
          </p>
        ) : (
          <pre key={index} class={line.mark === "+" ? "diff-come" : line.mark === "-" ? "diff-gone" : ""}>
            <i>{line.mark === "-" ? "−" : line.mark}</i>
            {visibleLines(line.text) || " "}
          </pre>
        ),
      )}
    </figure>
  );
}
