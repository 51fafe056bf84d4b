/** What could not be read, as the page has it, asked for anew while it is looked at; and the message being tried. */

import { batch, effect, signal } from "@preact/signals";
import { words } from "../i18n";
import { loadRejected, Refused, tryCodec } from "../live/commands";
import type { RejectedGroup, RejectedList, Trial } from "../live/protocol";
import { show, view } from "../view";

/** How often the list is asked for anew, milliseconds. */
const EVERY = 3_000;

export interface RejectedQuestion {
  readonly text: string;
  /** Null for all; empty for what no codec took. */
  readonly codec: string | null;
}

export const NOTHING_ASKED: RejectedQuestion = { text: "", codec: null };
export const question = signal<RejectedQuestion>(NOTHING_ASKED);
export const rejected = signal<RejectedList | null>(null);
export const failed = signal(false);

/** The group that is open: kept as it was when it was opened, whatever comes after it. */
export const opened = signal<RejectedGroup | null>(null);
/** Whether a message of the operator's own is being tried. */
export const own = signal(false);

export interface Draft {
  readonly topic: string;
  readonly payload: string;
  readonly encoding: "text" | "base64";
  readonly codec: string;
}

export const draft = signal<Draft>({ topic: "", payload: "", encoding: "text", codec: "" });
export const trial = signal<Trial | null>(null);
export const trying = signal(false);
/** Why the last trial could not be made, in words. */
export const refusal = signal<string | null>(null);

export const keyOf = (group: RejectedGroup): string => `${group.topic}\n${group.reason}`;

let asked = 0;

export async function ask(): Promise<void> {
  const mine = ++asked;
  const { text, codec } = question.peek();
  const query = new URLSearchParams({ limit: "300" });
  if (text.trim() !== "") query.set("q", text.trim());
  if (codec !== null) query.set("codec", codec);
  try {
    const answer = await loadRejected(query.toString());
    if (mine !== asked) return;
    batch(() => {
      rejected.value = answer;
      failed.value = false;
    });
  } catch {
    if (mine === asked) failed.value = true;
  }
}

/** Ask again and again while the list is looked at. */
export function followRejected(): void {
  effect(() => {
    if (view.value !== "rejected") return;
    question.value;
    void ask();
    const timer = setInterval(() => {
      if (!document.hidden) void ask();
    }, EVERY);
    return () => clearInterval(timer);
  });
}

/** Open a group; its message is laid ready to be tried, and the codec that was being written stays. */
export function open(group: RejectedGroup): void {
  batch(() => {
    opened.value = group;
    own.value = false;
    trial.value = null;
    refusal.value = null;
    draft.value = {
      topic: group.topic,
      payload: group.text ?? group.start,
      encoding: group.text === null ? "base64" : "text",
      codec: draft.value.codec,
    };
  });
}

/** Show a group from elsewhere. */
export function about(group: RejectedGroup): void {
  open(group);
  show("rejected");
}

export function tryOwn(): void {
  batch(() => {
    opened.value = null;
    own.value = true;
    trial.value = null;
    refusal.value = null;
  });
}

export function close(): void {
  batch(() => {
    opened.value = null;
    own.value = false;
  });
}

/** The group after or before the open one, as the list has them now. */
export function stepGroup(by: 1 | -1): void {
  const groups = rejected.value?.groups ?? [];
  if (groups.length === 0) return;
  const key = opened.value === null ? null : keyOf(opened.value);
  const here = groups.findIndex((group) => keyOf(group) === key);
  const next = groups[here < 0 ? 0 : Math.min(groups.length - 1, Math.max(0, here + by))];
  if (next !== undefined) open(next);
}

export async function run(): Promise<void> {
  if (trying.value) return;
  const { codec, ...message } = draft.value;
  trying.value = true;
  refusal.value = null;
  try {
    trial.value = await tryCodec({ ...message, codec: codec.trim() === "" ? null : codec });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    trial.value = null;
    const said = words.value.trial;
    refusal.value = error.status === 0 ? said.unreachable : said.failed(error.message);
  } finally {
    trying.value = false;
  }
}
