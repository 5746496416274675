// Middleware that verifies tokens, and the ways through it on which it verifies none.

import { isAnswered, isFailure, isSwallowed, isVerifying, leaves, mayRefuse, namesOf } from "./verification.mjs";

const OF_ROUTE = /\b(?:method|path|url|originalUrl|baseUrl)\b/;
const SETTING = /\bprocess\.env\b|\b(?:settings|config|env)\./;
const FOUND = new WeakMap();

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
  const asked = [];
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
      asked.push(condition);
      hasFailed ||= isThen && isFailure(project, condition);
      if (!hasFailed && isVerifying(project, condition)) return undefined;
    }
    if (ts.isBinaryExpression(parent) && node === parent.right) asked.push(parent.left);
    if (ts.isBlock(parent)) {
      const before = parent.statements.slice(0, parent.statements.indexOf(node));
      asked.push(...before.filter((statement) => mayRefuse(project, statement)));
      if (!hasFailed && before.some((statement) => hasVerified(project, statement, asked))) return undefined;
    }
    if (ts.isFunctionLike(node) && ts.isCallExpression(parent) && !hasFailed && isAnswered(project, node, parent, asked)) return undefined;
    if (ts.isFunctionLike(node) && ts.isCallExpression(parent) && ts.isPropertyAccessExpression(parent.expression) && parent.expression.name.text === "catch") node = parent;
  }
  return conditions;
}

/** Whether code behind a statement runs only after a verification that did not fail: it threw then, or the code asks. */
function hasVerified(project, statement, asked) {
  const { ts } = project;
  if (ts.isTryStatement(statement)) {
    const tried = statement.tryBlock.statements;
    if (statement.catchClause && !leaves(ts, statement.catchClause.block)) return tried.some((each) => isVerifying(project, each) && isAsked(project, each, asked));
    return tried.some((each) => hasVerified(project, each, asked));
  }
  if (ts.isIfStatement(statement)) return isVerifying(project, statement.expression) || (isVerifying(project, statement.thenStatement) && statement.elseStatement !== undefined && leaves(ts, statement.elseStatement));
  return isVerifying(project, statement) && (!isSwallowed(project, statement) || isAsked(project, statement, asked));
}

/** Whether some code that was passed asks for what a statement sets. */
function isAsked(project, statement, asked) {
  const names = namesOf(project, statement);
  return project.mentions(asked.filter((each) => each !== statement), { test: (word) => names.has(word) });
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
