/** Asks who wants to see a picture unblurred, and why; says plainly that both are written down. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../i18n";
import { Refused } from "../live/commands";
import { visible } from "../shared/visible";
import { operator, setOperator } from "../state";
import { askOriginal, isComplete, LONGEST_REASON, type Trouble, troubleOf } from "./ask-original";

interface Props {
  /** The picture's id. */
  readonly picture: string;
  /** Takes the original; never called once the form has been put away. */
  readonly onGiven: (original: Blob) => void;
  readonly onCancel: () => void;
}

export function OriginalForm({ picture, onGiven, onCancel }: Props) {
  const said = words.value.picture.original;
  const who = useSignal(operator.peek());
  const reason = useSignal("");
  const busy = useSignal(false);
  const trouble = useSignal<Trouble | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const away = useRef(false);
  const notice = useId();
  // At once, before the next key; whoever is known goes on at the reason.
  useLayoutEffect(() => {
    form.current?.querySelector<HTMLElement>(who.peek() === "" ? "input" : "textarea")?.focus();
  }, []);
  useEffect(() => {
    away.current = false;
    return () => {
      away.current = true;
    };
  }, []);
  const asked = { who: who.value, reason: reason.value };
  const complete = isComplete(asked);
  const go = async (): Promise<void> => {
    if (!complete || busy.peek()) return;
    busy.value = true;
    trouble.value = null;
    setOperator(asked.who);
    try {
      const original = await askOriginal(picture, asked);
      if (!away.current) onGiven(original);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      trouble.value = troubleOf(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form
      ref={form}
      class="original-ask"
      aria-label={said.title}
      aria-describedby={notice}
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          void go();
        }
      }}
    >
      <h2>{said.title}</h2>
      <p id={notice}>{said.notice}</p>
      {trouble.value === null ? null : (
        <p class="action-failure" role="alert">
          {inWords(trouble.value)}
        </p>
      )}
      <label>
        <span class="quiet">{words.value.panel.name}</span>
        <input
          type="text"
          maxLength={60}
          autoComplete="name"
          required
          value={who.value}
          onInput={(event) => {
            who.value = event.currentTarget.value;
          }}
        />
      </label>
      <label>
        <span class="quiet">{said.reason}</span>
        <textarea
          rows={2}
          maxLength={LONGEST_REASON}
          required
          placeholder={said.reasonPlaceholder}
          value={reason.value}
          onInput={(event) => {
            reason.value = event.currentTarget.value;
          }}
        />
      </label>
      <div class="original-do">
        <button type="button" class="button" onClick={onCancel}>
          {words.value.panel.cancel}
        </button>
        <button type="submit" class="button button-main" disabled={!complete} aria-busy={busy.value}>
          {said.send} <kbd>Ctrl ↵</kbd>
        </button>
      </div>
    </form>
  );
}

function inWords(trouble: Trouble): string {
  const { troubles } = words.value.picture.original;
  return trouble.why === "failed" ? troubles.failed(visible(trouble.said)) : troubles[trouble.why];
}
