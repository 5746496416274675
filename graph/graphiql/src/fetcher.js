// This file is how GraphiQL reaches the server that served it: queries over HTTP, subscriptions over a WebSocket.

import { getOperationAST, parse } from "graphql";
import { Problem } from "./problem.js";
import { asProgram, filledIn, remember } from "./session.js";
import { watch } from "./watch.js";

/** Send an operation: a promise of its result, or an async iterable for a subscription. */
export function fetcher({ query, variables, operationName }, { headers } = {}) {
  const operation = find(parse(query), operationName);
  const request = { query, operationName: operation?.name?.value, variables: filledIn(wanted(variables, operation)) };
  const kind = operation?.operation;
  const credentials = (isForPrograms(operation) ? asProgram(headers) : headers) ?? {};
  return kind === "subscription" ? watch(request, credentials) : post(request, credentials, kind);
}

/** Find the operation to run. Just after a change of tabs, GraphiQL still gives the name of the last tab's. */
function find(document, name) {
  return getOperationAST(document, name) ?? getOperationAST(document);
}

/** Leave out what other operations of the document want. */
function wanted(variables, operation) {
  const names = new Set(operation?.variableDefinitions?.map(({ variable }) => variable.name.value));
  return Object.fromEntries(Object.entries(variables ?? {}).filter(([name]) => names.has(name)));
}

/** Tell whether an operation is one that only API keys may do. */
function isForPrograms(operation) {
  return operation?.selectionSet.selections.some((field) => field.name?.value === "recordEvents") ?? false;
}

async function post(request, headers, kind) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json, application/json",
      "Content-Type": "application/json",
      ...headers,
    },
    body: JSON.stringify(request),
  });
  const result = read(await response.text(), response);
  if (kind === "mutation") remember(result);
  return result;
}

function read(text, response) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(`The server answered ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}
