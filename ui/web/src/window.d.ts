import type { Map as GlMap } from "maplibre-gl";

declare global {
  interface Window {
    /** For looking into the map from the browser's console, and from tests. */
    __ioc?: { readonly map: GlMap };
  }
}
