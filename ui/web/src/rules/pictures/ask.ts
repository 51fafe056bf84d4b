/** Asks the server why a rule fired somewhere, or did not. */

import { Refused } from "../../live/commands";
import type { Value, Words } from "../../live/protocol";

/** One condition of the rule at the time in question. */
export interface WhyCondition {
  readonly text: string;
  /** Null where it cannot be known. */
  readonly holds: boolean | null;
  readonly sentence: Partial<Words> | string | null;
  readonly nearest: {
    readonly value: number | null;
    readonly limit: number | null;
    readonly unit: string | null;
    readonly at: number | null;
  } | null;
}

export interface WhyEvent {
  readonly id?: string;
  readonly kind: string;
  readonly asset: string | null;
  readonly at: number;
  readonly zone?: string | null;
  readonly signal?: string | null;
  readonly values: Readonly<Record<string, Value | null>>;
}

export interface WhyAnswer {
  readonly rule: string;
  readonly key: string | null;
  readonly at: number;
  readonly fired: boolean;
  readonly sentence: Partial<Words> | string | null;
  readonly conditions: readonly WhyCondition[];
  readonly events: readonly WhyEvent[];
  /** Other keys that could have been meant. */
  readonly near: readonly string[];
}

export interface WhyQuestion {
  readonly text: string;
  readonly key: string | null;
  /** Longitude, latitude. */
  readonly place: readonly [number, number] | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** @throws Refused with the server's sentence, empty where it could not be reached. */
export async function askWhy(question: WhyQuestion, signal: AbortSignal): Promise<WhyAnswer> {
  const { text, key, place } = question;
  const where = key !== null ? { key } : place !== null ? { lon: place[0], lat: place[1] } : {};
  let answer: Response;
  try {
    answer = await fetch("/api/rules/why", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text, at: Math.round(question.at), ...where }),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Refused("", 0);
  }
  if (answer.ok) return (await answer.json()) as WhyAnswer;
  const body = (await answer.json().catch(() => ({}))) as { error?: { what?: unknown; expected?: unknown } };
  const said = [body.error?.what, body.error?.expected].filter((part) => typeof part === "string");
  throw new Refused(said.join(" "), answer.status);
}
