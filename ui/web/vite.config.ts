import { defineConfig } from "vite";

// Where `npm run dev` finds a running server; the built page is served by that server itself.
const server = "http://127.0.0.1:8000";

export default defineConfig({
  build: {
    target: "es2022",
    // Nothing is inlined as a data: address, so that the page lives under a strict content policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: "es" },
  server: {
    proxy: {
      "/api": server,
      "/basemap.pmtiles": server,
      "/ws": { target: server, ws: true },
    },
  },
});
