/** A rule as YAML, with its mistakes in place and in a list below; a plain field where the editor cannot be loaded. */

import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language, words } from "../i18n";
import { Icon } from "../shared/icon";
import { visible } from "../shared/visible";
import { goTo, showMistake } from "./actions";
import { checked, draft, mistakes, ruleWords, setText } from "./store";

export function TextView() {
  const place = useRef<HTMLDivElement>(null);
  const failed = useSignal(false);
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    let leave = (): void => {};
    let gone = false;
    import("./editor").then(
      ({ createEditor }) => {
        if (gone) return;
        const editor = createEditor(parent, {
          text: draft.peek(),
          label: words.peek().rules.text.label,
          onChange: setText,
          words: () => ruleWords.peek(),
          language: () => language.peek(),
        });
        const stops = [
          effect(() => editor.setText(draft.value)),
          effect(() => {
            editor.setMistakes(mistakes.value);
            // After the list of mistakes has taken its place.
            requestAnimationFrame(() => {
              if (!gone) editor.reveal();
            });
          }),
          effect(() => {
            const to = goTo.value;
            if (to === null) return;
            goTo.value = null;
            editor.goTo(to.line, to.column);
          }),
        ];
        leave = () => {
          for (const stop of stops) stop();
          editor.destroy();
        };
      },
      () => {
        failed.value = true;
      },
    );
    return () => {
      gone = true;
      leave();
    };
  }, []);
  const said = words.value.rules.text;
  return (
    <div class="text-view">
      {failed.value ? (
        <label class="text-plain">
          <span class="quiet">{said.failed}</span>
          <textarea
            class="code"
            spellcheck={false}
            value={draft.value}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      ) : (
        <div class="text-editor" ref={place} />
      )}
      <Mistakes />
    </div>
  );
}

function Mistakes() {
  const said = words.value.rules.text;
  const found = mistakes.value;
  if (found.length === 0) {
    const known = checked.value !== null && checked.value.of === draft.value;
    return (
      <p class={`text-fine ${known ? "" : "text-checking"}`}>
        <Icon name={known ? "check" : "clock"} size={14} /> {known ? said.fine : said.checking}
      </p>
    );
  }
  return (
    <div class="text-mistakes" role="alert">
      <p>{said.mistakes(found.length)}</p>
      <ul>
        {found.map((one) => (
          <li key={`${one.line}:${one.column}:${one.sentence}`}>
            <button type="button" onClick={() => showMistake(one.line, one.column)}>
              {one.line === null ? null : <b>{said.line(String(one.line))}</b>}
              <span>{visible(one.sentence)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
