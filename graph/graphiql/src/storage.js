// This file is where GraphiQL keeps what you type: in this browser, apart from any other GraphiQL on the same host.

import { tabs } from "./tabs.js";

// A new release with other tabs starts with those, not with what an old one stored.
const PREFIX = `snapinfra:${fingerprint(JSON.stringify(tabs))}:`;

export const storage = {
  getItem: (key) => localStorage.getItem(PREFIX + key),
  setItem: (key, value) => localStorage.setItem(PREFIX + key, value),
  removeItem: (key) => localStorage.removeItem(PREFIX + key),
  clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return keys().length;
  },
};

/** Return the tab to begin with: the one that was open last, else the first. GraphiQL alone would forget its contents. */
export function firstTab() {
  try {
    const stored = JSON.parse(storage.getItem("graphiql:tabState"));
    const { query, variables } = stored.tabs[stored.activeTabIndex];
    return { query: query ?? "", variables: variables ?? "" };
  } catch {
    return tabs[0]; // nothing is stored, or nothing that can be used
  }
}

function keys() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
}

function fingerprint(text) {
  let sum = 0;
  for (const character of text) sum = (Math.imul(sum, 31) + character.codePointAt(0)) >>> 0;
  return sum.toString(36);
}
