// What can be told of a backend's security without running it: routes that nobody guards, secrets that are answered, owners that a
// body names, tokens that are not verified as they must be, stack traces for clients, writes without their condition.
//
//     node security.mjs TYPESCRIPT PROJECT SCHEMA
//
// TYPESCRIPT is the folder of the package, PROJECT a JSON file of contents by path, SCHEMA a JSON file of the database schema. The output is that of check.mjs. Nothing of the project is run, and no types are worked out: what cannot be followed is
// given the benefit of the doubt.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { judge } from "./security/judge.mjs";

const MOST_ERRORS = 200;

const [typescript, project, schema] = process.argv.slice(2);
const ts = createRequire(import.meta.url)(`${typescript}/lib/typescript.js`);
process.stdout.write("{}\n");
const faults = judge(ts, JSON.parse(readFileSync(project, "utf8")), JSON.parse(readFileSync(schema, "utf8")));
const lines = faults.slice(0, MOST_ERRORS).map((fault) => JSON.stringify(fault));
process.stdout.write([...lines, JSON.stringify({ errors: faults.length, version: ts.version })].join("\n") + "\n");
