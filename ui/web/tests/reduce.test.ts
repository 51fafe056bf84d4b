import { describe, expect, test } from "vitest";
import type { Message } from "../src/live/protocol";
import { readMessage } from "../src/live/protocol";
import { isOpen, isWaiting, KEEP_CLOSED, takeAssets, takeIncidents, takeOne } from "../src/live/reduce";
import { asset, incident } from "./things";

const message = (part: Partial<Message>): Message => ({
  type: "delta",
  position: "1-0",
  now: 1_000_000,
  clock: null,
  incidents: [],
  assets: [],
  health: null,
  ...part,
});

describe("incidents from the feed", () => {
  test("a snapshot replaces what is no longer there", () => {
    const before = new Map([["gone", incident({ id: "gone" })]]);
    const step = takeIncidents(before, message({ type: "snapshot", incidents: [incident({ id: "a" })] }));
    expect([...step.incidents.keys()]).toEqual(["a"]);
  });

  test("a delta with an older or equal revision changes nothing", () => {
    const known = new Map([["a", incident({ id: "a", revision: 3, assignee: "Lan" })]]);
    const step = takeIncidents(known, message({ incidents: [incident({ id: "a", revision: 3 })] }));
    expect(step.incidents.get("a")?.assignee).toBe("Lan");
    expect(step.arrived).toEqual([]);
  });

  test("the same delta twice is the same as once", () => {
    const delta = message({ incidents: [incident({ id: "a" }), incident({ id: "b", revision: 2 })] });
    const once = takeIncidents(new Map(), delta).incidents;
    const twice = takeIncidents(once, delta);
    expect(twice.incidents).toEqual(once);
    expect(twice.arrived).toEqual([]);
  });

  test("a snapshot that is older than a command's answer does not undo it", () => {
    const answered = takeOne(new Map(), incident({ id: "a", revision: 5, work_state: "acknowledged" }));
    const step = takeIncidents(
      answered,
      message({ type: "snapshot", incidents: [incident({ id: "a", revision: 4 })] }),
    );
    expect(step.incidents.get("a")?.work_state).toBe("acknowledged");
  });

  test("only what a delta brings anew is news; a snapshot is not", () => {
    const fresh = [incident({ id: "a" })];
    expect(takeIncidents(new Map(), message({ incidents: fresh })).arrived).toEqual(["a"]);
    expect(takeIncidents(new Map(), message({ type: "snapshot", incidents: fresh })).arrived).toEqual([]);
  });

  test("what is over is forgotten after an hour, what is open never", () => {
    const over = incident({ id: "over", condition: "cleared", work_state: "resolved", updated_at: 0 });
    const old = incident({ id: "old", updated_at: 0 });
    const step = takeIncidents(new Map(), message({ now: KEEP_CLOSED + 1, incidents: [over, old] }));
    expect([...step.incidents.keys()]).toEqual(["old"]);
  });
});

test("an incident that still holds stays open although somebody resolved it", () => {
  expect(isOpen(incident({ condition: "active", work_state: "resolved" }))).toBe(true);
  expect(isOpen(incident({ condition: "cleared", work_state: "resolved" }))).toBe(false);
  expect(isOpen(incident({ condition: "cleared", work_state: "new" }))).toBe(true);
  expect(isOpen(incident({ condition: "active", inhibited_by: "larger" }))).toBe(false);
});

test("an incident waits until somebody takes it", () => {
  expect(isWaiting(incident({ work_state: "new" }))).toBe(true);
  expect(isWaiting(incident({ work_state: "acknowledged" }))).toBe(false);
});

test("a snapshot forgets assets that are gone, a delta keeps them", () => {
  const known = new Map([["a", asset({ id: "a" })]]);
  takeAssets(known, message({ assets: [asset({ id: "b" })] }));
  expect([...known.keys()]).toEqual(["a", "b"]);
  takeAssets(known, message({ type: "snapshot", assets: [asset({ id: "b" })] }));
  expect([...known.keys()]).toEqual(["b"]);
});

test("what is not a message of the feed is passed over", () => {
  for (const text of ["", "not json", "[]", "null", '"delta"', '{"type":"other"}'])
    expect(readMessage(text)).toBeNull();
  expect(readMessage('{"type":"delta","now":5}')).toMatchObject({
    incidents: [],
    assets: [],
    health: null,
    now: 5,
  });
});

test("what a larger incident speaks for does not arrive, is kept while it holds, and comes back", () => {
  const folded = incident({ id: "small", inhibited_by: "larger" });
  const step = takeIncidents(new Map(), message({ type: "delta", incidents: [folded] }));
  expect(step.arrived).toEqual([]);
  const later = message({ type: "delta", now: folded.updated_at + 2 * KEEP_CLOSED });
  expect(takeIncidents(step.incidents, later).incidents.has("small")).toBe(true);
  const back = incident({ id: "small", revision: 2 });
  const known = takeIncidents(step.incidents, message({ type: "delta", incidents: [back] })).incidents;
  expect([...known.values()].filter(isOpen).map((one) => one.id)).toEqual(["small"]);
});
