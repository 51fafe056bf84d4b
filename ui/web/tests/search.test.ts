import { describe, expect, test } from "vitest";
import { fold, score } from "../src/shared/fold";
import { search } from "../src/shared/search";
import { asset, CITY, incident } from "./things";

describe("folding", () => {
  test.each([
    ["Đà Lạt", "da lat"],
    ["đường Nguyễn Thị Minh Khai", "duong nguyen thi minh khai"],
    ["Ẵ Ỡ Ữ Ỵ", "a o u y"],
    ["  Hồ   Xuân–Hương ", "ho xuan huong"],
    ["cam-17", "cam-17"],
    ["PM2.5", "pm2.5"],
  ])("%s is searched as %s", (text, folded) => expect(fold(text)).toBe(folded));

  test("letters and marks in one piece or in two are the same", () => {
    expect(fold("Lạt".normalize("NFD"))).toBe(fold("Lạt".normalize("NFC")));
  });

  test("folding twice changes nothing more", () => {
    for (const text of ["Đà Lạt", "Hồ Xuân Hương – Đà Lạt", "ΑΒΓ"]) expect(fold(fold(text))).toBe(fold(text));
  });
});

describe("worth", () => {
  test("every word must be found, or nothing is", () => {
    expect(score("cho da lat", "da cho")).toBeGreaterThan(0);
    expect(score("cho da lat", "da nang")).toBe(0);
  });

  test("an exact name is worth more than a beginning, a beginning more than a middle", () => {
    const worths = ["da lat", "da lat 2", "cho da lat", "xa-da-lat"].map((text) => score(text, "da lat"));
    expect(worths).toEqual([...worths].sort((a, b) => b - a));
  });

  test("two letters inside a word are no find", () => expect(score("khoi o nguyen van cu", "ho")).toBe(0));
});

describe("search", () => {
  const within = { incidents: [incident()], assets: [asset()], city: CITY, language: "vi" as const };

  test("'da lat' without accents finds what is called Đà Lạt", () => {
    const labels = search("da lat", within).map((hit) => hit.label);
    expect(labels).toContain("Chợ Đà Lạt");
    expect(labels).toContain("Xuân Hương – Đà Lạt");
  });

  test("accents in the query do no harm", () => {
    expect(search("Hồ Xuân Hương", within)[0]).toMatchObject({ group: "place", label: "Hồ Xuân Hương" });
  });

  test("the group with the best find comes first", () => {
    expect(search("doi robin", within)[0]?.group).not.toBe("place");
    expect(search("ho xuan huong", within)[0]?.group).toBe("place");
    expect(search("cam-1", within)[0]).toMatchObject({ group: "asset", id: "cam-1" });
  });

  test("incidents are found by their title in the page's language and by where they are", () => {
    expect(search("khoi", within)[0]).toMatchObject({ group: "incident", id: "a" });
    expect(search("smoke", { ...within, language: "en" })[0]).toMatchObject({ group: "incident" });
    expect(search("khoi cam ly", within)).toEqual([]);
  });

  test("nothing typed finds nothing", () => expect(search("   ", within)).toEqual([]));
});
