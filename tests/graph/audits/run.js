// This file is the audits of GraphQL over HTTP (github.com/graphql/graphql-http), run on the server whose URL it is given.

import { serverAudits } from "graphql-http";

const [, , url] = process.argv;
const results = [];
for (const { id, name, fn } of serverAudits({ url, fetchFn: fetch })) {
  const { status, reason } = await fn();
  results.push({ id, name, status, reason: reason ?? null });
}
console.log(JSON.stringify(results));
