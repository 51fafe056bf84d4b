/** What the page asks of the server about cameras. */

import { Refused } from "../live/commands";
import type { Geometry } from "./geometry";
import {
  type Camera,
  type CameraDetails,
  type Counts,
  type Drawn,
  type Live,
  readCamera,
  readDetails,
  readDrawn,
  readLive,
} from "./protocol";

/** How long an answer may take, milliseconds. */
const PATIENCE = 8_000;

/** Somebody else has drawn meanwhile; `holds` is what they drew. */
export class DrawnMeanwhile extends Refused {
  constructor(
    message: string,
    readonly holds: Drawn | null,
  ) {
    super(message, 409);
  }
}

interface Body {
  readonly error?: { readonly what?: unknown; readonly expected?: unknown };
  readonly drawn?: unknown;
}

async function ask(path: string, init?: RequestInit): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Refused("", 0);
  }
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const { error, drawn } = (body ?? {}) as Body;
  const said = [error?.what, error?.expected].filter((part) => typeof part === "string").join(" ");
  if (answer.status === 409) throw new DrawnMeanwhile(said, readDrawn(drawn));
  throw new Refused(said, answer.status);
}

const of = (id: string): string => `/api/cameras/${encodeURIComponent(id)}`;

export interface CameraList {
  readonly cameras: readonly Camera[];
  /** Whether the city keeps pictures unblurred too. */
  readonly originals: boolean;
}

/** Ask how all cameras are; the pictures of those that are watched come with the answer, or with one of the next. */
export async function loadCameras(watch: readonly string[]): Promise<CameraList> {
  const query = watch.length === 0 ? "" : `?watch=${watch.map(encodeURIComponent).join(",")}`;
  const said = (await ask(`/api/cameras${query}`)) as { cameras: readonly unknown[]; originals?: unknown };
  return { cameras: said.cameras.map(readCamera), originals: said.originals === true };
}

export const loadCamera = async (id: string): Promise<CameraDetails> => readDetails(await ask(of(id)));

/** Ask for the newest picture; that says that somebody looks, and the next one is made. */
export const loadLive = async (id: string): Promise<Live> => readLive(await ask(`${of(id)}/live`));

/** The counts of a day of the city, `2026-11-22`; today's where none is named. */
export const loadCounts = async (id: string, day: string | null): Promise<Counts> =>
  (await ask(`${of(id)}/counts${day === null ? "" : `?day=${day}`}`)) as Counts;

/** A small picture as something that stays when the server has forgotten it. */
export async function loadPicture(address: string): Promise<Blob | null> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null;
  }
}

export interface Save {
  /** Null lets the camera's configuration hold again. */
  readonly geometry: Geometry | null;
  readonly who: string;
  readonly note: string;
  /** Of the drawing that the editor began with; 0 where there was none. */
  readonly revision: number;
}

export async function saveGeometry(id: string, save: Save): Promise<CameraDetails> {
  const headers = { "Content-Type": "application/json" };
  return readDetails(await ask(`${of(id)}/geometry`, { method: "PUT", headers, body: JSON.stringify(save) }));
}
