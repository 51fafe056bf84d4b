/** The field for an operator's words: a comment, or how it was settled. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { busy, command } from "../actions";
import { words } from "../i18n";
import { writing } from "../state";

/** The server keeps no longer texts. */
const LONGEST = 2_000;

export function Writing({ id, what }: { id: string; what: "comment" | "resolve" }) {
  const { panel } = words.value;
  const said = useSignal("");
  const field = useRef<HTMLTextAreaElement>(null);
  // At once, before the next key: it belongs in here.
  useLayoutEffect(() => field.current?.focus(), []);
  const needed = what === "comment";
  const ready = !needed || said.value.trim() !== "";
  const go = async (): Promise<void> => {
    if (!ready) return;
    const text = said.value.trim();
    if (await command(id, what, text === "" ? null : text)) writing.value = null;
  };
  return (
    <form
      class="writing"
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
    >
      <textarea
        ref={field}
        rows={3}
        maxLength={LONGEST}
        aria-label={what === "comment" ? panel.comment : panel.resolve}
        placeholder={needed ? panel.commentPlaceholder : panel.resolvePlaceholder}
        value={said.value}
        onInput={(event) => {
          said.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            void go();
          }
        }}
      />
      <div class="action-row">
        <button type="submit" class="button button-main" disabled={!ready || busy.value !== null}>
          {what === "comment" ? panel.send : panel.resolve} <kbd>Ctrl ↵</kbd>
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            writing.value = null;
          }}
        >
          {panel.cancel}
        </button>
      </div>
    </form>
  );
}
