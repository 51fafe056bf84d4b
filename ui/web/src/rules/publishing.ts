/** Publishing, trial runs and restoring: what is asked of the author, and what the server said to it. */

import { batch, signal } from "@preact/signals";
import { Refused } from "../live/commands";
import { operator, setOperator } from "../state";
import { openedRule } from "../view";
import { NotTaken, publishRule, restoreVersion, stopShadow } from "./ask";
import type { Mistake, Published, RuleVersion, Timeline } from "./protocol";
import {
  begunFrom,
  catchUp,
  checkedRule,
  draft,
  drafts,
  list,
  loadList,
  NEW,
  openRule,
  published,
  setText,
} from "./store";

export type Wish =
  | { readonly what: "publish" }
  | { readonly what: "shadow" }
  | { readonly what: "end" }
  | { readonly what: "restore"; readonly version: RuleVersion };

/** What the author is about to do; null while nothing is asked. */
export const wish = signal<Wish | null>(null);
export const note = signal("");
export const busy = signal(false);

/** Why it was not done. */
export type Refusal =
  | { readonly why: "said"; readonly said: string }
  | { readonly why: "unreachable" }
  | { readonly why: "meanwhile"; readonly author: string | null }
  | { readonly why: "mistakes"; readonly mistakes: readonly Mistake[] }
  | { readonly why: "timelines"; readonly timelines: readonly Timeline[] };
export const refusal = signal<Refusal | null>(null);
/** What was done last, for a moment. */
export const done = signal<{ readonly shadow: boolean; readonly version: string } | null>(null);
/** Grows whenever a version has been made, so that what lists them asks again. */
export const made = signal(0);

export function ask(next: Wish): void {
  batch(() => {
    wish.value = next;
    note.value = "";
    refusal.value = null;
    done.value = null;
  });
}

export function leave(): void {
  if (!busy.peek()) wish.value = null;
}

/** The version that is in force now as far as the list knows: what a draft of that rule takes the place of. */
function expectedOf(name: string): string | null {
  if (openedRule.peek() !== NEW) return begunFrom.peek();
  return list.peek()?.rules.find((rule) => rule.name === name)?.version ?? null;
}

/** Ask the server for what the author wants. */
function request(asked: Wish, name: string): Promise<Published> {
  const [author, why] = [operator.peek(), note.peek().trim()];
  if (asked.what === "end") return stopShadow(name, author);
  if (asked.what === "restore") return restoreVersion(name, asked.version.version, author, why);
  return publishRule({
    text: draft.peek(),
    author,
    note: why,
    shadow: asked.what === "shadow",
    expected: expectedOf(checkedRule.peek()?.name ?? name),
  });
}

/** Do what the author has asked for. */
export async function go(author: string): Promise<void> {
  const asked = wish.peek();
  const name = openedRule.peek();
  if (asked === null || name === null || busy.peek()) return;
  if (author.trim() !== operator.peek()) setOperator(author);
  busy.value = true;
  refusal.value = null;
  try {
    const answer = await request(asked, name);
    await settle(name, answer, asked.what);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await refuse(error);
  } finally {
    busy.value = false;
  }
}

/** It is done: the page follows it. */
async function settle(name: string, answer: Published, what: Wish["what"]): Promise<void> {
  const rest = new Map(drafts.peek());
  // A trial run leaves what is in force as it was, so the draft stays a draft.
  const aside = what === "shadow" || what === "end";
  if (!aside || name === NEW) rest.delete(name);
  batch(() => {
    drafts.value = rest;
    wish.value = null;
    done.value = what === "end" ? null : { shadow: aside, version: answer.version ?? "" };
    made.value += 1;
  });
  if (openedRule.peek() === name) {
    if (answer.name !== name) openedRule.value = answer.name;
    else if (!aside) await openRule(answer.name);
  }
  await loadList();
}

async function refuse(error: Refused): Promise<void> {
  if (error.status === 0) refusal.value = { why: "unreachable" };
  else if (error.status === 409) {
    // The draft stays; what it is compared with is what is in force now.
    await catchUp().catch(() => {});
    refusal.value = { why: "meanwhile", author: published.peek()?.author ?? null };
  } else if (error instanceof NotTaken && error.timelines.length > 0) {
    refusal.value = { why: "timelines", timelines: error.timelines };
  } else if (error instanceof NotTaken && error.mistakes.length > 0) {
    refusal.value = { why: "mistakes", mistakes: error.mistakes };
  } else refusal.value = { why: "said", said: error.message };
}

/** Drop the draft for what somebody else has published. */
export function takeTheirs(): void {
  setText(published.peek()?.text ?? draft.peek());
  wish.value = null;
}
