/** Asks who saves a drawing, and why; and says kindly where somebody else has saved another one meanwhile. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../i18n";
import { Clock } from "../shared/age";
import { visible } from "../shared/visible";
import { operator } from "../state";
import { busy, type Refusal, refusal, save, saveAsked, showTheirs, takeOver } from "./editor";
import { nameOf } from "./naming";
import type { Camera } from "./protocol";

export function SaveSheet({ camera }: { camera: Camera }) {
  return saveAsked.value ? <Asked camera={camera} /> : null;
}

function Asked({ camera }: { camera: Camera }) {
  const { editor } = words.value.cameras;
  const sheet = useRef<HTMLDialogElement>(null);
  const who = useSignal(operator.peek());
  const note = useSignal("");
  useLayoutEffect(() => {
    if (sheet.current !== null && !sheet.current.open) sheet.current.showModal();
    // Whoever is known goes on at the reason.
    sheet.current?.querySelector<HTMLElement>(who.peek() === "" ? "input" : "textarea")?.focus();
  }, []);
  const title = editor.saveTitle(nameOf(camera));
  const go = (): void => {
    if (who.peek().trim() !== "") void save(who.peek(), note.peek());
  };
  return (
    <dialog
      ref={sheet}
      class="cam-sheet"
      aria-label={title}
      onClose={() => {
        saveAsked.value = false;
      }}
      onCancel={(event) => {
        if (busy.value) event.preventDefault();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.stopPropagation();
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            go();
          }
        }}
      >
        <h2>{title}</h2>
        <p class="quiet">{editor.saveWhat}</p>
        {refusal.value === null ? null : (
          <Why why={refusal.value} onMine={(holds) => void takeOver(holds, who.peek(), note.peek())} />
        )}
        <label class="field">
          <span>{editor.who}</span>
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
        <label class="field">
          <span>{editor.note}</span>
          <textarea
            rows={2}
            maxLength={300}
            value={note.value}
            onInput={(event) => {
              note.value = event.currentTarget.value;
            }}
          />
        </label>
        <div class="cam-sheet-do">
          <button
            type="button"
            class="button"
            disabled={busy.value}
            onClick={() => {
              saveAsked.value = false;
            }}
          >
            {editor.cancel}
          </button>
          {refusal.value?.why === "meanwhile" ? null : (
            <button type="submit" class="button button-main" disabled={busy.value || who.value.trim() === ""}>
              {editor.save} <kbd>Ctrl ↵</kbd>
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}

type Meanwhile = Extract<Refusal, { why: "meanwhile" }>;

function Why({ why, onMine }: { why: Refusal; onMine: (holds: Meanwhile["holds"]) => void }) {
  const { editor } = words.value.cameras;
  if (why.why !== "meanwhile") {
    return (
      <div class="cam-sheet-why" role="alert">
        <strong>{why.why === "unreachable" ? editor.unreachable : editor.failed(visible(why.said))}</strong>
      </div>
    );
  }
  const { holds } = why;
  return (
    <div class="cam-sheet-why" role="alert">
      <strong>
        {editor.meanwhile(visible(holds?.who ?? editor.somebody))}
        {holds === null ? null : (
          <>
            {" "}
            (<Clock at={holds.at} />)
          </>
        )}
      </strong>
      {holds === null || holds.note === "" ? null : <p class="cam-sheet-note">{visible(holds.note)}</p>}
      <p>{editor.meanwhileWhy}</p>
      <div class="cam-sheet-do">
        <button type="button" class="button" disabled={busy.value} onClick={() => onMine(holds)}>
          {editor.mine}
        </button>
        <button
          type="button"
          class="button button-main"
          disabled={busy.value}
          onClick={() => showTheirs(holds)}
        >
          {editor.theirs}
        </button>
      </div>
    </div>
  );
}
