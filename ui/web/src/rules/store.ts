/**
 * The rule that is being written, what is wrong with it, and what it would have done: all that the view's parts share.
 *
 * What changes the draft's text by parts (`setNumber`, `setField`) is in `change.ts`: it needs a reader of YAML, which
 * the first look at the map must not wait for.
 */

import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { Refused } from "../live/commands";
import { openedRule, view } from "../view";
import { askWhatIf, checkRule, loadRule, loadRules, loadWords, NotTaken } from "./ask";
import type { Check, FullRule, RuleList, RuleWords, WhatIf, WhatIfAlert, WhatIfProgress } from "./protocol";

/** How often the list is asked for anew, milliseconds. */
const EVERY = 3_000;
/** How long a draft must rest before it is checked and tried, milliseconds. */
const REST = 150;

/** A rule that is not published yet goes by this; no rule can be called so. */
export const NEW = "+";
/** In the place of a rule: the alerts of all rules on trial. */
export const SHADOW = "~";

export const list = signal<RuleList | null>(null);
/** Why there is no newer list: the server has no rules to write, or does not answer. */
export const listFailed = signal<"off" | "unreachable" | null>(null);

/** The rule that is open, as it is in force; null while it is loaded, and for one that is new. */
export const published = signal<FullRule | null>(null);
/** Why the open rule cannot be shown. */
export const openFailed = signal<"gone" | "unreachable" | null>(null);

/** What the author has in hand: YAML of one rule. Empty while nothing is open. */
export const draft = signal("");
/** The version that the draft was begun from; null for a new rule. */
export const begunFrom = signal<string | null>(null);
/** What differs from what is in force, by the rules' names, so that looking elsewhere loses nothing. */
export const drafts = signal<ReadonlyMap<string, { readonly text: string; readonly from: string | null }>>(
  new Map(),
);
export const changed = computed(() => draft.value !== "" && draft.value !== (published.value?.text ?? ""));

/** Somebody else has published the rule since this draft was begun. */
export const overtaken = computed(() => {
  const entry = list.value?.rules.find((rule) => rule.name === published.value?.name);
  return changed.value && entry != null && entry.version !== begunFrom.value;
});

/** What the server thinks of the draft, and the text that it read. */
export const checked = signal<(Check & { readonly of: string }) | null>(null);
/** The checked rule: its quantity, its numbers and where they stand. */
export const checkedRule = computed(() => checked.value?.rules[0] ?? null);
export const mistakes = computed(() => (checked.value?.ok === false ? checked.value.mistakes : []));

/** What may stand in a rule; null until it is known. */
export const ruleWords = signal<RuleWords | null>(null);

/** The span of the past that the draft is tried on, epoch milliseconds; 0 before the history is known. */
export const since = signal(0);
export const until = signal(0);
/** How much of the past was asked for, hours; Infinity for all there is, 0 for a part of it chosen by its ends. */
export const hours = signal(7 * 24);

/** What the draft would have done; the newest answer stays until the next has come. */
export const whatIf = signal<WhatIf | null>(null);
/** The text, since and until that the answer is about: another draft makes it old. */
export const whatIfOf = signal("");
export const asking = signal<WhatIfProgress | null>(null);
/** Why there is no newer answer, in words for the author; empty where the server could not be reached. */
export const whatIfTrouble = signal<string | null>(null);
/** Whether the answer shown is of an older draft than the one in hand. */
export const stale = computed(() => whatIf.value !== null && whatIfOf.value !== draft.value);

/** An alert of the answer by what does not change between answers. */
export const idOf = (alert: WhatIfAlert): string => `${alert.key}@${alert.was?.raised_at ?? alert.raised_at}`;
export const selectedAlert = signal<string | null>(null);
export const selected = computed(
  () => whatIf.value?.alerts.find((alert) => idOf(alert) === selectedAlert.value) ?? null,
);

/** Take another text as the draft; everything else follows. */
export function setText(text: string): void {
  const name = openedRule.peek();
  if (name === null) return;
  const next = new Map(drafts.peek());
  if (text === (published.peek()?.text ?? "")) next.delete(name);
  else next.set(name, { text, from: begunFrom.peek() });
  batch(() => {
    draft.value = text;
    drafts.value = next;
  });
}

/** Choose how much of the past is looked at. */
export function chooseHours(next: number): void {
  hours.value = next;
  layOut();
}

/** Choose a part of the past by its ends, epoch milliseconds. */
export function chooseSpan(from: number, to: number): void {
  batch(() => {
    hours.value = 0;
    since.value = Math.round(from);
    until.value = Math.round(to);
  });
}

/** Lay the span along the history that there is. */
function layOut(): void {
  const history = list.peek()?.history;
  if (history?.until == null || history.since == null) return;
  const from = Math.max(history.since, history.until - hours.peek() * 3_600_000);
  batch(() => {
    since.value = Math.round(from);
    until.value = Math.round(Math.max(history.until ?? 0, from + 1));
  });
}

/** Drop the draft: back to what is in force. */
export function discard(): void {
  begunFrom.value = published.peek()?.version ?? null;
  setText(published.peek()?.text ?? "");
}

/** Whether there is so much more history by now that what was asked says little of it. */
function grown({ history }: RuleList): boolean {
  if (history?.since == null || history.until == null) return false;
  const asked = until.peek() - since.peek();
  const could = Math.min(history.until - history.since, hours.peek() * 3_600_000);
  return until.peek() === 0 || could > asked * 1.25;
}

let listAsked = 0;

export async function loadList(): Promise<void> {
  const mine = ++listAsked;
  try {
    const answer = await loadRules();
    if (mine !== listAsked) return;
    batch(() => {
      list.value = answer;
      listFailed.value = null;
      if (hours.peek() !== 0 && grown(answer)) layOut();
    });
    const open = published.peek();
    const newest = answer.rules.find((rule) => rule.name === open?.name);
    // Whoever has not changed anything sees what is in force, whoever published it.
    if (open !== null && newest !== undefined && newest.version !== open.version && !changed.peek()) {
      await openRule(open.name);
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (mine === listAsked) listFailed.value = error.status === 501 ? "off" : "unreachable";
  }
}

/** Load the open rule; a draft of it is taken up again where it was left. */
export async function openRule(name: string): Promise<void> {
  const aside = drafts.peek().get(name);
  if (hours.peek() !== 0) layOut();
  if (name === NEW) {
    batch(() => {
      published.value = null;
      openFailed.value = null;
      begunFrom.value = null;
      draft.value = aside?.text ?? "";
    });
    return;
  }
  try {
    const rule = await loadRule(name);
    if (openedRule.peek() !== name) return;
    batch(() => {
      openFailed.value = null;
      published.value = rule;
      begunFrom.value = aside === undefined ? rule.version : aside.from;
      draft.value = aside?.text ?? rule.text;
    });
  } catch (error) {
    if (openedRule.peek() !== name) return;
    openFailed.value = error instanceof Refused && error.status === 404 ? "gone" : "unreachable";
  }
}

/** Begin a new rule with a text. */
export function beginNew(text: string): void {
  batch(() => {
    drafts.value = new Map(drafts.peek()).set(NEW, { text, from: null });
    if (openedRule.peek() === NEW) draft.value = text;
    openedRule.value = NEW;
  });
}

/** Take up again what somebody else has published meanwhile; the draft stays. */
export async function catchUp(): Promise<void> {
  const name = openedRule.peek();
  if (name === null || name === NEW) return;
  const rule = await loadRule(name);
  if (openedRule.peek() !== name) return;
  batch(() => {
    published.value = rule;
    begunFrom.value = rule.version;
  });
}

/** Check the draft, and try it where nothing is wrong with it. */
async function tryOut(text: string, from: number, to: number, signal: AbortSignal): Promise<void> {
  try {
    const answer = await checkRule(text, signal);
    if (signal.aborted) return;
    checked.value = { ...answer, of: text };
    if (!answer.ok || to === 0) return;
    asking.value = { progress: 0, doing: null };
    await askWhatIf({ text, since: from, until: to }, signal, (line) => {
      if (signal.aborted) return;
      if ("result" in line) {
        batch(() => {
          whatIf.value = line.result;
          whatIfOf.value = text;
          whatIfTrouble.value = null;
        });
      } else if ("problem" in line) {
        whatIfTrouble.value = typeof line.problem === "string" ? line.problem : line.problem.what;
      } else asking.value = line;
    });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Refused)) throw error;
    whatIfTrouble.value = error instanceof NotTaken ? error.message : "";
  } finally {
    if (!signal.aborted) asking.value = null;
  }
}

/** Keep the list, the open rule, its check and its trial up to date while the view is looked at; to be called once. */
export function followRules(): void {
  effect(() => {
    if (view.value !== "rules") return;
    void loadList();
    if (ruleWords.peek() === null) {
      // Without them only the completion is missing; the next look at the view asks again.
      loadWords().then(
        (answer) => {
          ruleWords.value = answer;
        },
        () => {},
      );
    }
    const timer = setInterval(() => {
      if (!document.hidden) void loadList();
    }, EVERY);
    return () => clearInterval(timer);
  });
  let before: string | null = null;
  effect(() => {
    const name = view.value === "rules" ? openedRule.value : null;
    if (name === before || view.value !== "rules") return;
    before = name;
    untracked(() => {
      batch(() => {
        draft.value = "";
        published.value = null;
        checked.value = null;
        whatIf.value = null;
        whatIfTrouble.value = null;
        selectedAlert.value = null;
        openFailed.value = null;
      });
      if (name !== null && name !== SHADOW) void openRule(name);
    });
  });
  let tried = "";
  effect(() => {
    const text = draft.value;
    const [from, to] = [since.value, until.value];
    if (view.value !== "rules" || text === "") return;
    const gone = new AbortController();
    // The first look at a rule waits for nothing: only what is being typed has to rest.
    const fresh = untracked(() => whatIf.peek() === null) && tried !== text;
    tried = text;
    const timer = setTimeout(() => void tryOut(text, from, to, gone.signal), fresh ? 0 : REST);
    return () => {
      clearTimeout(timer);
      gone.abort();
      asking.value = null;
    };
  });
}
