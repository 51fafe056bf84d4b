import { describe, expect, test } from "vitest";
import {
  addLine,
  addZone,
  cornersOf,
  deleteCorner,
  freeName,
  hit,
  insertCorner,
  moveCorner,
  moveShape,
  problems,
  remove,
  type Shape,
  turnLine,
} from "../src/cameras/drawing";
import { fieldOfView, wedge } from "../src/cameras/field";
import {
  area,
  contains,
  crossesItself,
  type Geometry,
  labelPlace,
  NOTHING_DRAWN,
  type Point,
  readBox,
  wayIn,
} from "../src/cameras/geometry";
import { begin, redo, rest, step, undo } from "../src/cameras/history";
import { readSeen } from "../src/cameras/protocol";

const SQUARE: readonly Point[] = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];
const SMALL: readonly Point[] = [
  [0.4, 0.4],
  [0.5, 0.4],
  [0.5, 0.5],
];
const WIDE = { width: 1600, height: 900 };
const zone = (index: number): Shape => ({ kind: "zone", index });
const line = (index: number): Shape => ({ kind: "line", index });
const drawn: Geometry = addLine(
  addZone(addZone(NOTHING_DRAWN, SQUARE, "Vùng"), SMALL, "Vùng"),
  [0.1, 0.9],
  [0.9, 0.9],
  "Vạch",
);

describe("boxes as events write them", () => {
  test("come back as four shares", () => {
    expect(readBox("0.310,0.200,0.390,0.860")).toEqual([0.31, 0.2, 0.39, 0.86]);
    expect(readBox([0, 0, 1, 1])).toEqual([0, 0, 1, 1]);
  });

  test("what is none is none", () => {
    for (const none of ["", "1,2,3", "0.5,0.5,0.4,0.9", "0,0,2,1", "a,b,c,d", null, 7, [0, 0, 1]]) {
      expect(readBox(none)).toBeNull();
    }
    const seen = readSeen([
      { label: "person", score: 0.9, box: "0.1,0.1,0.2,0.4", track: "a-1" },
      { box: 1 },
      null,
    ]);
    expect(seen).toEqual([{ label: "person", score: 0.9, box: [0.1, 0.1, 0.2, 0.4], track: "a-1" }]);
  });
});

describe("shapes", () => {
  test("know their inside, whichever way round they are drawn", () => {
    for (const polygon of [SQUARE, [...SQUARE].reverse()]) {
      expect(area(polygon)).toBeCloseTo(0.36);
      expect(contains(polygon, [0.5, 0.5])).toBe(true);
      expect(contains(polygon, [0.1, 0.5])).toBe(false);
      expect(crossesItself(polygon)).toBe(false);
    }
    const bow = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]] as Point[];
    expect(crossesItself(bow)).toBe(true);
  });

  test("of a bent zone the name stands on it and not beside it", () => {
    const bent: Point[] = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0.95, 1],
      [0.95, 0.05],
      [0, 0.05],
    ];
    const at = labelPlace(bent);
    expect(contains(bent, at) || bent.includes(at)).toBe(true);
    expect(labelPlace(SQUARE)).toEqual([0.5, 0.5]);
  });

  test("in is from the left hand to the right of who looks along the line", () => {
    const close = ([x, y]: Point, to: Point): void => {
      expect([x, y][0]).toBeCloseTo(to[0]);
      expect([x, y][1]).toBeCloseTo(to[1]);
    };
    // Along the picture to the right, the right hand is towards its lower edge.
    close(wayIn([0.1, 0.5], [0.9, 0.5], WIDE), [0, 1]);
    close(wayIn([0.9, 0.5], [0.1, 0.5], WIDE), [0, -1]);
    close(wayIn([0.5, 0.1], [0.5, 0.9], WIDE), [-1, 0]);
    const turned = turnLine(drawn, 0).lines[0];
    expect(turned && [turned.from, turned.to]).toEqual([drawn.lines[0]?.to, drawn.lines[0]?.from]);
  });
});

describe("drawing", () => {
  test("a new shape has a name that no other has", () => {
    expect(drawn.zones.map((one) => one.zone)).toEqual(["Vùng 1", "Vùng 2"]);
    expect(freeName("Vùng", ["Vùng 1", "Vùng 3"])).toBe("Vùng 2");
    expect(problems(drawn)).toEqual([]);
  });

  test("corners are moved, put in and taken out, and three always stay", () => {
    const moved = moveCorner(drawn, zone(0), 0, [-0.4, 0.123456]);
    expect(cornersOf(moved, zone(0))[0]).toEqual([0, 0.1235]);
    const more = insertCorner(drawn, zone(1), 2, [0.45, 0.45]);
    expect(cornersOf(more, zone(1))).toHaveLength(4);
    expect(cornersOf(more, zone(1))[3]).toEqual([0.45, 0.45]);
    expect(deleteCorner(more, zone(1), 3)).toEqual(drawn);
    expect(deleteCorner(drawn, zone(1), 0)).toBe(drawn);
    expect(insertCorner(drawn, line(0), 0, [0.5, 0.5])).toBe(drawn);
    expect(deleteCorner(drawn, line(0), 0)).toBe(drawn);
  });

  test("a whole shape stays in the picture and keeps its form", () => {
    const moved = cornersOf(moveShape(drawn, zone(0), [0.7, -0.1]), zone(0));
    expect(moved[0]).toEqual([0.4, 0.1]);
    expect(moved[2]).toEqual([1, 0.7]);
    expect(area(moved)).toBeCloseTo(area(SQUARE));
  });

  test("what is taken away leaves the others as they are", () => {
    expect(remove(drawn, zone(0)).zones.map((one) => one.zone)).toEqual(["Vùng 2"]);
    expect(remove(drawn, line(0)).lines).toEqual([]);
    expect(remove({ ...drawn, region: SQUARE }, { kind: "region" }).region).toEqual([]);
  });

  test("what the server would refuse is said before it is sent", () => {
    const kinds = (geometry: Geometry) => problems(geometry).map((one) => [one.kind, one.grave]);
    const named = (name: string): Geometry => ({
      ...drawn,
      lines: [{ ...drawn.lines[0], line: name } as never],
    });
    for (const name of ["", " gate", "gate\u202e", "a\tb", "x".repeat(65)]) {
      expect(kinds(named(name))).toEqual([["name", true]]);
    }
    expect(kinds(named("Cổng chính – hướng Đông"))).toEqual([]);
    const twice = { ...drawn, zones: drawn.zones.map((one) => ({ ...one, zone: "a" })) };
    expect(kinds(twice)).toEqual([["twice", true]]);
    expect(kinds(moveCorner(drawn, line(0), 0, [0.895, 0.9]))).toEqual([["short", true]]);
    expect(kinds({ ...NOTHING_DRAWN, region: [SQUARE[0], SQUARE[0], SQUARE[1]] as Point[] })).toEqual([
      ["flat", true],
    ]);
    const bow = addZone(NOTHING_DRAWN, [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]] as Point[], "a");
    expect(area(bow.zones[0]?.polygon ?? [])).toBeCloseTo(0);
    const crossed = moveCorner(drawn, zone(0), 0, [0.99, 0.5]);
    expect(kinds(crossed)).toEqual([["crossed", false]]);
    expect(kinds({ ...drawn, zones: [{ ...drawn.zones[0], dwell_s: 0 } as never] })).toEqual([
      ["dwell", true],
    ]);
  });
});

describe("what a pointer meets", () => {
  const at = (place: Point, chosen: Shape | null = null) => hit(drawn, place, chosen, WIDE, 8);

  test("of two zones the smaller one", () => {
    expect(at([0.45, 0.42])).toMatchObject({ on: "inside", shape: zone(1) });
    expect(at([0.7, 0.7])).toMatchObject({ on: "inside", shape: zone(0) });
    expect(at([0.05, 0.05])).toBeNull();
  });

  test("of the chosen shape its corners, then its edges, then its inside", () => {
    expect(at([0.201, 0.201], zone(0))).toEqual({ on: "corner", shape: zone(0), corner: 0 });
    expect(at([0.5, 0.203], zone(0))).toMatchObject({ on: "edge", shape: zone(0), corner: 0 });
    expect(at([0.45, 0.42], zone(0))).toMatchObject({ on: "inside", shape: zone(0) });
    expect(at([0.201, 0.201])).toMatchObject({ on: "inside", shape: zone(0) });
  });

  test("a line by its ends and along it, and the region by its edge alone", () => {
    expect(at([0.1, 0.9])).toEqual({ on: "corner", shape: line(0), corner: 0 });
    expect(at([0.5, 0.905])).toMatchObject({ on: "edge", shape: line(0) });
    const whole = { ...NOTHING_DRAWN, region: SQUARE };
    expect(hit(whole, [0.5, 0.5], null, WIDE, 8)).toBeNull();
    expect(hit(whole, [0.5, 0.2], null, WIDE, 8)).toMatchObject({ on: "edge", shape: { kind: "region" } });
  });

  test("nearness is measured on the screen, whatever the picture's form", () => {
    const upright = { width: 200, height: 2000 };
    expect(hit(drawn, [0.23, 0.2], zone(0), upright, 8)).toMatchObject({ on: "corner" });
    expect(hit(drawn, [0.2, 0.23], zone(0), upright, 8)).toMatchObject({ on: "edge" });
  });
});

describe("undo", () => {
  test("goes back and forth, and forgets the future when something else is done", () => {
    const three = step(step(begin(1), 2), 3);
    expect(undo(undo(three)).now).toBe(1);
    expect(undo(undo(undo(three))).now).toBe(1);
    expect(redo(undo(three)).now).toBe(3);
    expect(redo(three)).toBe(three);
    expect(redo(step(undo(three), 7)).now).toBe(7);
  });

  test("a drag and a typed name are one step each", () => {
    const dragged = step(step(step(begin("a"), "b", "corner 1"), "c", "corner 1"), "d", "corner 1");
    expect(undo(dragged).now).toBe("a");
    expect(undo(step(rest(dragged), "e", "corner 1")).now).toBe("d");
    expect(undo(step(dragged, "e", "corner 2")).now).toBe("d");
  });

  test("what changes nothing is no step", () => {
    const one = begin(drawn);
    expect(step(one, deleteCorner(drawn, zone(1), 0))).toBe(one);
  });
});

describe("a field of view", () => {
  const place = { lat: 11.94, lon: 108.44, heading: 90, angle: 60, range_m: 100 };

  test("reaches as far as the camera sees, the way it looks", () => {
    const corners = fieldOfView(place) ?? [];
    expect(corners[0]).toEqual([108.44, 11.94]);
    expect(corners.at(-1)).toEqual(corners[0]);
    const lons = corners.map(([lon]) => lon);
    const metres = (Math.max(...lons) - 108.44) * 111_195 * Math.cos((11.94 * Math.PI) / 180);
    expect(metres).toBeCloseTo(100, 0);
    expect(Math.min(...lons)).toBe(108.44);
  });

  test("is not drawn where nobody said where it looks", () => {
    expect(fieldOfView({ ...place, heading: null })).toBeNull();
    expect(fieldOfView({ ...place, range_m: 0 })).toBeNull();
  });

  test("all round is a ring without a corner in the middle", () => {
    const ring = fieldOfView({ ...place, angle: 360 }) ?? [];
    expect(ring.some(([lon, lat]) => lon === 108.44 && lat === 11.94)).toBe(false);
    expect(wedge(0, 360)).not.toContain("M0 0");
    expect(wedge(0, 90)).toMatch(/^M0 0L-0.7071 -0.7071A1 1 0 0 1 0.7071 -0.7071Z$/);
  });
});
