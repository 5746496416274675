// Whether answers show what they must not: secret fields of rows, and stack traces.

import { isNamedLikeASecret } from "./rules.mjs";
import { routesOf, tablesAround } from "./routes.mjs";

const SENDS = new Set(["json", "send", "end", "write", "jsonp"]);
const RESPONSE = /^_?(?:res|resp|response|reply)$/;
const HIDES = /public|serial|present|saniti[sz]|strip|omit|safe|view|dto|shape|mask|redact|hid(?:e|den)|without|clean|visible|expose|filter|pick|shown|secre/i;
const DATABASE = /^(?:GetCommand|PutCommand|UpdateCommand|QueryCommand|ScanCommand|BatchGetCommand|TransactGetCommand|TransactWriteCommand|DeleteCommand)$/;
const PARTS = /^(?:Items?|Attributes|data|rows?|items|records?)$/;
const DEEPEST = 10;
const MOST_STEPS = 5_000;
const NOT_SHOWN = /^(?:undefined|null|true|false)$/;

/** Yield the answers that show secrets or stack traces, and a project without an error handler. */
export function* answerFaults(project, rules) {
  const secret = new Set(rules.tables.flatMap((table) => rules.secrets(table)));
  const routes = routesOf(project);
  const isHidden = isReplaced(project);
  for (const node of project.all()) {
    const sent = sentBy(project, node);
    if (!sent) continue;
    const stack = [...reached(project, sent)].find((each) => isStack(project, each));
    if (stack) yield { node: stack, message: "A stack trace leaves the process, whatever NODE_ENV is: log it, and answer with a fixed sentence and the request's id." };
    for (const property of named(project, sent, secret)) {
      yield { node: property, message: `An answer shows '${property.name.text}', which is a secret: leave it out.` };
    }
    const fields = secretsHere(project, rules, node);
    if (fields.length && !isHidden && new Rows(project, fields).has(sent)) {
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

function isStack(project, node) {
  return project.ts.isPropertyAccessExpression(node) && node.name.text === "stack";
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

/** The secret fields of the tables that an answer's file is about, or of all where it is about none. */
function secretsHere(project, rules, node) {
  const named = tablesAround(project, rules, node);
  const isGeneric = !named.length && /crud|generic|factory|resource|base/i.test(node.getSourceFile().fileName.split("/").at(-1));
  const tables = isGeneric ? rules.tables : named;
  return [...new Set(tables.flatMap((table) => rules.secrets(table)))];
}

/** Tells rows as they are stored, or as they were sent, from what is made of them. */
class Rows {
  constructor(project, fields) {
    this.project = project;
    this.fields = fields;
    this.steps = MOST_STEPS;
  }

  /** Whether a value is certainly a row with its secrets in it. `given` are the arguments of the function that it stands in. */
  has(expression, given = new Map(), depth = 0) {
    const { ts } = this.project;
    const node = this.project.bare(expression);
    this.steps -= 1;
    if (!node || depth > DEEPEST || this.steps < 0) return false;
    const again = (inner) => this.has(inner, given, depth + 1);
    if (ts.isObjectLiteralExpression(node)) return this.#inLiteral(node, again, depth);
    if (ts.isArrayLiteralExpression(node)) return node.elements.some(again);
    if (ts.isConditionalExpression(node)) return again(node.whenTrue) || again(node.whenFalse);
    if (ts.isBinaryExpression(node)) return again(node.left) || again(node.right);
    if (ts.isIdentifier(node)) return this.#named(node, again, given, depth);
    if (ts.isPropertyAccessExpression(node)) return isBodyOf(node) || (PARTS.test(node.name.text) && again(node.expression));
    return ts.isCallExpression(node) && this.#called(node, again, given, depth);
  }

  #inLiteral(literal, again, depth) {
    const { ts } = this.project;
    const replaced = literal.properties.filter((each) => ts.isPropertyAssignment(each)).map((each) => each.name.getText());
    return literal.properties.some((property) => {
      const isSecret = depth > 0 && this.fields.includes(property.name?.getText());
      if (ts.isShorthandPropertyAssignment(property)) return isSecret || again(property.name);
      if (ts.isPropertyAssignment(property)) return (isSecret && !NOT_SHOWN.test(property.initializer.getText())) || again(property.initializer);
      return ts.isSpreadAssignment(property) && !this.fields.every((field) => replaced.includes(field)) && again(property.expression);
    });
  }

  #named(node, again, given, depth) {
    const { ts } = this.project;
    if (given.has(node.text)) return this.has(given.get(node.text), new Map(), depth + 1);
    const declaration = this.project.initializer(node.text, node);
    if (!declaration?.initializer || this.#isStripped(node)) return false;
    if (!ts.isObjectBindingPattern(declaration.name)) return again(declaration.initializer);
    const element = declaration.name.elements.find((each) => each.name.getText() === node.text);
    return !element?.dotDotDotToken && PARTS.test((element?.propertyName ?? element?.name)?.getText() ?? "") && again(declaration.initializer);
  }

  #called(node, again, given, depth) {
    const { ts } = this.project;
    const name = this.project.nameOf(node.expression) ?? "";
    if (HIDES.test(name)) return false;
    if (name === "map" && ts.isPropertyAccessExpression(node.expression)) return this.#copies(node.arguments[0]) && again(node.expression.expression);
    if (node.arguments.some((each) => this.project.mentions([each], DATABASE))) return !this.project.mentions([...node.arguments], /^ProjectionExpression$/);
    const functions = this.project.calledBy(node.expression);
    return functions.length > 0 && functions.every((each) => this.#returns(each, node.arguments, given, depth));
  }

  /** Whether what a function returns is a row. */
  #returns(called, values, given, depth) {
    const { ts } = this.project;
    const names = called.parameters.map((parameter) => parameter.name.getText());
    const inner = new Map(names.flatMap((name, nth) => (values[nth] && !given.has(values[nth].getText()) ? [[name, values[nth]]] : [])));
    const results = called.body && ts.isBlock(called.body) ? returned(this.project, called.body) : [called.body];
    return results.some((value) => value && this.has(value, inner, depth + 1));
  }

  /** Whether each row is only copied: `(user) => ({ ...user, isNew: true })`. */
  #copies(mapper) {
    return mapper !== undefined && this.project.isFunction(mapper) && /^\(?\s*\w+\s*\)?\s*=>\s*\(?\{\s*\.\.\.\w+/.test(mapper.getText()) && !this.fields.some((field) => this.project.words(mapper).has(field));
  }

  /** Whether `delete user.password` or `user.password = undefined` stands in the function. */
  #isStripped(node) {
    const { ts } = this.project;
    let body = node;
    while (body.parent && !ts.isFunctionLike(body)) body = body.parent;
    return [...this.project.nodes(body)].some((each) => {
      const isEmptied = ts.isBinaryExpression(each) && NOT_SHOWN.test(each.right.getText());
      const target = ts.isDeleteExpression(each) ? each.expression : isEmptied ? each.left : undefined;
      return target && ts.isPropertyAccessExpression(target) && target.expression.getText() === node.text && this.fields.includes(target.name.text);
    });
  }
}

function isBodyOf(node) {
  return node.name.text === "body" && /^_?req(?:uest)?$/.test(node.expression.getText());
}

/** What the `return`s of a body return, without those of functions in it. */
function returned(project, body) {
  const { ts } = project;
  const values = [];
  const waiting = [body];
  while (waiting.length) {
    const node = waiting.pop();
    if (ts.isReturnStatement(node)) values.push(node.expression);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, (child) => void waiting.push(child));
  }
  return values;
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
