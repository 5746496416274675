// This file is how GraphiQL reaches the server that served it: queries over HTTP, subscriptions over a WebSocket.

import { getOperationAST, parse } from "graphql";
import { rememberIds, withLatestIds } from "./session.js";
import { watch } from "./watch.js";

/** Send an operation: a promise of its result, or an async iterable for a subscription. */
export function fetcher({ query, variables, operationName }, { headers } = {}) {
  const request = { query, operationName, variables: withLatestIds(variables) };
  const kind = getOperationAST(parse(query), operationName)?.operation;
  return kind === "subscription" ? watch(request, headers ?? {}) : post(request, headers ?? {}, kind);
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
  if (kind === "mutation") rememberIds(result);
  return result;
}

function read(text, response) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The server answered ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}
