// This file is how the page is built: into graph/static, which the server hands out under /graphiql/.

import { defineConfig } from "vite";

export default defineConfig({
  base: "/graphiql/",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 5000, // kilobytes: Monaco is one large part
    rolldownOptions: {
      onLog(level, log, report) {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log); // "use client" means nothing here
      },
    },
  },
  worker: { format: "es" },
});
