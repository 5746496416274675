// Follows a generation several times at once over one connection, and prints how each ended.
//
//   node together.mjs FOLDER URL GENERATION TOKEN...

import { pathToFileURL } from "node:url";
import WebSocket from "ws";

const [folder, url, id, ...tokens] = process.argv.slice(2);
const { createSnapinfra } = await import(pathToFileURL(`${folder}/node_modules/snapinfra-client/dist/index.js`));

const token = () => (tokens.length > 1 ? tokens.shift() : tokens[0]);
const snapinfra = createSnapinfra({ url, token, webSocketImpl: WebSocket });

async function end() {
  let last;
  for await (const event of snapinfra.generation(id)) last = event;
  return last.status;
}

const ends = await Promise.allSettled(Array.from({ length: 5 }, end));
const shown = ends.map(({ value, reason }) => value ?? String(reason));
process.stdout.write(JSON.stringify(shown), () => process.exit(0));
