// Follows a generation with a client of connect-a-frontend.md and prints the events that it hands on.
//
//   node run.mjs FOLDER CLIENT GENERATION TOKEN     (FOLDER has the documented files, with this server's addresses)

import { build } from "esbuild";
import WebSocket from "ws";

const [folder, client, id, token] = process.argv.slice(2);
globalThis.WebSocket = WebSocket; // browsers have it
globalThis.token = token;

await build({ entryPoints: [`${folder}/${client}.follow.ts`], bundle: true, platform: "node", format: "esm", outfile: `${folder}/${client}.mjs`, nodePaths: [`${import.meta.dirname}/node_modules`], external: ["ws"] });
const { follow } = await import(`${folder}/${client}.mjs`);
const events = [];
await follow(id, (event) => events.push(event));
process.stdout.write(JSON.stringify(events), () => process.exit(0)); // a pipe takes no more than 64 KiB at a time
