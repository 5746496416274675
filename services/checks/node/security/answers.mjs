// Whether answers show what they must not: secret fields of rows, and stack traces.

import { isNamedLikeASecret } from "./rules.mjs";
import { routesOf, tablesAround } from "./routes.mjs";
import { Rows } from "./rows.mjs";

const SENDS = new Set(["json", "send", "end", "write", "jsonp"]);
const RESPONSE = /^_?(?:res|resp|response|reply)$/;
const PRINTS = /^(?:inspect|format|serializeError|errorToObject)$/;
const NOT_SHOWN = /^(?:undefined|null|true|false)$/;

/** Yield the answers that show secrets or stack traces, and a project without an error handler. */
export function* answerFaults(project, rules) {
  const secret = new Set(rules.tables.flatMap((table) => rules.secrets(table)));
  const routes = routesOf(project);
  const isHidden = isReplaced(project);
  for (const node of project.all()) {
    const sent = sentBy(project, node);
    if (!sent) continue;
    const stack = [...reached(project, sent)].find((each) => isStack(project, each) || isWholeError(project, each));
    if (stack) yield { node: stack, message: "A stack trace leaves the process, whatever NODE_ENV is: log it, and answer with a fixed sentence and the request's id." };
    for (const property of named(project, sent, secret)) {
      yield { node: property, message: `An answer shows '${property.name.text}', which is a secret: leave it out.` };
    }
    const { fields, isTheirs } = secretsHere(project, rules, node);
    if (fields.length && !isHidden && new Rows(project, fields, isTheirs).has(sent)) {
      yield { node: sent, message: `An answer shows a whole row, with ${fields.map((field) => `'${field}'`).join(" and ")} in it: answer with the other fields alone.` };
    }
  }
  if (routes.length && !hasErrorHandler(project)) {
    yield { node: routes[0].node, message: "There is no error handler (a middleware of four parameters), so Express answers with stack traces where NODE_ENV is not production: add one, after the routes." };
  }
}

/** What a call sends as an answer: `x` of `response.status(200).json(x)`. */
function sentBy(project, node) {
  const { ts } = project;
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression) || !SENDS.has(node.expression.name.text)) return undefined;
  let root = node.expression.expression;
  while (ts.isCallExpression(root) || ts.isPropertyAccessExpression(root)) root = root.expression;
  return ts.isIdentifier(root) && RESPONSE.test(root.text) ? node.arguments[0] : undefined;
}

/** The expressions that an answer is made of, those of local constants among them. */
function* reached(project, sent) {
  const { ts } = project;
  for (const node of project.nodes(sent)) {
    yield node;
    if (!ts.isIdentifier(node) || (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node)) continue;
    const value = project.initializer(node.text, node)?.initializer;
    if (value && ts.isObjectLiteralExpression(project.bare(value) ?? value)) yield* project.nodes(value);
  }
}

/** `error.stack`, and `stack` where it is taken out of an error under whatever name. */
function isStack(project, node) {
  const { ts } = project;
  if (ts.isPropertyAccessExpression(node)) return node.name.text === "stack";
  if (!isValue(ts, node)) return false;
  const declaration = project.initializer(node.text, node);
  if (!declaration?.initializer) return false;
  if (ts.isIdentifier(declaration.name)) return isStack(project, project.bare(declaration.initializer));
  return declaration.name.elements.some((each) => each.name.getText() === node.text && (each.propertyName ?? each.name).getText() === "stack");
}

/** Whether an error is sent as it is: by itself, as a field of the answer, or as text that its stack is in. */
function isWholeError(project, node) {
  const { ts } = project;
  if (!isValue(ts, node) || !isError(project, node)) return false;
  const { parent } = node;
  if (ts.isCallExpression(parent)) return PRINTS.test(project.nameOf(parent.expression) ?? "") || sentBy(project, parent) === node;
  return ts.isPropertyAssignment(parent) || ts.isShorthandPropertyAssignment(parent) || ts.isSpreadAssignment(parent);
}

/** Whether an identifier is read for its value, and names no property. */
function isValue(ts, node) {
  if (!ts.isIdentifier(node)) return false;
  const isName = (ts.isPropertyAccessExpression(node.parent) || ts.isPropertyAssignment(node.parent)) && node.parent.name === node;
  return !isName;
}

/** Whether a name is what a `catch` caught or an error handler was given, of no class that is asked for there. */
function isError(project, node) {
  const { ts } = project;
  for (let scope = node.parent; scope; scope = scope.parent) {
    if (ts.isIfStatement(scope) && scope.expression.getText().startsWith(`${node.text} instanceof`)) return false;
    if (ts.isCatchClause(scope) && scope.variableDeclaration?.name.getText() === node.text) return true;
    if (ts.isFunctionLike(scope) && scope.parameters.some((each) => each.name.getText() === node.text)) return scope.parameters.length === 4 && scope.parameters[0].name.getText() === node.text;
  }
  return false;
}

/** The properties of an answer's literal whose names are secrets', unless they show a fixed value. */
function* named(project, sent, secret) {
  const { ts } = project;
  for (const node of project.nodes(sent)) {
    if (ts.isFunctionLike(node)) continue;
    if (!ts.isPropertyAssignment(node) && !ts.isShorthandPropertyAssignment(node)) continue;
    const name = ts.isIdentifier(node.name) || ts.isStringLiteralLike(node.name) ? node.name.text : "";
    const value = ts.isPropertyAssignment(node) ? project.bare(node.initializer) : node.name;
    const isRead = ts.isIdentifier(value) || ts.isPropertyAccessExpression(value) || ts.isElementAccessExpression(value);
    const isSecret = (secret.has(name) && !/token/i.test(name)) || isNamedLikeASecret(name);
    if (isRead && isSecret && !NOT_SHOWN.test(value.getText())) yield node;
  }
}

/** The secret fields of the tables that an answer's place is about, or of all where it is about none, and which reads are of these tables. */
function secretsHere(project, rules, node) {
  const around = tablesAround(project, rules, node);
  const isGeneric = /crud|generic|factory|resource|base/i.test(node.getSourceFile().fileName.split("/").at(-1));
  const tables = around.length ? around : rules.tables.filter((table) => rules.secrets(table).length);
  const isTheirs = (read) => {
    const named = tablesRead(project, rules, read);
    return named.length ? named.some((table) => tables.includes(table)) : around.length > 0 || isGeneric;
  };
  return { fields: [...new Set(tables.flatMap((table) => rules.secrets(table)))], isTheirs };
}

/** The tables that a command to the database names as its TableName. */
function tablesRead(project, rules, read) {
  const { ts } = project;
  return [...project.nodes(read)].flatMap((node) => {
    if (node.name?.getText() !== "TableName") return [];
    const value = ts.isPropertyAssignment(node) ? project.bare(node.initializer) : ts.isShorthandPropertyAssignment(node) ? node.name : undefined;
    const text = value && ts.isIdentifier(value) ? project.constant(value)?.initializer : value;
    return text && ts.isStringLiteralLike(text) ? rules.named(text.text) : [];
  });
}

/** Whether something takes the place of `response.json`, so that nothing can be told of what it is given. */
function isReplaced(project) {
  const { ts } = project;
  return [...project.all()].some(
    (node) => ts.isBinaryExpression(node) && ts.isPropertyAccessExpression(node.left) && /^(?:json|send)$/.test(node.left.name.text) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken,
  );
}

function hasErrorHandler(project) {
  const { ts } = project;
  return [...project.all()].some(
    (node) => project.isFunction(node) && node.parameters.length === 4 && /err|cause|problem|fault|exception/i.test(node.parameters[0].name.getText()),
  ) || [...project.all()].some((node) => ts.isTypeReferenceNode(node) && /ErrorRequestHandler/.test(node.getText()));
}
