// Follows a generation with graphql-sse, in its distinct connections mode, and prints the events.
//
//   node sse.mjs URL GENERATION TOKEN

import { readFile } from "node:fs/promises";
import { createClient } from "graphql-sse";

const [url, id, token] = process.argv.slice(2);
const query = (await readFile(`${import.meta.dirname}/query.ts`, "utf8")).match(/`([^`]*)`/)[1];
const client = createClient({ url, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
const events = [];
for await (const { data, errors } of client.iterate({ query, variables: { id, after: null } })) {
  if (errors) throw new Error(JSON.stringify(errors));
  events.push(data.generationEvents);
}
process.stdout.write(JSON.stringify(events), () => process.exit(0));
