// Follows a generation with the packed snapinfra-client, and prints what it came to.
//
//   node package.mjs FOLDER URL GENERATION PAUSE TOKEN...     (FOLDER/node_modules has the package; PAUSE is in
//                                                             milliseconds, after the first event; asking for the token
//                                                             "fails" throws)

import { pathToFileURL } from "node:url";
import WebSocket from "ws";

const [folder, url, id, pause, ...tokens] = process.argv.slice(2);
const { applyGeneration, createSnapinfra, newGeneration } = await import(
  pathToFileURL(`${folder}/node_modules/snapinfra-client/dist/index.js`)
);

let asked = 0;
const token = () => {
  const next = tokens[Math.min(asked++, tokens.length - 1)];
  if (next === "fails") throw new Error("the sign-in server is away");
  return next;
};
const snapinfra = createSnapinfra({ url, token, webSocketImpl: WebSocket });
const result = { seqs: [], state: newGeneration(), error: null };
try {
  for await (const event of snapinfra.generation(id)) {
    if (result.seqs.length === 0) await new Promise((resolve) => setTimeout(resolve, Number(pause)));
    result.seqs.push(event.seq);
    result.state = applyGeneration(result.state, event);
  }
} catch (error) {
  result.error = { name: error.name, code: error.code, message: error.message };
}
const { files, text, status, isWhole, writing } = result.state;
const shown = { ...result, asked, state: { files: Object.fromEntries(files), text, status, isWhole, writing: writing.size } };
process.stdout.write(JSON.stringify(shown), () => process.exit(0));
