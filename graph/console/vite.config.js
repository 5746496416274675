// This file is how the page is built: into graph/console/dist, which the server hands out at / and below /console/.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const client = (file) => fileURLToPath(new URL(`../../clients/typescript/src/${file}`, import.meta.url));

export default defineConfig({
  base: "/console/",
  build: { target: "es2022" },
  resolve: {
    alias: [
      { find: /^snapinfra-client\/react$/, replacement: client("react.ts") },
      { find: /^snapinfra-client$/, replacement: client("index.ts") },
    ],
    dedupe: ["react", "graphql-ws"],
  },
});
