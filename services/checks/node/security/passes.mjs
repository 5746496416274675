// Middleware that verifies tokens, and the ways through it on which it verifies none.

import { verifies } from "./identity.mjs";

const OF_ROUTE = /\b(?:method|path|url|originalUrl|baseUrl)\b/;
const SETTING = /\bprocess\.env\b|\b(?:settings|config|env)\./;
const FOUND = new WeakMap();
const FAILED = /^(?:e|err|error|failure|problem)$/;

/** Whether a middleware goes on without a verified token, for whatever route, leaving it to others to refuse who is unknown. */
export function letsStrangersPass(project, middleware) {
  return unverified(project, middleware).some(({ conditions }) => !conditions.some((each) => OF_ROUTE.test(each.getText()) || SETTING.test(each.getText()) || isPassword(project, each)));
}

/** Whether a call of `next()` in a condition lets a request pass by a setting alone, as if it were authenticated. */
export function isPassBySetting(project, condition, middleware) {
  return SETTING.test(condition.getText()) && unverified(project, middleware).some(({ conditions }) => conditions.includes(condition));
}

/** Yield the calls of `next()` that a text which the sender chooses opens to them: `if (req.get("x-internal") === "1") next()`. */
export function* passFaults(project) {
  for (const middleware of project.all()) {
    for (const { call, conditions } of unverified(project, middleware)) {
      const condition = conditions.find((each) => isPassword(project, each));
      if (!condition || conditions.some((each) => OF_ROUTE.test(each.getText()))) continue;
      yield { node: call, message: `The middleware lets through whoever sends what the code says (${condition.getText().slice(0, 60)}), without a token: verify one on every way to next().` };
    }
  }
}

/** The calls of `next()` in a middleware that verifies tokens, before which it has verified none, with what they depend on. */
function unverified(project, middleware) {
  if (!FOUND.has(middleware)) FOUND.set(middleware, unverifiedIn(project, middleware));
  return FOUND.get(middleware);
}

function unverifiedIn(project, middleware) {
  const { ts } = project;
  if (!ts.isFunctionLike(middleware) || middleware.parameters.length !== 3 || !middleware.body || !isVerifying(project, middleware.body)) return [];
  const next = middleware.parameters[2].name.getText();
  const calls = [...project.nodes(middleware.body)].filter((node) => ts.isCallExpression(node) && node.expression.getText() === next && (!node.arguments.length || node.arguments[0].getText() === "undefined"));
  return calls.flatMap((call) => {
    const conditions = wayTo(project, call, middleware);
    return conditions ? [{ call, conditions }] : [];
  });
}

/** The conditions on the way to a place in a middleware, each that must hold; undefined if a token was verified on it. */
function wayTo(project, call, middleware) {
  const { ts } = project;
  const conditions = [];
  let hasFailed = false;
  for (let node = call; node !== middleware; node = node.parent) {
    const { parent } = node;
    if (ts.isCatchClause(node)) {
      node = parent;
      continue;
    }
    if (ts.isIfStatement(parent) || ts.isConditionalExpression(parent)) {
      const condition = parent.expression ?? parent.condition;
      if (node === condition) continue;
      const isThen = node === (parent.thenStatement ?? parent.whenTrue);
      if (isThen) conditions.push(condition);
      hasFailed ||= isThen && isFailure(project, condition);
      if (!hasFailed && isVerifying(project, condition)) return undefined;
    }
    if (ts.isBlock(parent)) {
      const before = parent.statements.slice(0, parent.statements.indexOf(node));
      if (!hasFailed && before.some((statement) => hasVerified(project, statement))) return undefined;
    }
    if (ts.isFunctionLike(node) && ts.isCallExpression(parent) && !hasFailed && isAnswer(project, node, parent)) return undefined;
    if (ts.isFunctionLike(node) && ts.isCallExpression(parent) && ts.isPropertyAccessExpression(parent.expression) && parent.expression.name.text === "catch") node = parent;
  }
  return conditions;
}

/** Whether a function is called with what a verification gave: by itself, or by the promise that it returned. */
function isAnswer(project, callback, call) {
  const { ts } = project;
  if (ts.isPropertyAccessExpression(call.expression) && call.expression.name.text === "then") return call.arguments[0] === callback && isVerifying(project, call.expression);
  const rest = call.arguments.filter((each) => each !== callback);
  return isVerifying(project, call.expression) || rest.some((each) => isVerifying(project, each));
}

/** Whether code behind a statement runs only after a verification that did not throw. */
function hasVerified(project, statement) {
  const { ts } = project;
  if (ts.isTryStatement(statement)) return isVerifying(project, statement.tryBlock) && (!statement.catchClause || leaves(ts, statement.catchClause.block));
  if (ts.isIfStatement(statement)) return isVerifying(project, statement.expression) || (isVerifying(project, statement.thenStatement) && statement.elseStatement !== undefined && leaves(ts, statement.elseStatement));
  return isVerifying(project, statement);
}

function leaves(ts, statement) {
  const last = ts.isBlock(statement) ? statement.statements.at(-1) : statement;
  return last !== undefined && (ts.isReturnStatement(last) || ts.isThrowStatement(last));
}

/** Whether some code verifies a token, itself or by a function that it calls. */
function isVerifying(project, code) {
  const { ts } = project;
  if (verifies(project, code)) return true;
  return [...project.nodes(code)].some((node) => ts.isCallExpression(node) && project.calledBy(node.expression).some((each) => verifies(project, each)));
}

/** Whether a condition holds where verification failed: `err`, `!claims`, `claims === undefined`. */
function isFailure(project, condition) {
  const { ts } = project;
  const node = project.bare(condition);
  if (ts.isIdentifier(node)) return FAILED.test(node.text);
  if (ts.isPrefixUnaryExpression(node)) return ts.isIdentifier(node.operand);
  if (!ts.isBinaryExpression(node)) return false;
  if (/^(?:\|\||&&)$/.test(node.operatorToken.getText())) return isFailure(project, node.left);
  return /^===?$/.test(node.operatorToken.getText()) && /^(?:undefined|null)$/.test(node.right.getText());
}

/** Whether a condition holds for a text that the code tells. */
function isPassword(project, condition) {
  const { ts } = project;
  const node = project.bare(condition);
  if (!ts.isBinaryExpression(node)) return false;
  if (/^(?:\|\||&&)$/.test(node.operatorToken.getText())) return isPassword(project, node.left) || isPassword(project, node.right);
  const sides = [node.left, node.right].map((side) => project.bare(side));
  const isText = (side) => ts.isStringLiteralLike(side) && side.text !== "";
  return /^===?$/.test(node.operatorToken.getText()) && sides.some(isText) && !sides.some((side) => ts.isTypeOfExpression(side) || SETTING.test(side.getText()));
}
