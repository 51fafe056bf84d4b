import { describe, expect, test } from "vitest";
import { freshness, layerOf } from "../src/map/layer";
import { palette } from "../src/map/palette";
import { areaNames, plainStyle } from "../src/map/plain";
import { roles, tileStyle } from "../src/map/tiles";
import { asset, CITY } from "./things";

describe("devices", () => {
  test("what has been silent fades by steps and never vanishes", () => {
    const steps = [0, 10, 30, 600].map((minutes) => freshness(0, minutes * 60_000));
    expect(steps).toEqual([...steps].sort((a, b) => b - a));
    expect(Math.min(...steps)).toBeGreaterThan(0.2);
  });

  test("what moves has a layer of its own; what is unknown has one too", () => {
    expect(layerOf(asset({ mobile: true }))).toBe("moving");
    expect(layerOf(asset({ kind: "wifi" }))).toBe("wifi");
    expect(layerOf(asset({ kind: "drone" }))).toBe("other");
  });
});

describe("base maps", () => {
  test("the plain map asks nothing of anybody", () => {
    const style = plainStyle(CITY, "vi", palette("dark"));
    expect(JSON.stringify(style)).not.toMatch(/https?:/);
    expect(style.glyphs).toBeUndefined();
  });

  test("every layer draws from a source that is there", () => {
    for (const style of [
      plainStyle(CITY, "vi", palette("light")),
      tileStyle(CITY, "en", palette("dark"), "http://here/base.pmtiles", [
        "building",
        "highway",
        "water",
        "river",
        "grass",
      ]),
    ]) {
      const ids = style.layers.map((layer) => layer.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const layer of style.layers)
        if ("source" in layer) expect(style.sources).toHaveProperty(layer.source);
    }
  });

  test.each([
    [
      ["building", "highway", "water", "river", "grass"],
      { road: ["highway"], green: ["grass"], water: ["water"], river: ["river"] },
    ],
    [
      ["transportation", "transportation_name", "place", "waterway"],
      { road: ["transportation"], roadName: ["transportation_name"], place: ["place"], river: ["waterway"] },
    ],
    [
      ["roads", "places", "buildings", "physical_line"],
      { road: ["roads"], place: ["places"], building: ["buildings"], river: ["physical_line"] },
    ],
  ])("tiles with the layers %j are drawn by what they mean", (layers, meant) =>
    expect(roles(layers)).toMatchObject(meant));

  test("OpenStreetMap is named where its data are shown", () => {
    const style = tileStyle(CITY, "vi", palette("dark"), "http://here/base.pmtiles", ["highway"]);
    expect(JSON.stringify(style.sources.base)).toContain("OpenStreetMap");
  });

  test("an area's name stands inside it", () => {
    const [name] = areaNames(CITY.areas).features;
    expect(name?.geometry).toEqual({
      type: "Point",
      coordinates: [expect.closeTo(108.45, 5), expect.closeTo(11.95, 5)],
    });
  });
});
