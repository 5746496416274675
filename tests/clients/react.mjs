// Shows a generation by the hook of the packed snapinfra-client, in React's strict mode, which mounts everything twice.
//
//   node react.mjs FOLDER URL GENERATION TOKEN

import { createElement, StrictMode, useEffect } from "react";
import { pathToFileURL } from "node:url";
import { JSDOM } from "jsdom";
import WebSocket from "ws";

const [folder, url, id, token] = process.argv.slice(2);
const { window } = new JSDOM("<main></main>", { pretendToBeVisual: true });
Object.assign(globalThis, { window, document: window.document });
const { createRoot } = await import("react-dom/client");
const dist = `${folder}/node_modules/snapinfra-client/dist`;
const { createSnapinfra } = await import(pathToFileURL(`${dist}/index.js`));
const { useGeneration } = await import(pathToFileURL(`${dist}/react.js`));

const snapinfra = createSnapinfra({ url, token, webSocketImpl: WebSocket });
let renders = 0;

function Page() {
  const { state, error, isOver } = useGeneration(snapinfra, id);
  renders += 1;
  useEffect(() => {
    if (isOver) end(state, error);
  }, [isOver]);
  return createElement("p", null, state.status ?? "…");
}

function end({ files, text, status, isWhole, writing }, error) {
  const shown = window.document.querySelector("p").textContent;
  const state = { files: Object.fromEntries(files), text, status, isWhole, writing: writing.size };
  process.stdout.write(JSON.stringify({ seqs: [], error, renders, shown, state }), () => process.exit(0));
}

createRoot(window.document.querySelector("main")).render(createElement(StrictMode, null, createElement(Page)));
