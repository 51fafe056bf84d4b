import { describe, expect, test } from "vitest";
import { en } from "../src/i18n/en";
import { chooseLanguage, text } from "../src/i18n/index";
import { LATER } from "../src/i18n/later";
import { vi } from "../src/i18n/vi";
import { age, clock, number, quantityTitle, roughAge, seconds, value } from "../src/shared/format";

const MINUTE = 60_000;

describe("ages", () => {
  test.each([
    [42_000, "00:42"],
    [12 * MINUTE + 8_000, "12:08"],
    [125 * MINUTE, "2 giờ 05"],
    [72 * 60 * MINUTE, "3 ngày"],
    [-5_000, "00:00"],
  ])("%d ms reads %s", (milliseconds, read) => expect(age(milliseconds, vi)).toBe(read));

  test("a rough age has one unit", () => {
    expect([500, 90_000, 7_200_000].map((one) => roughAge(one, en))).toEqual(["0 s", "1 min", "2 h"]);
  });
});

describe("clock times", () => {
  const at = Date.UTC(2026, 10, 22, 1, 12, 33);

  test("are the city's, not the browser's", () => {
    expect(clock(at, at, "vi", "Asia/Ho_Chi_Minh")).toBe("08:12:33");
    expect(clock(at, at, "en", "UTC")).toBe("01:12:33");
  });

  test("of another day name the day", () => {
    expect(clock(at, at + 24 * 60 * MINUTE, "en", "Asia/Ho_Chi_Minh")).toContain("22/11");
  });
});

describe("numbers", () => {
  test("have the language's decimal sign and no needless digits", () => {
    expect(number(0.914, "vi")).toBe("0,91");
    expect(number(21.46, "en")).toBe("21.5");
    expect(number(162.4, "en")).toBe("162");
    expect(number(12_500, "vi")).toBe("12.500");
  });

  test("seconds have one digit below ten", () => {
    expect(seconds(0.24, "vi", vi)).toBe("0,2 giây");
    expect(seconds(12.4, "en", en)).toBe("12 s");
  });

  test("a value stands with its unit, and yes or no in words", () => {
    const quantity = { type: "number", unit: "µg/m³", title: { vi: "Bụi mịn", en: "PM2.5" } };
    expect(value(151.2, quantity, "en", en)).toBe("151\u00a0µg/m³");
    expect(value(9, { ...quantity, unit: "%" }, "en", en)).toBe("9%");
    expect(value(true, undefined, "vi", vi)).toBe("có");
    expect(value("<b>person</b>", undefined, "vi", vi)).toBe("<b>person</b>");
  });

  test("an unknown quantity is called by its name", () => {
    expect(quantityTitle("soil_moisture", undefined, "vi")).toBe("soil moisture");
  });
});

describe("languages", () => {
  test("the address decides, then memory, then Vietnamese", () => {
    expect(chooseLanguage("?lang=en", "vi")).toBe("en");
    expect(chooseLanguage("", "en")).toBe("en");
    expect(chooseLanguage("?lang=fr", null)).toBe("vi");
  });

  test("a text that is missing in one language is shown in the other", () => {
    expect(text({ vi: "Khói" }, "en")).toBe("Khói");
    expect(text(null, "en")).toBe("");
  });

  test("no phrase of the page is empty or the same by mistake", () => {
    const phrases = (part: object, path = ""): [string, unknown][] =>
      Object.entries(part).flatMap(([key, one]) =>
        typeof one === "object" && one !== null
          ? phrases(one, `${path}${key}.`)
          : [[`${path}${key}`, one] as [string, unknown]],
      );
    const english = new Map(phrases({ ...en, ...LATER.en }));
    const shared = new Set([
      "kind.wifi",
      "kind.camera",
      "kindOne.camera",
      "language",
      "rejected.hex",
      "rules.open.tabs.text",
      "trial.asBase64",
    ]);
    for (const [path, said] of phrases({ ...vi, ...LATER.vi })) {
      expect(said, path).not.toBe("");
      if (typeof said === "string" && !shared.has(path)) expect(said, path).not.toBe(english.get(path));
    }
  });
});
