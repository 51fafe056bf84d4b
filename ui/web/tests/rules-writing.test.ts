import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { worthALook } from "../src/rules/actions";
import { setField, setNumber } from "../src/rules/change";
import { namesOf, offers } from "../src/rules/complete";
import { around, lineDiff } from "../src/rules/diff";
import { hasForm, readForm } from "../src/rules/form";
import { readNumber, stepOf } from "../src/rules/number-field";
import { placeAt } from "../src/rules/place";
import type { RuleEntry, RuleWords } from "../src/rules/protocol";
import { RULE_KINDS } from "../src/rules/protocol";
import * as store from "../src/rules/store";
import { template } from "../src/rules/templates";
import { openTitle, ruleTitle } from "../src/rules/titles";
import { openedRule, view } from "../src/view";

const TEXT = "- rule: dust\n  from: sensor\n  threshold: {raise: pm25 > 150, for: 60 s}\n";

describe("where the cursor stands", () => {
  test("in a rule's own keys and values", () => {
    expect(placeAt("- rule: dust\n  sev")).toEqual({ path: [], of: null, begun: "sev" });
    expect(placeAt("- ru")).toEqual({ path: [], of: null, begun: "ru" });
    expect(placeAt("- rule: dust\n  severity: ma")).toEqual({ path: [], of: "severity", begun: "ma" });
    expect(placeAt("- rule: dust\n  where: label = 'a' and pm")).toEqual({
      path: [],
      of: "where",
      begun: "label = 'a' and pm",
    });
  });

  test("in braces, also over several lines and inside others", () => {
    expect(placeAt("- rule: a\n  threshold: {ra")).toEqual({ path: ["threshold"], of: null, begun: "ra" });
    expect(placeAt("- rule: a\n  threshold: {raise: pm25 > 150, cle")).toEqual({
      path: ["threshold"],
      of: null,
      begun: "cle",
    });
    expect(placeAt("- rule: a\n  threshold: {raise: round(pm25, 1) > 3 and hu")).toMatchObject({
      path: ["threshold"],
      of: "raise",
    });
    expect(placeAt("- rule: a\n  threshold: {raise: pm25 > 1,\n    for: ")).toMatchObject({
      path: ["threshold"],
      of: "for",
    });
    expect(placeAt("- rule: a\n  together:\n    smoke: {from: camera, whe")).toEqual({
      path: ["together", "smoke"],
      of: null,
      begun: "whe",
    });
    expect(placeAt('- rule: a\n  title: {vi: "{pm25} tại", e')).toMatchObject({ path: ["title"], of: null });
  });

  test("in blocks, by their indentation; comments are passed over", () => {
    expect(placeAt("- rule: a\n  window:\n    over: 60 s\n    # {\n    va")).toEqual({
      path: ["window"],
      of: null,
      begun: "va",
    });
    expect(placeAt("- rule: a\n  window:\n    value: mean(")).toMatchObject({
      path: ["window"],
      of: "value",
    });
  });
});

const WORDS: RuleWords = {
  kinds: ["threshold", "window"],
  rule_keys: { threshold: ["rule", "from", "where", "threshold", "raise", "for"], window: ["over", "value"] },
  quantities: { pm25: { unit: "µg/m³", type: "number", title: { vi: "Bụi mịn", en: "PM2.5" } } },
  functions: [{ name: "hour", takes: ["time"], gives: "number", help: { vi: "giờ", en: "the hour" } }],
  columns: ["zone", "at"],
  severities: ["critical", "minor"],
  zones: [{ name: "market", title: "Chợ" }],
  sites: [],
  areas: [],
};

describe("what may be written there", () => {
  const labels = (before: string): string[] =>
    offers(placeAt(before), WORDS, "vi").map((one) => one.writes ?? one.label);

  test("keys where a key is begun, those of the kind within it", () => {
    expect(labels("- rule: a\n  ")).toContain("severity: ");
    expect(labels("- rule: a\n  ")).toContain("window: ");
    expect(labels("- rule: a\n  threshold: {")).toEqual(["from: ", "where: ", "raise: ", "for: "]);
    expect(labels("- rule: a\n  title: {")).toEqual(["vi: ", "en: "]);
  });

  test("words where there are few, and what can be compared in a condition", () => {
    expect(labels("- rule: a\n  severity: ")).toEqual(["critical", "minor"]);
    expect(labels("- rule: a\n  from: ")).toContain("any");
    expect(labels("- rule: a\n  threshold: {raise: ")).toEqual(["pm25", "zone", "at", "hour(", "'market'"]);
    expect(labels("- rule: a\n  threshold: {for: ")).toEqual([]);
    expect(labels("- rule: ")).toEqual([]);
    const [quantity] = offers(placeAt("- rule: a\n  where: "), WORDS, "vi");
    expect(quantity).toMatchObject({ label: "pm25", detail: "Bụi mịn, µg/m³" });
  });

  test("names are found however the server lists them", () => {
    expect([namesOf(["a"]), namesOf([{ name: "b" }, { id: "c" }]), namesOf({ d: 1 }), namesOf(null)]).toEqual(
      [["a"], ["b", "c"], ["d"], []],
    );
  });
});

describe("what differs between two texts", () => {
  const shown = (before: string, after: string): string[] =>
    lineDiff(before, after).map((line) => line.mark + line.text);

  test("is the fewest lines, in their order", () => {
    expect(shown("a\nb\nc\n", "a\nx\nc\n")).toEqual([" a", "-b", "+x", " c"]);
    expect(shown("", "a\nb")).toEqual(["+a", "+b"]);
    expect(shown("a\nb", "")).toEqual(["-a", "-b"]);
    expect(shown("a\n\nb\n", "a\n\nb")).toEqual([" a", " ", " b"]);
  });

  test("is shown with what lies around it; the rest is counted", () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`).join("\n");
    const cut = around(lineDiff(before, before.replace("line 10", "other")), 1);
    expect(cut).toEqual([
      9,
      { mark: " ", text: "line 9" },
      { mark: "-", text: "line 10" },
      { mark: "+", text: "other" },
      { mark: " ", text: "line 11" },
      8,
    ]);
  });
});

describe("numbers", () => {
  test("are read as people type them", () => {
    expect(["150", " 0,6 ", "-3.5", "−2", "", "1e3", "12a", "1.2.3"].map(readNumber)).toEqual([
      150,
      0.6,
      -3.5,
      -2,
      null,
      null,
      null,
      null,
    ]);
  });

  test("are stepped by what can be felt, and a whole one stays whole", () => {
    expect([150, 60, 15, 5, 0, -40].map(stepOf)).toEqual([5, 2, 1, 1, 1, 1]);
    expect(stepOf(0.6)).toBeCloseTo(0.02);
    expect(stepOf(2.5)).toBeCloseTo(0.1);
  });
});

test("a title is shown without its places in braces and without what led to them", () => {
  expect(openTitle("Bụi mịn {pm25:.0f} µg/m³ tại {asset.name}")).toBe("Bụi mịn … µg/m³");
  expect(openTitle("Fire: {smoke.name} sees smoke, {heat.name} measures {heat.temp_c:.0f} °C")).toBe(
    "Fire: … sees smoke, … measures … °C",
  );
  expect(openTitle("Mất kết nối: {asset.name}")).toBe("Mất kết nối");
  expect(openTitle("{asset.name}")).toBe("…");
  expect(ruleTitle({ name: "quiet", title: "{asset.name}" }, "vi")).toBe("quiet");
  expect(ruleTitle({ name: "quiet", title: null }, "vi")).toBe("quiet");
});

test("whoever has chosen nothing sees a rule with a number to change, the one that speaks most", () => {
  const rule = (name: string, kind: string, alerts: number, state = "running"): RuleEntry =>
    ({ name, kind, alerts_24h: alerts, state }) as unknown as RuleEntry;
  const rules = [
    rule("steps", "sequence", 90),
    rule("silent", "absence", 80),
    rule("calm", "threshold", 1),
    rule("dust", "threshold", 7),
    rule("bad", "threshold", 99, "broken"),
  ];
  expect(worthALook(rules)).toBe("dust");
  expect(worthALook([rule("bad", "threshold", 1, "broken")])).toBe("bad");
  expect(worthALook([])).toBeNull();
});

test("a new rule of each kind can be read, and has a name that nobody has", () => {
  for (const kind of RULE_KINDS) {
    const form = readForm(template(kind, new Set([`new-${kind}`])));
    expect(form).toMatchObject({ name: `new-${kind}-2`, kind });
    if (hasForm(kind) && typeof form !== "string") expect(form.beyond).toEqual([]);
  }
});

describe("a draft", () => {
  const answers = new Map<string, unknown>();
  const asked: { path: string; body: unknown }[] = [];
  const rule = (name: string): unknown => ({
    name,
    version: "1",
    text: TEXT.replace("dust", name),
    timelines: [],
    used_by: [],
  });

  beforeEach(() => {
    answers.clear();
    asked.length = 0;
    answers.set("/api/rules/dust", rule("dust"));
    answers.set("/api/rules/silent", rule("silent"));
    vi.stubGlobal("fetch", async (path: string, init?: RequestInit) => {
      asked.push({ path, body: init?.body === undefined ? null : JSON.parse(String(init.body)) });
      const found = answers.get(path);
      return found === undefined
        ? new Response("{}", { status: 404 })
        : new Response(typeof found === "string" ? found : JSON.stringify(found));
    });
    store.drafts.value = new Map();
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    openedRule.value = null;
    view.value = "map";
  });

  const open = async (name: string): Promise<void> => {
    openedRule.value = name;
    await store.openRule(name);
  };

  test("is changed by its numbers and fields, and is none any more once it is as before", async () => {
    await open("dust");
    expect(store.changed.value).toBe(false);
    setNumber("threshold.raise", 80);
    setField(["severity"], "major");
    expect(store.draft.value).toBe(
      "- rule: dust\n  severity: major\n  from: sensor\n  threshold: {raise: pm25 > 80, for: 60 s}\n",
    );
    expect(store.drafts.value.has("dust")).toBe(true);
    setField(["severity"], null);
    setNumber("threshold.raise", 150);
    expect([store.changed.value, store.drafts.value.size]).toEqual([false, 0]);
  });

  test("stays when another rule is looked at, with the version that it was begun from", async () => {
    await open("dust");
    setNumber("threshold.raise", 80);
    await open("silent");
    expect(store.changed.value).toBe(false);
    answers.set("/api/rules/dust", { ...(rule("dust") as object), version: "2" });
    await open("dust");
    expect(store.draft.value).toContain("pm25 > 80");
    expect(store.begunFrom.value).toBe("1");
    await store.catchUp();
    expect(store.begunFrom.value).toBe("2");
    store.discard();
    expect(store.drafts.value.size).toBe(0);
  });

  test("is checked, then tried; the answer says which text it is of", async () => {
    view.value = "rules";
    answers.set("/api/rules", {
      rules: [],
      book: { version: null, error: null },
      history: { since: 1_000, until: 601_000, events: 5 },
    });
    answers.set("/api/rules/words", WORDS);
    answers.set("/api/rules/check", { ok: true, mistakes: [], rules: [] });
    const lines = ['{"progress":0.5,"doing":null}', '{"result":{"counts":{},"alerts":[]}}', ""];
    answers.set("/api/rules/what-if", lines.join("\n"));
    store.followRules();
    openedRule.value = "dust";
    await vi.waitFor(() => expect(store.whatIf.value).not.toBeNull());
    expect(store.stale.value).toBe(false);
    const tried = asked.find((one) => one.path === "/api/rules/what-if");
    expect(tried?.body).toEqual({ text: TEXT, since: 1_000, until: 601_000 });

    // With a mistake in it, it is not tried, and what was known before is old.
    answers.set("/api/rules/check", {
      ok: false,
      mistakes: [{ line: 1, column: 3, sentence: "no" }],
      rules: [],
    });
    const before = asked.filter((one) => one.path === "/api/rules/what-if").length;
    setNumber("threshold.raise", 80);
    await vi.waitFor(() => expect(store.mistakes.value).toHaveLength(1));
    expect(store.stale.value).toBe(true);
    expect(asked.filter((one) => one.path === "/api/rules/what-if")).toHaveLength(before);
  });
});
