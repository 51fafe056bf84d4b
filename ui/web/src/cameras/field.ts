/** Where a camera looks, as a shape on the map. */

import type { CameraPlace } from "./protocol";

/** Metres of a degree of latitude, on a sphere of the earth's mean radius, 6,371,009 m (IUGG). */
const METRES_A_DEGREE = (Math.PI / 180) * 6_371_009;
/** The outer edge of a wedge is drawn in steps of so many degrees. */
const STEP = 6;

/** The part of the ground that a camera sees: longitudes and latitudes, closed; null where nobody said where it looks. */
export function fieldOfView(place: CameraPlace): [number, number][] | null {
  if (place.heading === null || !(place.angle > 0) || !(place.range_m > 0)) return null;
  const at = (bearing: number): [number, number] => {
    const radians = (bearing * Math.PI) / 180;
    const north = (Math.cos(radians) * place.range_m) / METRES_A_DEGREE;
    const east =
      (Math.sin(radians) * place.range_m) / METRES_A_DEGREE / Math.cos((place.lat * Math.PI) / 180);
    return [place.lon + east, place.lat + north];
  };
  const angle = Math.min(360, place.angle);
  const steps = Math.max(2, Math.ceil(angle / STEP));
  const edge = Array.from({ length: steps + 1 }, (_, index) =>
    at((place.heading ?? 0) - angle / 2 + (angle * index) / steps),
  );
  // Who sees all round has no corner in the middle.
  if (angle === 360) return edge;
  const stand: [number, number] = [place.lon, place.lat];
  return [stand, ...edge, stand];
}

/** The same in a plain plan around the camera, north up, in shares of its range: (0, -1) is due north. */
export function wedge(heading: number, angle: number): string {
  const at = (bearing: number): string => {
    const radians = (bearing * Math.PI) / 180;
    return `${Math.sin(radians).toFixed(4)} ${(-Math.cos(radians)).toFixed(4)}`;
  };
  if (angle >= 360) return "M0-1A1 1 0 1 1 0 1A1 1 0 1 1 0-1Z";
  const [from, to] = [heading - angle / 2, heading + angle / 2];
  return `M0 0L${at(from)}A1 1 0 ${angle > 180 ? 1 : 0} 1 ${at(to)}Z`;
}
