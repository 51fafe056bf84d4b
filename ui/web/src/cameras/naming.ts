/** What a camera is called, and where it is. */

import { language, text } from "../i18n";
import { areaName } from "../list/row";
import { assets } from "../live/store";
import { fold } from "../shared/fold";
import { visible } from "../shared/visible";
import type { Camera } from "./protocol";

export function nameOf(camera: Pick<Camera, "id" | "name">): string {
  return visible(text(camera.name, language.value) || assets.get(camera.id)?.name || camera.id);
}

/** The site and the area that the registry knows of it; empty where it knows none. */
export function placeOf(id: string): string {
  const asset = assets.get(id);
  if (asset === undefined) return "";
  return [asset.site ?? "", areaName(asset.area)].filter((part) => part !== "").join(", ");
}

/** Whether a camera is meant by some words, accents or not. */
export function meant(words: string, camera: Pick<Camera, "id" | "name">, more: readonly string[]): boolean {
  const all = fold([camera.id, camera.name.vi ?? "", camera.name.en ?? "", ...more].join(" "));
  return fold(words)
    .split(/\s+/)
    .every((word) => all.includes(word));
}
