import { describe, expect, test } from "vitest";
import { added, dayAfter, dayOf, keyOf, offered, today } from "../src/cameras/day";
import type { Camera, Counts } from "../src/cameras/protocol";
import { counts as sees } from "../src/cameras/sees";
import type { FullIncident } from "../src/live/protocol";
import { cameraFeatures } from "../src/map/camera-features";
import { picturesOf } from "../src/panel/pictures";
import { asset, incident } from "./things";

const COUNTS: Counts = {
  day: "2026-11-22",
  start: Date.UTC(2026, 10, 21, 17),
  step_ms: 900_000,
  quarters: 3,
  seen: { person: [1, 2, 3], car: [0, 1, 0], bus: [0, 0, 0] },
  most: { person: [1, 4, 2], all: [1, 5, 2] },
  zones: [{ zone: "gate", entered: { person: [1, 0, 1] }, most: {} }],
  lines: [
    {
      line: "door",
      in: { person: [2, 0, 1], car: [0, 0, 4] },
      out: { person: [0, 1, 0] },
      forbidden: { person: [0, 1, 0] },
    },
  ],
};

describe("the counts of a day", () => {
  test("are offered for the picture, its lines and its zones", () => {
    expect(offered(COUNTS).map(keyOf)).toEqual(["picture", "line door", "zone gate"]);
  });

  test("stand by label, the most seen first, and what was never seen is left out", () => {
    const day = dayOf(COUNTS, { kind: "picture" });
    expect(day.up.map((bars) => [bars.label, bars.sum])).toEqual([
      ["person", 6],
      ["car", 1],
    ]);
    expect(day).toMatchObject({ down: null, forbidden: 0, most: 5 });
    expect(dayOf(COUNTS, { kind: "zone", name: "gate" })).toMatchObject({ most: null, up: [{ sum: 2 }] });
  });

  test("of a line say how many went in, out, and the forbidden way", () => {
    const day = dayOf(COUNTS, { kind: "line", name: "door" });
    expect(day.up[0]?.values).toEqual([2, 0, 5]);
    expect(day.down?.values).toEqual([0, 1, 0]);
    expect(day.forbidden).toBe(1);
  });

  test("of many labels show a few, and the rest as one", () => {
    const seen = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((label, n) => [label, [n + 1, 0, 0]]));
    const day = dayOf({ ...COUNTS, seen }, { kind: "picture" });
    expect(day.up.map((bars) => bars.label)).toEqual(["f", "e", "d", "others"]);
    expect(day.up.at(-1)?.sum).toBe(1 + 2 + 3);
    expect(added(seen, 3)).toEqual([21, 0, 0]);
  });

  test("what is not there any more counts nothing, and is no error", () => {
    expect(dayOf(COUNTS, { kind: "line", name: "gone" })).toMatchObject({
      up: [{ sum: 0 }],
      down: { sum: 0 },
    });
  });
});

describe("days", () => {
  test("are those of the city's clock, and follow one another over months", () => {
    const at = Date.UTC(2026, 10, 21, 17, 30);
    expect(today(at, "Asia/Ho_Chi_Minh")).toBe("2026-11-22");
    expect(today(at, "UTC")).toBe("2026-11-21");
    expect(dayAfter("2026-11-30", 1)).toBe("2026-12-01");
    expect(dayAfter("2027-01-01", -1)).toBe("2026-12-31");
  });
});

const camera = (said: Partial<Camera>): Camera =>
  ({
    id: "cam-9",
    state: "live",
    silent: false,
    look_for: ["objects"],
    people: 4,
    place: { lat: 11.94, lon: 108.44, heading: 90, angle: 60, range_m: 50 },
    ...said,
  }) as Camera;

describe("cameras on the map", () => {
  const shown = (said: Partial<Camera>, chosen: readonly string[] = []) =>
    cameraFeatures(new Map([["cam-9", camera(said)]]), [], new Set(chosen), 0);

  test("tell where they look and how many people they see", () => {
    const { fields, people } = shown({}, ["cam-9"]);
    expect(fields.features[0]?.properties).toEqual({ id: "cam-9", chosen: 1 });
    expect(people.features[0]?.properties).toEqual({ id: "cam-9", people: 4 });
    expect(shown({ place: null }).fields.features).toEqual([]);
  });

  test("that see nothing say nothing of people: none counted is not nobody there", () => {
    for (const said of [
      { state: "dark" },
      { state: "unreachable" },
      { state: "frozen" },
      { silent: true },
      { look_for: ["smoke"] },
    ] as const) {
      expect(sees(camera(said))).toBe(false);
      expect(shown(said).people.features).toEqual([]);
    }
    expect(sees(camera({ state: "moved" }))).toBe(true);
    expect(shown({ people: 0 }).people.features).toEqual([]);
  });

  test("that detect by themselves count by what they said, for as long as it holds", () => {
    const said = asset({ id: "frigate-1", values: { count_person: 7 }, at: 1_000_000 });
    const at = (now: number) => cameraFeatures(new Map(), [said], new Set(), now).people.features;
    expect(at(1_060_000)[0]?.properties).toEqual({ id: "frigate-1", people: 7 });
    expect(at(1_200_000)).toEqual([]);
    // Of a camera of ours that value may be one zone's.
    const ours = asset({ id: "cam-9", values: { count_person: 2 }, at: 0 });
    const both = cameraFeatures(new Map([["cam-9", camera({})]]), [ours], new Set(), 0);
    expect(both.people.features.map((one) => one.properties?.people)).toEqual([4]);
  });
});

describe("the pictures of an incident", () => {
  const event = (at: number, values: Readonly<Record<string, string | number>>) => ({
    id: `e${at}`,
    kind: "camera",
    asset: "cam-1",
    at,
    zone: null,
    signal: null,
    codec: "ioc",
    values,
  });
  const full = (said: Partial<FullIncident>): FullIncident => ({
    ...incident(),
    evidence: [],
    numbers: {},
    timeline: [],
    speaks_for: [],
    members: [],
    ...said,
  });

  test("are those that the server names", () => {
    const named = [{ id: "person/2026-11-22/a-1-ab.jpg", asset: "a", at: 5, box: null }];
    expect(picturesOf(full({ pictures: named }))).toEqual(named);
  });

  test("else those that its evidence carries, the newest first, each once, and none of others' making", () => {
    const evidence = [
      event(1, { picture: "person/2026-11-22/cam-1-1-ab.jpg", box: "0.1,0.1,0.2,0.2" }),
      event(2, { picture: "http://elsewhere/spy.jpg" }),
      event(3, { picture: "../../etc/passwd" }),
      event(4, { picture: "scene/2026-11-22/cam-1-4-cd.jpg", box: "none" }),
      event(5, { picture: "scene/2026-11-22/cam-1-4-cd.jpg", box: "0,0,1,1" }),
    ];
    expect(picturesOf(full({ evidence })).map((one) => [one.at, one.box])).toEqual([
      [5, [0, 0, 1, 1]],
      [1, [0.1, 0.1, 0.2, 0.2]],
    ]);
    expect(picturesOf(full({}))).toEqual([]);
  });
});
