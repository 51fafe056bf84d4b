/** Which base map there is: a PMTiles archive, a style from elsewhere, or the plain one, which never fails. */

import { addProtocol, type LayerSpecification, type StyleSpecification } from "maplibre-gl";
import { PMTiles, Protocol } from "pmtiles";
import type { City } from "../live/protocol";
import { LABEL_FONT, type Palette } from "./palette";
import { cityLayers, citySources, nameLayers, plainStyle } from "./plain";
import { tileStyle } from "./tiles";

/** How long a base map may take to answer before the plain one stands in, milliseconds. */
const PATIENCE = 4_000;

/** What was found once; styles are made from it for each theme and language. */
export type Base =
  | { readonly kind: "plain"; readonly missing: boolean }
  | { readonly kind: "tiles"; readonly url: string; readonly layers: readonly string[] }
  | { readonly kind: "style"; readonly style: StyleSpecification };

const protocol = new Protocol();
let registered = false;

/** Find out what base map can be had. */
export async function findBase(city: City): Promise<Base> {
  const wanted = city.basemap;
  if (wanted === null || wanted === undefined) return { kind: "plain", missing: false };
  const url = new URL(wanted.url, location.href).href;
  try {
    if (wanted.kind === "pmtiles") return await inTime(openArchive(url));
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return { kind: "style", style: (await answer.json()) as StyleSpecification };
  } catch {
    return { kind: "plain", missing: true };
  }
}

async function openArchive(url: string): Promise<Base> {
  const archive = new PMTiles(url);
  const metadata = (await archive.getMetadata()) as { vector_layers?: { id: string }[] } | null;
  if (!registered) {
    addProtocol("pmtiles", protocol.tile);
    registered = true;
  }
  protocol.add(archive);
  return { kind: "tiles", url, layers: (metadata?.vector_layers ?? []).map((layer) => layer.id) };
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([
    promise,
    new Promise<T>((_, reject) => setTimeout(() => reject(new Error("too slow")), PATIENCE)),
  ]);
}

/** Make the style of a base map, with the city's boundaries and names over it. */
export function baseStyle(
  base: Base,
  city: City,
  language: "vi" | "en",
  colours: Palette,
): StyleSpecification {
  switch (base.kind) {
    case "plain":
      return plainStyle(city, language, colours);
    case "tiles":
      return tileStyle(city, language, colours, base.url, base.layers);
    case "style":
      return foreignStyle(base.style, city, language, colours);
  }
}

/**
 * A style from elsewhere, with our names over it.
 *
 * Its glyphs are left out: a style has one source of letters, theirs may lack ours, and the browser's own
 * fonts draw Vietnamese well.
 */
function foreignStyle(
  style: StyleSpecification,
  city: City,
  language: "vi" | "en",
  colours: Palette,
): StyleSpecification {
  const { glyphs: _, ...rest } = style;
  return {
    ...rest,
    sources: { ...rest.sources, ...citySources(city, language) },
    layers: [
      ...rest.layers.map(ownLetters),
      ...cityLayers(colours, false),
      ...nameLayers(colours, false).filter((layer) => layer.id === "area-name"),
    ],
  };
}

function ownLetters(layer: LayerSpecification): LayerSpecification {
  if (layer.type !== "symbol" || layer.layout?.["text-field"] === undefined) return layer;
  return { ...layer, layout: { ...layer.layout, "text-font": LABEL_FONT } };
}
