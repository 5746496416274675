// This file is what the page keeps for as long as its browser tab is open: the token, and the ids created last.

import { Problem } from "./problem.js";

const TOKEN = "snapinfra.token";
const LATEST = "snapinfra.latest.";

/** Take a token out of the address (`#token=…`), where it would be seen and shared; return whether there was one. */
export function takeTokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return false;
  sessionStorage.setItem(TOKEN, token);
  history.replaceState(null, "", location.pathname + location.search);
  return true;
}

export function token() {
  return sessionStorage.getItem(TOKEN);
}

/** Remember the ids in the result of a mutation, by their type prefix. */
export function rememberIds(result) {
  for (const [id, type] of JSON.stringify(result).matchAll(/\b(project|generation|deployment)_[0-9a-z]{26}\b/g)) {
    sessionStorage.setItem(LATEST + type, id);
  }
}

/** Put the ids created last where variables named `projectId`, `generationId` or `deploymentId` say "latest" or "". */
export function withLatestIds(variables) {
  if (variables === null || typeof variables !== "object") return variables;
  if (Array.isArray(variables)) return variables.map(withLatestIds);
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      const type = /^(project|generation|deployment)Id$/.exec(name)?.[1];
      return [name, type && (value === "latest" || value === "") ? latest(type) : withLatestIds(value)];
    }),
  );
}

function latest(type) {
  const id = sessionStorage.getItem(LATEST + type);
  if (id === null) throw new Problem(`There is no ${type} yet: run the tabs from the left, or put an id in the variables.`);
  return id;
}
