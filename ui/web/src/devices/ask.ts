/** What is asked of the server for the list of devices, and which part of it: pure, no time, no network. */

import type { DeviceStatus } from "../live/protocol";

export const COLUMNS = ["status", "name", "kind", "area", "codec", "last_event", "rate", "gaps"] as const;
export type Column = (typeof COLUMNS)[number];

export interface Question {
  readonly text: string;
  readonly kind: string | null;
  readonly codec: string | null;
  readonly status: DeviceStatus | null;
  readonly by: Column;
  readonly descending: boolean;
}

/** All devices, those that need people first. */
export const ALL: Question = {
  text: "",
  kind: null,
  codec: null,
  status: null,
  by: "status",
  descending: false,
};

/** Whether the question leaves any device out. */
export function isNarrow(question: Question): boolean {
  return (
    question.text.trim() !== "" ||
    question.kind !== null ||
    question.codec !== null ||
    question.status !== null
  );
}

/** Numbers are most telling from their large end: a first click sorts them so. */
const LARGE_FIRST: ReadonlySet<Column> = new Set(["last_event", "rate", "gaps"]);

/** Sort by a column; by the same one again, the other way round. */
export function sorted(question: Question, by: Column): Question {
  const descending = question.by === by ? !question.descending : LARGE_FIRST.has(by);
  return { ...question, by, descending };
}

/** A part of the list: `count` rows from `offset` on. */
export interface Part {
  readonly offset: number;
  readonly count: number;
}

/** Rows are asked for by whole chunks, so that a little scrolling asks nothing new. */
export const CHUNK = 50;

/** The rows that are in sight, in pixels from the list's top, as a part of the list with one chunk to spare. */
export function partInSight(top: number, height: number, row: number): Part {
  const first = Math.max(0, Math.floor(top / row / CHUNK) - 1) * CHUNK;
  const last = (Math.floor((top + height) / row / CHUNK) + 2) * CHUNK;
  return { offset: first, count: Math.min(500, last - first) };
}

/** The rows that are drawn: those in sight and a few around them. */
export function rowsInSight(top: number, height: number, row: number, total: number): [number, number] {
  const first = Math.max(0, Math.floor(top / row) - 4);
  return [first, Math.min(total, Math.ceil((top + height) / row) + 4)];
}

/** The question as the server reads it. */
export function queryOf(question: Question, part: Part): string {
  const query = new URLSearchParams();
  if (question.text.trim() !== "") query.set("q", question.text.trim());
  if (question.kind !== null) query.set("kind", question.kind);
  if (question.codec !== null) query.set("codec", question.codec);
  if (question.status !== null) query.set("status", question.status);
  query.set("sort", `${question.descending ? "-" : ""}${question.by}`);
  query.set("offset", String(part.offset));
  query.set("limit", String(part.count));
  return query.toString();
}
