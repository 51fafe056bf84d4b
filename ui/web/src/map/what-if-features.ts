/** What a drafted rule would have done at each place, as the map takes it; no map needed to make it. */

import { CHANGES, type PlaceOfAlerts, tally } from "../rules/pictures/lanes";
import type { Change } from "../rules/protocol";

/** The name of a sign's picture. */
export const image = (change: Change): string => `what-if-${change}`;

/** What is drawn of places: those where something changes above those where nothing does. */
export function whatIfFeatures(
  places: readonly PlaceOfAlerts[],
  selected: string | null,
): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: places.map((place) => ({
      type: "Feature",
      properties: {
        id: place.id,
        image: image(place.most),
        tally: tally(place.counts),
        rank: CHANGES.indexOf(place.most as (typeof CHANGES)[number]),
        chosen: place.id === selected ? 1 : 0,
      },
      geometry: { type: "Point", coordinates: [...place.at] },
    })),
  };
}
