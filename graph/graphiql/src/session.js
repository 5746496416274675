// This file is what the page keeps for as long as its browser tab is open: the token, and what was created last.

import { Problem } from "./problem.js";

const TOKEN = "snapinfra.token";
const LATEST = "snapinfra.latest.";

let key = null; // in memory alone: after a reload, create another one

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

/** Remember the ids in the result of a mutation, by their type prefix; of code also as such, and an API key's text. */
export function remember(result) {
  for (const [id, type] of JSON.stringify(result).matchAll(/\b(project|generation|deployment|team|webhook)_[0-9a-z]{26}\b/g)) {
    sessionStorage.setItem(LATEST + type, id);
  }
  const { generate, createApiKey } = result.data ?? {};
  if (generate?.generation?.kind === "CODE") sessionStorage.setItem(LATEST + "code", generate.generation.id);
  if (createApiKey?.text) key = createApiKey.text;
}

/** Fill in what variables leave to the page: the id created last where one named `projectId`, `codeId` or the like says
 * "latest" or "", and the time where a `timestamp` says "now". */
export function filledIn(variables) {
  if (variables === null || typeof variables !== "object") return variables;
  if (Array.isArray(variables)) return variables.map(filledIn);
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, filled(name, value)]));
}

function filled(name, value) {
  const type = /^(project|generation|code|deployment|team|webhook)Id$/.exec(name)?.[1];
  if (type && (value === "latest" || value === "")) return latest(type);
  if (name === "timestamp" && value === "now") return new Date().toISOString();
  return filledIn(value);
}

function latest(type) {
  const id = sessionStorage.getItem(LATEST + type);
  if (id === null) throw new Problem(`There is no ${type} yet: run the tabs from the left, or put an id in the variables.`);
  return id;
}

/** Put the API key created last in place of this session's token; credentials of your own stay as they are. */
export function asProgram(headers) {
  if (headers?.Authorization !== `Bearer ${token()}`) return headers;
  if (key === null) throw new Problem("There is no API key yet: run CreateKey in tab 6, or put one in the headers.");
  return { "x-api-key": key };
}
