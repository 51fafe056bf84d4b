import { describe, expect, test } from "vitest";
import { whatIfFeatures } from "../src/map/what-if-features";
import { APART, BIN, folded, lanes, markAt, places, tally } from "../src/rules/pictures/lanes";
import {
  barHeight,
  DAY,
  differsWidely,
  HOUR,
  MINUTE,
  numberTicks,
  onStep,
  placeOf,
  roundStep,
  shareThatFits,
  shifted,
  timeTicks,
  zoneOffset,
  zoomed,
} from "../src/rules/pictures/scale";
import type { Change, WhatIfAlert } from "../src/rules/protocol";

const ZONE = "Asia/Ho_Chi_Minh";
const MONDAY = Date.UTC(2026, 10, 15, 17); // midnight in Da Lat
const whole = { from: MONDAY, to: MONDAY + 7 * DAY };

const alert = (change: Change, at: number, more: Partial<WhatIfAlert> = {}): WhatIfAlert => ({
  change,
  key: "air-1",
  name: "Hồ Xuân Hương",
  asset: "air-1",
  lat: 11.94,
  lon: 108.44,
  raised_at: MONDAY + at,
  cleared_at: MONDAY + at + HOUR,
  was: null,
  numbers: {},
  ...more,
});

describe("a part of the time", () => {
  test("is magnified around the instant under the pointer", () => {
    const around = MONDAY + 2 * DAY;
    const closer = zoomed(whole, whole, around, 0.5);
    expect(closer.to - closer.from).toBe(3.5 * DAY);
    expect((around - closer.from) / (closer.to - closer.from)).toBeCloseTo(2 / 7);
  });

  test("never leaves the whole, and is never closer than ten minutes", () => {
    expect(zoomed(whole, whole, MONDAY, 4)).toEqual(whole);
    const closest = zoomed(whole, whole, MONDAY, 1e-9);
    expect(closest).toEqual({ from: MONDAY, to: MONDAY + 10 * MINUTE });
    expect(shifted({ from: MONDAY, to: MONDAY + DAY }, whole, -DAY)).toEqual({
      from: MONDAY,
      to: MONDAY + DAY,
    });
    expect(shifted({ from: MONDAY, to: MONDAY + DAY }, whole, 70 * DAY).to).toBe(whole.to);
  });
});

describe("ticks", () => {
  test("of time lie on the city's round hours, whatever the browser's zone", () => {
    expect(zoneOffset(MONDAY, ZONE)).toBe(7 * HOUR);
    const days = timeTicks(whole, 8, "en", ZONE);
    expect(days.map((tick) => tick.label)).toEqual([
      "16/11",
      "17/11",
      "18/11",
      "19/11",
      "20/11",
      "21/11",
      "22/11",
      "23/11",
    ]);
    const hours = timeTicks({ from: MONDAY + 50 * MINUTE, to: MONDAY + 7 * HOUR }, 4, "en", ZONE);
    expect(hours.map((tick) => tick.label)).toEqual(["02:00", "04:00", "06:00"]);
  });

  test("of numbers are round", () => {
    expect(numberTicks(0, 340, 4)).toEqual([0, 100, 200, 300]);
    expect(numberTicks(-0.25, 0.31, 5)).toEqual([-0.2, 0, 0.2]);
    expect(roundStep(340, 200)).toBe(2);
    expect(roundStep(0, 10)).toBe(1);
    expect(onStep(0.30000000000000004, 0.1)).toBe(0.3);
    expect(onStep(151.3, 2)).toBe(152);
  });
});

describe("lanes", () => {
  test("hold the alerts that meet the view, also where they were before", () => {
    const alerts = [
      alert("same", HOUR),
      alert("added", -5 * HOUR),
      alert("moved", DAY, { was: { raised_at: MONDAY + 2 * HOUR, cleared_at: MONDAY + 3 * HOUR } }),
    ];
    const laid = lanes(alerts, { from: MONDAY, to: MONDAY + 10 * HOUR }, 1000);
    expect(laid.map((lane) => [lane.change, lane.count])).toEqual([
      ["added", 0],
      ["gone", 0],
      ["moved", 1],
      ["same", 1],
    ]);
    expect(laid[3]?.marks[0]).toMatchObject({ x: 100, width: 100 });
    expect(laid[2]?.marks[0]?.was).toMatchObject({ x: 200, width: 100 });
  });

  test("count alerts that lie too close to be told apart, and lose none", () => {
    const many = Array.from({ length: APART + 1 }, (_, index) => alert("added", index * MINUTE));
    const [added] = lanes(many, whole, 700);
    expect(added?.marks).toEqual([]);
    expect(added?.bins?.length).toBe(700 / BIN);
    expect(added?.bins?.reduce((sum, count) => sum + count, 0)).toBe(APART + 1);
  });

  test("give the mark under the pointer, the nearest beginning first", () => {
    const [, gone] = lanes(
      [alert("gone", 0), alert("gone", 30 * MINUTE)],
      { from: MONDAY, to: MONDAY + 10 * HOUR },
      1000,
    );
    if (gone === undefined) throw new Error("no lane");
    expect(markAt(gone, 60, 4)?.alert.raised_at).toBe(MONDAY + 30 * MINUTE);
    expect(markAt(gone, 10, 4)?.alert.raised_at).toBe(MONDAY);
    expect(markAt(gone, 153, 4)?.alert.raised_at).toBe(MONDAY + 30 * MINUTE);
    expect(markAt(gone, 155, 4)).toBeNull();
  });

  test("fold counts so that they fit, and lose none", () => {
    expect(folded([1, 2, 3, 4, 5], 2)).toEqual({ counts: [6, 9], of: 3 });
    expect(folded([1, 2], 5)).toEqual({ counts: [1, 2], of: 1 });
  });
});

describe("values", () => {
  test("are drawn by their logarithm where they differ widely", () => {
    expect(differsWidely([0, 1, 59])).toBe(false);
    expect(differsWidely([0, 1, 61])).toBe(true);
    expect(barHeight(0, 100, true)).toBe(0);
    expect(barHeight(100, 100, true)).toBe(1);
    expect(barHeight(1, 1000, true)).toBeGreaterThan(0.05);
  });

  test("have a place among the edges, and stay within them", () => {
    expect([-5, 0, 5, 10, 20].map((value) => placeOf(value, [0, 10]))).toEqual([0, 0, 0.5, 1, 1]);
  });

  test("count in part where a limit cuts their bar", () => {
    const edges = [0, 10, 20];
    expect(shareThatFits(edges, [30, 10], ">", 15)).toBeCloseTo(5 / 40);
    expect(shareThatFits(edges, [30, 10], "<=", 15)).toBeCloseTo(35 / 40);
    expect(shareThatFits(edges, [0, 0], ">", 15)).toBe(0);
    expect(shareThatFits(edges, [30, 10], ">", -3)).toBe(1);
  });
});

describe("on the map", () => {
  const alerts = [
    alert("same", 0),
    alert("gone", HOUR),
    alert("moved", 2 * HOUR),
    alert("moved", 3 * HOUR),
    alert("same", 0, { asset: null, key: "zone-1", lat: 11.9, lon: 108.4 }),
    alert("added", 0, { asset: "air-2", lat: null, lon: null }),
  ];

  test("alerts of one place share a sign: what is new, or gone, before what stays", () => {
    expect(places(alerts)).toEqual([
      {
        id: "air-1",
        name: "Hồ Xuân Hương",
        at: [108.44, 11.94],
        counts: { same: 1, added: 0, gone: 1, moved: 2 },
        most: "gone",
      },
      {
        id: "11.90000,108.40000",
        name: "Hồ Xuân Hương",
        at: [108.4, 11.9],
        counts: { same: 1, added: 0, gone: 0, moved: 0 },
        most: "same",
      },
    ]);
  });

  test("the text beside a sign says what the sign does not", () => {
    const counts = { same: 4, added: 0, gone: 0, moved: 0 };
    expect(tally(counts)).toBe("4");
    expect(tally({ ...counts, same: 1 })).toBe("");
    expect(tally({ ...counts, added: 1 })).toBe("");
    expect(tally({ ...counts, added: 3 })).toBe("3");
    expect(tally({ ...counts, added: 3, moved: 5 })).toBe("3");
    expect(tally({ ...counts, added: 3, gone: 1, moved: 5 })).toBe("+3 −1");
  });

  test("the chosen place is marked", () => {
    const drawn = whatIfFeatures(places(alerts), "air-1");
    expect(drawn.features.map((feature) => feature.properties?.chosen)).toEqual([1, 0]);
  });
});
