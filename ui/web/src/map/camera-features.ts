/** What the map shows of cameras: where they look, and people whom they see. No map needed to say so. */

import { fieldOfView } from "../cameras/field";
import type { Camera } from "../cameras/protocol";
import { counts } from "../cameras/sees";
import type { Asset } from "../live/protocol";

export interface CameraFeatures {
  readonly fields: GeoJSON.FeatureCollection;
  readonly people: GeoJSON.FeatureCollection;
}

/** How long what a camera said of people holds, milliseconds: those that tell only of changes repeat it each minute. */
const HOLDS = 150_000;

/**
 * The features of all cameras.
 *
 * @param chosen the cameras whose field of view is shown from afar too
 * @param now epoch milliseconds
 */
export function cameraFeatures(
  cameras: ReadonlyMap<string, Camera>,
  assets: Iterable<Asset>,
  chosen: ReadonlySet<string>,
  now: number,
): CameraFeatures {
  const fields: GeoJSON.Feature[] = [];
  const people: GeoJSON.Feature[] = [];
  const counted = (id: string, lon: number, lat: number, count: number): void => {
    people.push({
      type: "Feature",
      properties: { id, people: Math.round(count) },
      geometry: { type: "Point", coordinates: [lon, lat] },
    });
  };
  for (const camera of cameras.values()) {
    const { place } = camera;
    if (place === null) continue;
    const outline = fieldOfView(place);
    if (outline !== null) {
      fields.push({
        type: "Feature",
        properties: { id: camera.id, chosen: chosen.has(camera.id) ? 1 : 0 },
        geometry: { type: "Polygon", coordinates: [outline] },
      });
    }
    if (camera.people > 0 && counts(camera)) {
      counted(camera.id, place.lon, place.lat, camera.people);
    }
  }
  // Those that detect by themselves say it as a value; of ours it may be that of one zone.
  for (const asset of assets) {
    if (asset.kind !== "camera" || asset.lon === null || asset.lat === null || cameras.has(asset.id))
      continue;
    const count = asset.values.count_person;
    const fresh = asset.at !== null && now - asset.at < HOLDS;
    if (typeof count === "number" && count > 0 && fresh) counted(asset.id, asset.lon, asset.lat, count);
  }
  return {
    fields: { type: "FeatureCollection", features: fields },
    people: { type: "FeatureCollection", features: people },
  };
}
