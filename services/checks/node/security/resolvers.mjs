// The resolvers of GraphQL that decide nothing, although the schema wants a decision about who calls.

import { decides } from "./identity.mjs";
import { A_DECISION } from "./rules.mjs";

const ROOT = /^(?:Query|Mutation)$/;
const VERB = /^(?:get|list|find|all|create|add|insert|update|edit|change|patch|replace|set|delete|remove)(?=[A-Z])/;
const REST = /(?:Page|List|Connection|By[A-Z]\w*)$/;
const METHODS = [
  [/^(?:create|add|insert)/, "post"],
  [/^(?:update|edit|change|patch|replace|set)/, "patch"],
  [/^(?:delete|remove)/, "delete"],
];

/** Yield the fields of Query and Mutation that are open to whoever has a token, where the schema wants more. */
export function* resolverFaults(project, rules) {
  for (const { root, name, resolver } of resolversOf(project)) {
    const tables = rules.named(name.replace(VERB, "").replace(REST, ""));
    const method = root === "Query" ? "get" : METHODS.find(([verb]) => verb.test(name))?.[1];
    if (!tables.length || method === undefined || !rules.hasPolicies) continue;
    if (rules.need(tables, method) === A_DECISION && !decides(project, [resolver])) {
      yield { node: resolver, message: `${root}.${name} is open to whoever has a token: nothing decides by the schema's policy whether this caller may. Ask the policy before anything is read or written.` };
    }
  }
}

/** The resolvers of a map, `Query: { users: … }`, and of types that are made, `new GraphQLObjectType({ name: "Query", fields: … })`. */
function* resolversOf(project) {
  const { ts } = project;
  for (const node of project.all()) {
    const fields = ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) ? mapped(project, node) : ts.isNewExpression(node) ? typed(project, node) : undefined;
    for (const field of fields?.literal.properties ?? []) {
      const resolver = resolverIn(project, field);
      if (resolver) yield { root: fields.root, name: field.name.getText(), resolver };
    }
  }
}

function mapped(project, node) {
  const literal = ROOT.test(node.name.getText()) && node.initializer && project.literal(node.initializer);
  return literal ? { root: node.name.getText(), literal } : undefined;
}

function typed(project, made) {
  const parts = project.nameOf(made.expression) === "GraphQLObjectType" && made.arguments?.[0] && project.literal(made.arguments[0]);
  const root = parts && initializerOf(project, parts, "name")?.text;
  const fields = parts && initializerOf(project, parts, "fields");
  const value = fields && project.ts.isArrowFunction(fields) ? fields.body : fields;
  const literal = ROOT.test(root ?? "") && value && project.literal(value);
  return literal ? { root, literal } : undefined;
}

/** The function of a field, by itself or as `resolve`. */
function resolverIn(project, field) {
  const { ts } = project;
  if (ts.isMethodDeclaration(field)) return field;
  if (ts.isShorthandPropertyAssignment(field)) return field.name;
  if (!ts.isPropertyAssignment(field)) return undefined;
  const literal = project.literal(field.initializer);
  if (!literal) return field.initializer;
  return literal.properties.find((each) => ts.isMethodDeclaration(each) && each.name.getText() === "resolve") ?? initializerOf(project, literal, "resolve");
}

function initializerOf(project, literal, name) {
  const property = literal.properties.find((each) => project.ts.isPropertyAssignment(each) && each.name.getText() === name);
  return property && project.bare(property.initializer);
}
