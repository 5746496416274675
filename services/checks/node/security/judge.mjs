// All that can be told of a project's security, in the order of its kinds, each once.

import { answerFaults } from "./answers.mjs";
import { claimedFaults } from "./claimed.mjs";
import { conditionFaults } from "./conditions.mjs";
import { routeFaults } from "./guards.mjs";
import { ownerFaults } from "./owners.mjs";
import { passFaults } from "./passes.mjs";
import { Project } from "./project.mjs";
import { resolverFaults } from "./resolvers.mjs";
import { Rules } from "./rules.mjs";
import { tokenFaults } from "./tokens.mjs";

/** Return the faults of a project, given as contents by path, that was written for a schema. */
export function judge(ts, contents, schema) {
  const project = new Project(ts, contents);
  const rules = new Rules(schema);
  const faults = [routeFaults, resolverFaults, answerFaults, ownerFaults, passFaults, claimedFaults, tokenFaults, conditionFaults].flatMap((find) => [...find(project, rules)]);
  const each = faults.map(({ node, message }) => ({ ...project.place(node), message }));
  return [...new Map(each.map((fault) => [JSON.stringify(fault), fault])).values()];
}
