/** What the view of rules asks of the server. */

import { Refused } from "../live/commands";
import type {
  Check,
  FullRule,
  Mistake,
  Published,
  RuleList,
  RuleVersion,
  RuleWords,
  ShadowAlert,
  Timeline,
  WhatIfLine,
} from "./protocol";

/** The server would not take a rule; what it said beside the sentence. */
export class NotTaken extends Refused {
  constructor(
    message: string,
    status: number,
    readonly mistakes: readonly Mistake[],
    readonly timelines: readonly Timeline[],
  ) {
    super(message, status);
  }
}

/** How long an answer may take, milliseconds. A rule is published once its timelines have been run. */
const PATIENCE = 30_000;

async function reach(path: string, init: RequestInit | undefined): Promise<Response> {
  try {
    return await fetch(path, { signal: AbortSignal.timeout(PATIENCE), ...init });
  } catch (error) {
    // Whoever has broken it off wants to know that it was so.
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused("", 0);
  }
}

interface Body {
  readonly error?: {
    readonly what?: unknown;
    readonly expected?: unknown;
    readonly mistakes?: unknown;
    readonly timelines?: unknown;
  };
  readonly mistakes?: unknown;
  readonly timelines?: unknown;
}

async function refusal(answer: Response): Promise<NotTaken> {
  let body: Body = {};
  try {
    body = (await answer.json()) as Body;
  } catch {
    // not a body of ours: the status alone has to say it
  }
  const list = <T>(given: unknown): readonly T[] => (Array.isArray(given) ? (given as T[]) : []);
  const said = [body.error?.what, body.error?.expected].filter((part) => typeof part === "string").join(" ");
  return new NotTaken(
    said,
    answer.status,
    list<Mistake>(body.mistakes ?? body.error?.mistakes),
    list<Timeline>(body.timelines ?? body.error?.timelines),
  );
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const answer = await reach(path, init);
  if (!answer.ok) throw await refusal(answer);
  return (await answer.json()) as T;
}

const post = (body: unknown, signal?: AbortSignal): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
  ...(signal === undefined ? {} : { signal }),
});
const of = (name: string): string => `/api/rules/${encodeURIComponent(name)}`;

export const loadRules = (): Promise<RuleList> => ask("/api/rules");
export const loadWords = (): Promise<RuleWords> => ask("/api/rules/words");
export const loadRule = (name: string): Promise<FullRule> => ask(of(name));
export const checkRule = (text: string, signal?: AbortSignal): Promise<Check> =>
  ask("/api/rules/check", post({ text }, signal));

export interface Publication {
  readonly text: string;
  readonly author: string;
  readonly note: string;
  readonly shadow: boolean;
  /** The version that the author started from; null for a new rule. */
  readonly expected: string | null;
}

export const publishRule = (publication: Publication): Promise<Published> =>
  ask("/api/rules/publish", post(publication));
export const loadVersions = (name: string): Promise<{ versions: readonly RuleVersion[] }> =>
  ask(`${of(name)}/versions`);
export const restoreVersion = (
  name: string,
  version: string,
  author: string,
  note: string,
): Promise<Published> => ask(`${of(name)}/restore`, post({ version, author, note }));
export const stopShadow = (name: string, author: string): Promise<Published> =>
  ask(`${of(name)}/stop-shadow`, post({ author }));
export const loadShadowAlerts = (): Promise<{ alerts: readonly ShadowAlert[] }> =>
  ask("/api/rules/shadow/alerts");

/** Ask what a rule would have done; each line of the answer as it comes. */
export async function askWhatIf(
  question: { readonly text: string; readonly since: number; readonly until: number },
  signal: AbortSignal,
  take: (line: WhatIfLine) => void,
): Promise<void> {
  const answer = await reach("/api/rules/what-if", post(question, signal));
  if (!answer.ok) throw await refusal(answer);
  if (answer.body === null) throw new Refused("", 0);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line.trim() !== "") take(JSON.parse(line) as WhatIfLine);
    if (done) return;
  }
}
