/** Incidents, assets and areas for tests: plain ones, with what a test says about them. */

import type { AreaNode, Asset, City, Incident } from "../src/live/protocol";

export function incident(said: Partial<Incident> = {}): Incident {
  return {
    id: "a",
    rule: "fire",
    key: "cam-1",
    kind: "camera",
    title: { vi: "Khói ở đồi Robin", en: "Smoke, Robin hill" },
    severity: "critical",
    condition: "active",
    work_state: "new",
    raised_at: 1_000,
    cleared_at: null,
    updated_at: 1_000,
    lat: 11.92,
    lon: 108.44,
    area: "xuan-huong",
    place: "Đồi Robin",
    assets: ["cam-1"],
    assignee: null,
    speaks_for_count: 0,
    inhibited_by: null,
    simulated: false,
    revision: 1,
    ...said,
  };
}

export function asset(said: Partial<Asset> = {}): Asset {
  return {
    id: "cam-1",
    kind: "camera",
    name: "Đồi Robin 1",
    lat: 11.92,
    lon: 108.44,
    area: "xuan-huong",
    site: null,
    registered: true,
    mobile: false,
    simulated: false,
    status: "online",
    at: 1_000,
    codec: "frigate",
    values: {},
    ...said,
  };
}

export const TREE: readonly AreaNode[] = [
  { id: "lam-dong", title: { vi: "Lâm Đồng", en: "Lam Dong" }, level: "province", parent: null },
  {
    id: "xuan-huong",
    title: { vi: "Xuân Hương – Đà Lạt", en: "Xuan Huong – Da Lat" },
    level: "ward",
    parent: "lam-dong",
  },
  {
    id: "cam-ly",
    title: { vi: "Cam Ly – Đà Lạt", en: "Cam Ly – Da Lat" },
    level: "ward",
    parent: "lam-dong",
  },
];

export const CITY: City = {
  id: "da-lat",
  title: { vi: "Đà Lạt", en: "Da Lat" },
  timezone: "Asia/Ho_Chi_Minh",
  bounds: [108.3, 11.8, 108.6, 12.1],
  areas: {
    type: "FeatureCollection",
    features: [
      {
        type: "Feature",
        properties: { id: "xuan-huong", title: { vi: "Xuân Hương – Đà Lạt", en: "Xuan Huong – Da Lat" } },
        geometry: {
          type: "MultiPolygon",
          coordinates: [
            [
              [
                [108.4, 11.9],
                [108.5, 11.9],
                [108.5, 12.0],
                [108.4, 12.0],
                [108.4, 11.9],
              ],
            ],
          ],
        },
      },
    ],
  },
  area_tree: TREE,
  sketch: {
    type: "FeatureCollection",
    features: [
      {
        type: "Feature",
        properties: { layer: "place", name: "Chợ Đà Lạt", class: "market" },
        geometry: { type: "Point", coordinates: [108.437, 11.943] },
      },
      {
        type: "Feature",
        properties: { layer: "water", name: "Hồ Xuân Hương", class: "lake" },
        geometry: {
          type: "Polygon",
          coordinates: [
            [
              [108.44, 11.94],
              [108.45, 11.94],
              [108.45, 11.95],
            ],
          ],
        },
      },
    ],
  },
  basemap: null,
  demo: true,
};
