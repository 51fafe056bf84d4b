/** Asks for the unblurred original of a picture: for whom and why, which is written down before it is given. */

import { Refused } from "../live/commands";
import { addressOf } from "./pictures";

/** How long an answer may take, milliseconds. */
const PATIENCE = 12_000;

/** The server takes no longer reasons. */
export const LONGEST_REASON = 1_000;

/** Who wants to see it, and why. */
export interface Asked {
  readonly who: string;
  readonly reason: string;
}

/** Without a name and a reason nothing is asked. */
export const isComplete = ({ who, reason }: Asked): boolean => who.trim() !== "" && reason.trim() !== "";

/**
 * Ask for the original.
 *
 * @throws Refused - it was not given; status 0 where no answer came.
 */
export async function askOriginal(picture: string, asked: Asked): Promise<Blob> {
  if (!isComplete(asked)) throw new Error("an original is asked for by name and with a reason");
  let answer: Response;
  try {
    answer = await fetch(`${addressOf(picture)}/original`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ who: asked.who.trim(), reason: asked.reason.trim() }),
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.ok) return await answer.blob();
  } catch {
    throw new Refused("", 0);
  }
  throw new Refused(await sentence(answer), answer.status);
}

async function sentence(answer: Response): Promise<string> {
  try {
    const { error } = (await answer.json()) as { error?: { what?: unknown } };
    return typeof error?.what === "string" ? error.what : "";
  } catch {
    return "";
  }
}

/** Why an original is not shown. */
export type Trouble =
  /** It was deleted in its time, or there never was one. */
  | { readonly why: "gone" }
  /** The city keeps none. */
  | { readonly why: "refused" }
  /** It cannot be written down who looks, so nothing is given. */
  | { readonly why: "away" }
  | { readonly why: "unreachable" }
  /** Something else, which the server says. */
  | { readonly why: "failed"; readonly said: string };

const KNOWN: Readonly<Record<number, Exclude<Trouble["why"], "failed">>> = {
  0: "unreachable",
  403: "refused",
  404: "gone",
  503: "away",
};

export function troubleOf({ status, message }: Refused): Trouble {
  const why = KNOWN[status];
  return why === undefined ? { why: "failed", said: message } : { why };
}
