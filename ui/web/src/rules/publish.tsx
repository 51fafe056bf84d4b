/** Asks once before a rule changes what operators see: what changes, who says so, and why. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../i18n";
import { Icon } from "../shared/icon";
import { visible } from "../shared/visible";
import { operator } from "../state";
import { showMistake } from "./actions";
import { Difference } from "./difference";
import { busy, go, leave, note, type Refusal, refusal, takeTheirs, type Wish, wish } from "./publishing";
import { checkedRule, draft, published } from "./store";
import { shortVersion } from "./titles";

export function PublishDialog() {
  const asked = wish.value;
  return asked === null ? null : <Asked key={asked.what} asked={asked} />;
}

function Asked({ asked }: { asked: Wish }) {
  const sheet = useRef<HTMLDialogElement>(null);
  const author = useSignal(operator.peek());
  const said = words.value.rules.publish;
  const versions = words.value.rules.versions;
  // At once, before the next key: it belongs in here.
  useLayoutEffect(() => {
    if (sheet.current !== null && !sheet.current.open) sheet.current.showModal();
    // Whoever is known goes on at the reason.
    const first = author.peek() === "" ? "input" : "textarea, [type=submit]";
    sheet.current?.querySelector<HTMLElement>(first)?.focus();
  }, []);
  const name = checkedRule.value?.name ?? published.value?.name ?? "";
  const isNew = published.value === null;
  const isEnd = asked.what === "end";
  const { title, what, action } = {
    publish: { title: said.title(name), what: isNew ? said.whatNew : said.what, action: said.go },
    shadow: { title: said.titleShadow(name), what: said.whatShadow, action: said.goShadow },
    end: { title: `${said.stopShadow}: ${name}`, what: said.whatEnd, action: said.stopShadow },
    restore: {
      title: asked.what === "restore" ? versions.restoreTitle(shortVersion(asked.version.version)) : "",
      what: versions.restoreWhat,
      action: versions.restoreGo,
    },
  }[asked.what];
  return (
    <dialog
      ref={sheet}
      class="sheet"
      aria-label={title}
      onClose={leave}
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
          if (author.value.trim() !== "") void go(author.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && author.value.trim() !== "") {
            event.preventDefault();
            void go(author.value);
          }
        }}
      >
        <h2>{title}</h2>
        <p class="quiet">{what}</p>
        {isEnd ? null : (
          <section class="sheet-changes">
            <h3>{said.changes}</h3>
            <Difference
              before={published.value?.text ?? ""}
              after={asked.what === "restore" ? asked.version.text : draft.value}
            />
          </section>
        )}
        {refusal.value === null ? null : <Why refusal={refusal.value} />}
        <label class="sheet-field sheet-author">
          <span>{said.author}</span>
          <input
            type="text"
            maxLength={60}
            autoComplete="name"
            required
            value={author.value}
            onInput={(event) => {
              author.value = event.currentTarget.value;
            }}
          />
        </label>
        {isEnd ? null : (
          <label class="sheet-field">
            <span>{said.note}</span>
            <textarea
              rows={2}
              maxLength={2_000}
              placeholder={said.noteHint}
              value={note.value}
              onInput={(event) => {
                note.value = event.currentTarget.value;
              }}
            />
          </label>
        )}
        <div class="sheet-do">
          {busy.value && !isEnd ? <span class="quiet">{said.going}</span> : null}
          <button type="button" class="button" onClick={leave} disabled={busy.value}>
            {said.cancel}
          </button>
          <button
            type="submit"
            class="button button-main"
            disabled={busy.value || author.value.trim() === ""}
          >
            {action} <kbd>Ctrl ↵</kbd>
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** Why it was not done, and what to do about it. */
function Why({ refusal: why }: { refusal: Refusal }) {
  const said = words.value.rules.publish;
  if (why.why === "meanwhile") {
    return (
      <div class="sheet-why" role="alert">
        <strong>{said.meanwhile(visible(why.author ?? said.somebody))}</strong>
        <p>{said.meanwhileWhy}</p>
        <button type="button" class="button" onClick={takeTheirs}>
          {said.takeTheirs}
        </button>
      </div>
    );
  }
  if (why.why === "timelines") {
    return (
      <div class="sheet-why" role="alert">
        <strong>{said.timelines}</strong>
        <Timelines timelines={why.timelines} />
        <p>{said.timelinesWhy}</p>
      </div>
    );
  }
  if (why.why === "mistakes") {
    return (
      <div class="sheet-why" role="alert">
        <strong>{said.mistakes}</strong>
        <ul>
          {why.mistakes.map((one) => (
            <li key={`${one.line}:${one.column}:${one.sentence}`}>
              <button
                type="button"
                class="link"
                onClick={() => {
                  leave();
                  showMistake(one.line, one.column);
                }}
              >
                {one.line === null ? "" : `${words.value.rules.text.line(String(one.line))}: `}
                {visible(one.sentence)}
              </button>
            </li>
          ))}
        </ul>
      </div>
    );
  }
  return (
    <div class="sheet-why" role="alert">
      <strong>{why.why === "unreachable" ? said.unreachable : said.failed(visible(why.said))}</strong>
    </div>
  );
}

/** Tests of a rule that do not hold, each with what went otherwise. */
export function Timelines({
  timelines,
}: {
  timelines: readonly { readonly name: string; readonly complaints: readonly string[] }[];
}) {
  return (
    <ul class="timelines-failed">
      {timelines.map((one) => (
        <li key={one.name}>
          <p>
            <Icon name="refused" size={14} /> {visible(one.name)}
          </p>
          {one.complaints.map((complaint) => (
            <pre key={complaint}>{visible(complaint)}</pre>
          ))}
        </li>
      ))}
    </ul>
  );
}
