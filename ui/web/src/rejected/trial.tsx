/** Tries codecs on a message: topic, payload and a codec in, every step out. */

import { language, words } from "../i18n";
import { number } from "../shared/format";
import { Icon } from "../shared/icon";
import { starter } from "./bytes";
import { type Draft, draft, refusal, run, trial, trying } from "./store";
import { TrialResult } from "./trial-result";

function change(part: Partial<Draft>): void {
  draft.value = { ...draft.value, ...part };
}

export function TrialForm({ size, kept }: { size: number; kept: number }) {
  const words_ = words.value.trial;
  const { topic, payload, encoding, codec } = draft.value;
  return (
    <section class="panel-part trial">
      <h3>{words_.title}</h3>
      <form
        class="trial-form"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            void run();
          }
        }}
      >
        <label>
          <span>{words_.topic}</span>
          <input
            type="text"
            class="code"
            required
            maxLength={1024}
            spellcheck={false}
            autoComplete="off"
            value={topic}
            onInput={(event) => change({ topic: event.currentTarget.value })}
          />
        </label>
        <label>
          <span>{words_.payload}</span>
          <textarea
            class="code"
            rows={4}
            maxLength={65536}
            spellcheck={false}
            value={payload}
            onInput={(event) => change({ payload: event.currentTarget.value })}
          />
        </label>
        <fieldset class="trial-encoding" aria-label={words_.encoding}>
          {(["text", "base64"] as const).map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="encoding"
                checked={encoding === one}
                onChange={() => change({ encoding: one })}
              />
              {one === "text" ? words_.asText : words_.asBase64}
            </label>
          ))}
        </fieldset>
        {size > kept ? <p class="trial-hint">{words_.cut(number(size, language.value))}</p> : null}
        <label>
          <span>{words_.codec}</span>
          <textarea
            class="code code-lines"
            rows={codec === "" ? 3 : 12}
            maxLength={32768}
            spellcheck={false}
            value={codec}
            onInput={(event) => change({ codec: event.currentTarget.value })}
          />
        </label>
        <p class="trial-hint">
          {words_.codecHint}{" "}
          {codec === "" ? (
            <button
              type="button"
              class="link"
              onClick={() => change({ codec: starter(topic, encoding === "text" ? payload : "") })}
            >
              {words_.skeleton}
            </button>
          ) : null}
        </p>
        <div class="action-row">
          <button
            type="submit"
            class="button button-main"
            aria-label={words_.run}
            disabled={trying.value || topic === ""}
          >
            <Icon name="run" size={14} />
            {trying.value ? words_.running : words_.run}
            <kbd>Ctrl ↵</kbd>
          </button>
        </div>
      </form>
      <div aria-live="polite">
        {refusal.value === null ? null : <p class="action-failure trial-refusal">{refusal.value}</p>}
        {trial.value === null ? null : <TrialResult trial={trial.value} />}
      </div>
    </section>
  );
}
