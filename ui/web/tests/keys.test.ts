import { describe, expect, test } from "vitest";
import { Keyboard, PAIR_WITHIN, TABLE } from "../src/shared/keys";

const press = (key: string, said: Partial<Parameters<Keyboard["press"]>[0]> = {}) => ({
  key,
  modified: false,
  typing: false,
  onControl: false,
  ...said,
});

describe("keys", () => {
  test("each single key of the table does what the table says", () => {
    for (const entry of TABLE.filter((one) => one.keys.length === 1)) {
      expect(new Keyboard().press(press(entry.keys[0] ?? ""), 0)).toBe(entry.action);
    }
  });

  test("a pair means something only together and in time", () => {
    const keyboard = new Keyboard();
    expect(keyboard.press(press("g"), 0)).toBeNull();
    expect(keyboard.press(press("m"), 100)).toBe("goMap");
    expect(keyboard.press(press("g"), 1_000)).toBeNull();
    expect(keyboard.press(press("m"), 1_001 + PAIR_WITHIN)).toBe("map");
  });

  test("whoever types is left alone, but for Escape", () => {
    const keyboard = new Keyboard();
    for (const key of ["a", "j", "/", "?", "Enter"])
      expect(keyboard.press(press(key, { typing: true }), 0)).toBeNull();
    expect(keyboard.press(press("Escape", { typing: true }), 0)).toBe("back");
  });

  test("the browser's own keys stay the browser's", () => {
    expect(new Keyboard().press(press("c", { modified: true }), 0)).toBeNull();
  });

  test("Enter on a button is the button's", () => {
    expect(new Keyboard().press(press("Enter", { onControl: true }), 0)).toBeNull();
  });

  test("capitals mean the same as small letters", () => {
    expect(new Keyboard().press(press("A"), 0)).toBe("acknowledge");
  });
});
