import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  betterClear,
  type Form,
  readForm,
  readMeasure,
  readSimple,
  readValue,
  withField,
} from "../src/rules/form";
import { comparisons, numberRange, plain, ruleCount, withNumber } from "../src/rules/text";

const DUST = `# What the environment sensors measure.
- rule: dust   # fine dust
  title:
    vi: "Bụi mịn {pm25:.0f} µg/m³ tại {asset.name}"
    en: "Fine dust {pm25:.0f} µg/m³ at {asset.name}"
  note: >
    A minute of it in a street is smoke,
    and somebody should look.
  severity: major
  # outdoors only
  from: sensor
  per: asset
  threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120, clear_for: 30 s}  # twice the limit
  lateness: 2 s
`;
const FIRE = `- rule: fire
  severity: critical
  together:
    smoke: {from: camera, where: label = 'smoke' and score >= 0.6}
    heat: {from: [sensor, network], where: temp_c > 60}
    within: 30 s
    near: 200 m
    clear_after: 60 s
`;
const CROWD = `- rule: crowd
  from: camera
  where: label = 'person'
  per: zone
  window: {over: 60 s, value: count(*), raise: ">= 5", clear: "< 3"}
`;

const form = (text: string): Form => {
  const read = readForm(text);
  if (typeof read === "string") throw new Error(read);
  return read;
};

describe("a form shows what a rule says", () => {
  test("of a threshold, and names what it leaves to the text", () => {
    expect(form(DUST)).toEqual({
      name: "dust",
      kind: "threshold",
      title: {
        vi: "Bụi mịn {pm25:.0f} µg/m³ tại {asset.name}",
        en: "Fine dust {pm25:.0f} µg/m³ at {asset.name}",
      },
      severity: "major",
      from: ["sensor"],
      where: "",
      per: ["asset"],
      watch: { raise: "pm25 > 150", for: "60 s", clear: "pm25 <= 120", clear_for: "30 s" },
      sides: [],
      beyond: ["note", "lateness"],
    });
  });

  test("of two things at once, each with a name of its own", () => {
    expect(form(FIRE)).toMatchObject({
      kind: "together",
      watch: { within: "30 s", near: "200 m", clear_after: "60 s" },
      sides: [
        { name: "smoke", from: ["camera"], where: "label = 'smoke' and score >= 0.6" },
        { name: "heat", from: ["sensor", "network"], where: "temp_c > 60" },
      ],
      beyond: [],
    });
  });

  test("of a rule that stands by itself, with one title for both languages", () => {
    const alone = "rule: silent\ntitle: Silent\nfrom: wifi\nabsence: {after: 2 min, oddly: 3}\n";
    expect(form(alone)).toMatchObject({
      title: { vi: "Silent", en: "Silent" },
      watch: { after: "2 min" },
      beyond: ["absence.oddly"],
    });
  });

  test("and there is none where there is not one rule that can be read", () => {
    expect(readForm("- rule: [")).toBe("unreadable");
    expect(readForm("just words")).toBe("unreadable");
    expect(readForm(DUST + FIRE)).toBe("several");
    expect([ruleCount(DUST), ruleCount(DUST + FIRE), ruleCount("a: [")]).toEqual([1, 2, 0]);
  });
});

describe("a field that is written changes nothing else", () => {
  /** The lines that differ, with their marks. */
  const differ = (before: string, after: string): string[] => {
    const [old, fresh] = [before.split("\n"), after.split("\n")];
    return [
      ...old.filter((line) => !fresh.includes(line)).map((line) => `-${line}`),
      ...fresh.filter((line) => !old.includes(line)).map((line) => `+${line}`),
    ];
  };

  test("where it was there already", () => {
    expect(differ(DUST, withField(DUST, ["threshold", "for"], "5 min"))).toEqual([
      "-  threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120, clear_for: 30 s}  # twice the limit",
      "+  threshold: {raise: pm25 > 150, for: 5 min, clear: pm25 <= 120, clear_for: 30 s}  # twice the limit",
    ]);
    expect(differ(DUST, withField(DUST, ["title", "vi"], 'Bụi "mịn" tại {key}'))).toEqual([
      '-    vi: "Bụi mịn {pm25:.0f} µg/m³ tại {asset.name}"',
      '+    vi: "Bụi \\"mịn\\" tại {key}"',
    ]);
    expect(differ(FIRE, withField(FIRE, ["together", "heat", "from"], ["sensor"]))).toEqual([
      "-    heat: {from: [sensor, network], where: temp_c > 60}",
      "+    heat: {from: sensor, where: temp_c > 60}",
    ]);
  });

  test("where it was not there: it comes to its usual place", () => {
    expect(differ(DUST, withField(DUST, ["where"], "zone = 'market'"))).toEqual([
      "+  where: zone = 'market'",
    ]);
    expect(withField(DUST, ["where"], "zone = 'market'")).toContain(
      "from: sensor\n  where: zone = 'market'\n  per:",
    );
    expect(withField("- rule: a\n  from: wifi\n  absence: {after: 2 min}", ["severity"], "info")).toBe(
      "- rule: a\n  severity: info\n  from: wifi\n  absence: {after: 2 min}",
    );
    const short = "- rule: heat\n  from: sensor\n  threshold: {raise: temp_c > 45}\n";
    expect(withField(short, ["threshold", "clear"], "temp_c < 40")).toContain(
      "{raise: temp_c > 45, clear: temp_c < 40}",
    );
    expect(withField(short, ["title", "vi"], "Nóng")).toContain('- rule: heat\n  title: {vi: "Nóng"}\n');
    expect(form(withField(short, ["title", "en"], "Hot")).title).toEqual({ vi: "", en: "Hot" });
  });

  test("where it is taken out, by itself and with nothing left over", () => {
    expect(withField(DUST, ["threshold", "clear_for"], null)).toContain("clear: pm25 <= 120}  # twice");
    expect(withField(DUST, ["threshold", "raise"], "")).toContain("{for: 60 s, clear:");
    expect(differ(DUST, withField(DUST, ["per"], []))).toEqual(["-  per: asset"]);
    expect(differ(FIRE, withField(FIRE, ["together", "near"], null))).toEqual(["-    near: 200 m"]);
  });

  test("lists, whichever way they were written", () => {
    const lines = "- rule: a\n  from:\n    - wifi\n    - sensor\n  absence: {after: 2 min}\n";
    expect(withField(lines, ["from"], ["wifi", "camera"])).toBe(
      "- rule: a\n  from: [wifi, camera]\n  absence: {after: 2 min}\n",
    );
    expect(form(withField(DUST, ["from"], ["sensor", "camera"])).from).toEqual(["sensor", "camera"]);
  });

  test("and what needs quotes in YAML gets them", () => {
    const odd = ["a, b: {c} # d", "> 75", "off", "123", "'x'", "- y", "tiếng Việt: có dấu", "*", "a'b\"c"];
    for (const value of odd) {
      for (const path of [["where"], ["threshold", "clear"], ["title", "en"]]) {
        const text = withField(DUST, path, value);
        const rule = parse(text)[0];
        expect(path.reduce((node, key) => node[key], rule)).toBe(value);
        expect(rule.lateness).toBe("2 s");
      }
    }
    expect(withField(CROWD, ["window", "raise"], ">= 12")).toContain('raise: ">= 12", clear');
  });

  test("a text that cannot be read stays as it is", () => {
    expect(withField("- rule: [", ["where"], "x")).toBe("- rule: [");
    expect(withField(DUST + FIRE, ["where"], "x")).toBe(DUST + FIRE);
  });
});

test("whatever the library says, a form says back without losing a character", () => {
  const books = Object.entries(
    import.meta.glob<string>("../../../rules/library/*.yaml", {
      query: "?raw",
      import: "default",
      eager: true,
    }),
  ).filter(([file]) => !file.endsWith(".test.yaml"));
  expect(books.length).toBeGreaterThan(3);
  for (const [, book] of books) {
    for (const slice of book.split(/^(?=- rule:)/m).filter((part) => part.startsWith("- rule:"))) {
      const read = form(slice);
      for (const [key, value] of Object.entries(read.watch)) {
        expect(withField(slice, [read.kind ?? "", key], value)).toBe(slice);
      }
      for (const side of read.sides) {
        expect(withField(slice, ["together", side.name, "where"], side.where)).toBe(slice);
      }
      expect(withField(slice, ["title", "vi"], read.title.vi)).toBe(slice);
      expect(withField(slice, ["from"], read.from)).toBe(slice);
    }
  }
});

describe("a number is set where it stands", () => {
  test("in a condition, a measure, and a comparison in quotes", () => {
    expect(withNumber(DUST, "threshold.raise", 80)).toBe(DUST.replace("pm25 > 150", "pm25 > 80"));
    expect(withNumber(DUST, "threshold.clear", 99.5)).toBe(DUST.replace("<= 120", "<= 99.5"));
    expect(withNumber(DUST, "threshold.for", 90)).toBe(DUST.replace("for: 60 s", "for: 90 s"));
    expect(withNumber(CROWD, "window.raise", 20)).toBe(CROWD.replace('">= 5"', '">= 20"'));
    expect(withNumber(FIRE, "together.near", 350)).toBe(FIRE.replace("200 m", "350 m"));
    expect(withNumber(FIRE, "together.smoke.where", 0.8)).toBe(FIRE.replace("0.6", "0.8"));
  });

  test("of several the one that is meant", () => {
    const band = "- rule: a\n  from: sensor\n  threshold: {raise: temp_c > 45 or temp_c < -5}\n";
    expect(withNumber(band, "threshold.raise", -8, -5)).toContain("temp_c > 45 or temp_c < -8");
    expect(withNumber(band, "threshold.raise", 50)).toContain("temp_c > 50 or temp_c < -5");
  });

  test("and where there is none, nothing is changed", () => {
    expect(withNumber(DUST, "window.raise", 1)).toBe(DUST);
    expect(withNumber(CROWD, "where", 1)).toBe(CROWD);
    expect(withNumber("- rule: [", "threshold.raise", 1)).toBe("- rule: [");
    expect(numberRange(DUST, "threshold", undefined)).toBeNull();
  });

  test("as a person would write it", () => {
    const shown = [150, 0.1 + 0.2, -3.25, 1_234_567, 0, 1e-7, 1_500_000.5].map(plain);
    expect(shown).toEqual(["150", "0.3", "-3.25", "1234567", "0", "0.0000001", "1500000"]);
  });
});

test("the numbers of an expression are those that it compares with", () => {
  const seen = (text: string): unknown[] =>
    comparisons(text).map((one) => [one.name, one.operator, one.value]);
  expect(seen("hour(at) >= 22 or hour(at) < 6")).toEqual([
    [null, ">=", 22],
    [null, "<", 6],
  ]);
  expect(seen("label = 'score > 3' and score>=0.6")).toEqual([["score", ">=", 0.6]]);
  expect(seen("temp_c between -5 and 40")).toEqual([
    [null, "between", -5],
    [null, "between", 40],
  ]);
  expect(seen("> 75")).toEqual([[null, ">", 75]]);
  expect(seen("a > b")).toEqual([]);
  const text = "x between 1 and 20";
  expect(comparisons(text).map((one) => text.slice(one.start, one.end))).toEqual(["1", "20"]);
});

test("measures, conditions and values of windows are taken apart where that is possible", () => {
  expect([readMeasure("60 s"), readMeasure("1.5h"), readMeasure("soon")]).toEqual([
    { value: 60, unit: "s" },
    { value: 1.5, unit: "h" },
    null,
  ]);
  expect(readSimple("pm25 > 150")).toEqual({ name: "pm25", operator: ">", number: "150" });
  expect(readSimple("pm25 > 150 and co2 > 3")).toBeNull();
  expect([readValue("count(*)"), readValue("mean(noise_db)"), readValue("sum(a + b)")]).toEqual([
    { how: "count", of: "*" },
    { how: "mean", of: "noise_db" },
    null,
  ]);
});

describe("an end that comes before the beginning", () => {
  test("is noticed, and a better one is as far away as it was before", () => {
    expect(betterClear("pm25 > 60", "pm25 <= 120", 0.8)).toBe(48);
    expect(betterClear("> 5", "< 20")).toBe(4);
    expect(betterClear("battery < 30", "battery >= 20", 20 / 15)).toBe(40);
    expect(betterClear("score > 0.5", "score < 0.9")).toBe(0.4);
  });

  test("is only seen where both say the same thing of the same quantity", () => {
    expect(betterClear("pm25 > 150", "pm25 <= 120")).toBeNull();
    expect(betterClear("pm25 > 60", "pm10 <= 120")).toBeNull();
    expect(betterClear("pm25 > 60 and co2_ppm > 3", "pm25 <= 120")).toBeNull();
    expect(betterClear("pm25 > 60", "pm25 > 120")).toBeNull();
    expect(betterClear("pm25 > 60", "")).toBeNull();
  });
});
