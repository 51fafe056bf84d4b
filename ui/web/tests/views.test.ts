import { describe, expect, test } from "vitest";
import { ALL, CHUNK, isNarrow, partInSight, queryOf, rowsInSight, sorted } from "../src/devices/ask";
import { heights, rateFigure } from "../src/devices/rate";
import { en } from "../src/i18n/en";
import { vi as vietnamese } from "../src/i18n/vi";
import type { Device } from "../src/live/protocol";
import { base64Of, bytesOf, hexLines, readable, starter } from "../src/rejected/bytes";
import { visible, visibleLines } from "../src/shared/visible";
import { readHash, writeHash } from "../src/view";

describe("the address says which view is shown", () => {
  test("a view and the open device come back from it as they went in", () => {
    for (const place of [
      { view: "map", camera: null, device: null, rule: null },
      { view: "devices", camera: null, device: null, rule: null },
      { view: "devices", camera: null, device: "dam/gate 3 #đ", rule: null },
      { view: "rules", camera: null, device: null, rule: null },
      { view: "rules", camera: null, device: null, rule: "dust:2.b" },
      { view: "rejected", camera: null, device: null, rule: null },
      { view: "cameras", camera: null, device: null, rule: null },
      { view: "cameras", camera: "cổng/gate 1", device: null, rule: null },
    ] as const) {
      expect(readHash(writeHash(place))).toEqual(place);
    }
  });

  test("an address that nobody wrote is the map, and never an error", () => {
    expect(readHash("#what")).toEqual({ view: "map", camera: null, device: null, rule: null });
    expect(readHash("#devices/%E0%A4%A")).toEqual({
      view: "devices",
      camera: null,
      device: null,
      rule: null,
    });
  });

  test("an id with slashes in it may be typed as it is", () => {
    expect(readHash("#devices/dam/gate-3").device).toBe("dam/gate-3");
    expect(readHash("#/rules/fire").rule).toBe("fire");
    expect(readHash("#cameras/cam:1").camera).toBe("cam:1");
  });
});

describe("asking for devices", () => {
  test("only what narrows is said", () => {
    expect(queryOf(ALL, { offset: 0, count: 50 })).toBe("sort=status&offset=0&limit=50");
    const narrow = {
      ...ALL,
      text: " hồ ",
      kind: "camera",
      status: "silent",
      by: "gaps",
      descending: true,
    } as const;
    const query = new URLSearchParams(queryOf(narrow, { offset: 50, count: 100 }));
    expect(Object.fromEntries(query)).toEqual({
      q: "hồ",
      kind: "camera",
      status: "silent",
      sort: "-gaps",
      offset: "50",
      limit: "100",
    });
    expect([isNarrow(ALL), isNarrow(narrow), isNarrow({ ...ALL, text: "  " })]).toEqual([false, true, false]);
  });

  test("a column sorts its telling end first, and turns round when it is asked again", () => {
    expect(sorted(ALL, "gaps")).toMatchObject({ by: "gaps", descending: true });
    expect(sorted(ALL, "name")).toMatchObject({ by: "name", descending: false });
    expect(sorted(sorted(ALL, "name"), "name").descending).toBe(true);
  });

  test("whatever is in sight is within the part that is asked for", () => {
    for (const top of [0, 100, 44 * 49, 44 * 50, 44 * 9_990]) {
      const part = partInSight(top, 900, 44);
      const [first, last] = rowsInSight(top, 900, 44, 10_000);
      expect(part.offset % CHUNK).toBe(0);
      expect(part.offset).toBeLessThanOrEqual(first);
      expect(part.offset + part.count).toBeGreaterThanOrEqual(last);
      expect(part.count).toBeLessThanOrEqual(500);
    }
  });

  test("of ten thousand rows only those in sight are drawn", () => {
    const [first, last] = rowsInSight(44 * 5_000, 880, 44, 10_000);
    expect([first, last - first]).toEqual([4_996, 28]);
    expect(rowsInSight(0, 880, 44, 3)).toEqual([0, 3]);
  });
});

describe("how often a device speaks", () => {
  const device = (perMinute: number, hour: number[]): Device =>
    ({ events_per_minute: perMinute, last_hour: hour }) as unknown as Device;

  test("is said by the minute where that says something, else by the hour", () => {
    expect(rateFigure(device(12.4, [62]), "en", en)).toBe("12/min");
    expect(rateFigure(device(1.25, [6]), "vi", vietnamese)).toBe("1,3/phút");
    expect(rateFigure(device(0.2, [0, 1, 3]), "en", en)).toBe("4/h");
    expect(rateFigure(device(0, []), "en", en)).toBe("–");
  });

  test("whoever spoke at all has a bar that is seen", () => {
    expect(heights([0, 1, 1_000], 16)).toEqual([0, 1.5, 16]);
    expect(heights([0, 0], 16)).toEqual([0, 0]);
  });
});

describe("first bytes", () => {
  test("are lines of sixteen, with what is a letter beside them", () => {
    const bytes = Uint8Array.from([0xff, 0xd8, 0x41, 0x0a, ...new Array(14).fill(0x30)]);
    expect(hexLines(bytes)).toEqual([
      {
        offset: "0000",
        hex: `ff d8 41 0a ${new Array(12).fill("30").join(" ")}`,
        letters: "··A·000000000000",
      },
      { offset: "0010", hex: "30 30", letters: "00" },
    ]);
    expect(bytesOf(base64Of(bytes))).toEqual(bytes);
    expect(hexLines(new Uint8Array())).toEqual([]);
  });

  test("JSON is laid out, and what was cut off stays as it is", () => {
    expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(readable('{"a":1')).toBe('{"a":1');
    expect(readable("21,5")).toBe("21,5");
  });

  test("what cannot be seen is shown, and cannot turn the line around", () => {
    expect(visible("a\u0000b\u202ec\n")).toBe("a␀b⟨202e⟩c␊");
    expect(visibleLines("a\n\tb\r")).toBe("a\n\tb␍");
    expect(visible("Đà Lạt")).toBe("Đà Lạt");
  });
});

describe("the beginning of a codec", () => {
  test("captures the device and names the plain fields", () => {
    expect(starter("hall/heat-7/state", '{"t": 215, "ok": true, "deep": {"x": 1}}')).toBe(
      [
        "codec: hall",
        "kind: sensor",
        "messages:",
        "  - name: report",
        '    topics: "hall/{device}/state"',
        '    asset: "{device}"',
        "    values:",
        "      t: t",
        "      ok: ok",
        "",
      ].join("\n"),
    );
  });

  test("shows what a field looks like where the payload is no object", () => {
    expect(starter("a", "21,5")).toContain("      value: value");
  });
});
