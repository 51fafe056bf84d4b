/** What the page asks of the server: the city once, incidents in full, and what operators do to them. */

import type {
  City,
  DeviceDetails,
  DeviceList,
  FullIncident,
  Quantities,
  RejectedList,
  Trial,
  TrialRequest,
} from "./protocol";

export type Command = "acknowledge" | "comment" | "resolve";

/** The server refused, or could not be reached; `message` is for the operator where the server gave one. */
export class Refused extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 where no answer came. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** How long an answer may take, milliseconds; a codec that is tried may think for ten seconds. */
const PATIENCE = 12_000;

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Refused("", 0);
  }
  if (!answer.ok) throw new Refused(await reason(answer), answer.status);
  return (await answer.json()) as T;
}

async function reason(answer: Response): Promise<string> {
  try {
    const body = (await answer.json()) as { error?: { what?: unknown; expected?: unknown } };
    return [body.error?.what, body.error?.expected].filter((part) => typeof part === "string").join(" ");
  } catch {
    return "";
  }
}

export const loadCity = (): Promise<City> => ask("/api/city");
export const loadQuantities = (): Promise<Quantities> => ask("/api/quantities");
export const loadIncident = (id: string): Promise<FullIncident> =>
  ask(`/api/incidents/${encodeURIComponent(id)}`);

export const loadDevices = (query: string): Promise<DeviceList> => ask(`/api/devices?${query}`);
export const loadDevice = (id: string): Promise<DeviceDetails> =>
  ask(`/api/devices/${encodeURIComponent(id)}`);
export const loadRejected = (query: string): Promise<RejectedList> => ask(`/api/rejected?${query}`);
export const tryCodec = (trial: TrialRequest): Promise<Trial> =>
  ask("/api/codecs/try", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(trial),
  });

/** Do something to an incident; sending it twice with the same key does it once. */
export function send(
  id: string,
  command: Command,
  who: string,
  text: string | null,
  key: string,
): Promise<FullIncident> {
  return ask(`/api/incidents/${encodeURIComponent(id)}/${command}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify({ who, text }),
  });
}

/** A key that no other command has. `crypto.randomUUID` exists only in secure contexts; a control room's LAN may be none. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
