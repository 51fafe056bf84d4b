import { describe, expect, test } from "vitest";
import { EVERYTHING, isNarrow, matcher, within } from "../src/list/filter";
import { hold } from "../src/list/holding";
import { compare, counts, grouped, rank } from "../src/list/order";
import { incident, TREE } from "./things";

describe("order", () => {
  test("the worst comes first, and of the same severity the newest", () => {
    const shuffled = [
      incident({ id: "old", severity: "major", raised_at: 1 }),
      incident({ id: "info", severity: "info", raised_at: 9 }),
      incident({ id: "new", severity: "major", raised_at: 5 }),
      incident({ id: "worst", severity: "critical", raised_at: 0 }),
    ];
    expect(shuffled.sort(compare).map((one) => one.id)).toEqual(["worst", "new", "old", "info"]);
  });

  test("the order never depends on the order of arrival", () => {
    const [a, b] = [incident({ id: "a" }), incident({ id: "b" })];
    expect([a, b].sort(compare)).toEqual([b, a].sort(compare));
  });

  test("empty groups are left out, and all incidents are in one", () => {
    const some = [incident({ id: "a", severity: "minor" }), incident({ id: "b", severity: "critical" })];
    expect(grouped(some).map((group) => [group.severity, group.incidents.length])).toEqual([
      ["critical", 1],
      ["minor", 1],
    ]);
  });

  test("a severity that the page does not know is shown as the least, not lost", () => {
    const odd = incident({ severity: "catastrophic" as never });
    expect(rank("catastrophic")).toBe(4);
    expect(grouped([odd])[0]?.severity).toBe("info");
    expect(counts([odd]).info).toBe(1);
  });
});

describe("filters", () => {
  test("an area holds the areas within it", () => {
    expect(within("lam-dong", TREE)).toEqual(new Set(["lam-dong", "xuan-huong", "cam-ly"]));
    const province = matcher({ ...EVERYTHING, area: "lam-dong" }, TREE);
    expect(province(incident({ area: "cam-ly" }))).toBe(true);
    expect(province(incident({ area: null }))).toBe(false);
  });

  test("a hidden severity and another kind are out", () => {
    expect(matcher({ ...EVERYTHING, hidden: new Set(["critical"]) }, TREE)(incident())).toBe(false);
    expect(matcher({ ...EVERYTHING, kind: "wifi" }, TREE)(incident())).toBe(false);
  });

  test.each([
    ["open", "new", "active", true],
    ["open", "resolved", "cleared", false],
    ["new", "new", "cleared", true],
    ["new", "acknowledged", "active", false],
    ["taken", "acknowledged", "active", true],
    ["cleared", "acknowledged", "cleared", true],
    ["cleared", "new", "active", false],
    ["resolved", "resolved", "cleared", true],
  ] as const)("'%s' and an incident that is %s and %s: %s", (state, work_state, condition, shown) => {
    expect(matcher({ ...EVERYTHING, state }, TREE)(incident({ work_state, condition }))).toBe(shown);
  });

  test("a filter that lets all open ones through is not narrow", () => {
    expect(isNarrow(EVERYTHING)).toBe(false);
    expect(isNarrow({ ...EVERYTHING, kind: "wifi" })).toBe(true);
  });
});

describe("holding back", () => {
  test("what arrives waits while the list is being read", () => {
    expect(hold(new Set(["a"]), ["b"], true)).toEqual(new Set(["a", "b"]));
  });

  test("what arrives is shown at once while nobody reads", () => {
    expect(hold(new Set(), ["b"], false)).toEqual(new Set());
  });
});
