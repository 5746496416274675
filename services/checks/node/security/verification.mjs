// What becomes of a verification that fails: it throws, it answers, or it goes on as if nothing had happened.

import { verifies, VERIFIES } from "./identity.mjs";

const FAILED = /^_?(?:e|err|error|failure|problem)$/;
const REFUSES = /^(?:reject|fail|deny|assert|invariant)/i;
const DEEPEST = 4;

/** Whether some code verifies a token, itself or by a function that it calls. */
export function isVerifying(project, code) {
  return verifies(project, code) || verifying(project, code).length > 0;
}

/** Whether whoever sends a bad token gets beyond some code that verifies it. */
export function isSwallowed(project, code, depth = 0) {
  const calls = verifying(project, code);
  return depth < DEEPEST && calls.length > 0 && calls.every((call) => isLost(project, call, code, depth));
}

/** Whether a function is called with what a verification gave, and not where that failed: by itself, or by a promise. */
export function isAnswered(project, callback, call, asked) {
  const { ts } = project;
  const name = project.nameOf(call.expression);
  if (ts.isPropertyAccessExpression(call.expression) && /^(?:then|finally)$/.test(name)) {
    return name === "then" && call.arguments[0] === callback && isVerifying(project, call.expression) && (!isSwallowed(project, call.expression.expression) || asksFor(project, callback, asked));
  }
  const rest = call.arguments.filter((each) => each !== callback);
  if (!isVerifying(project, call.expression) && !rest.some((each) => isVerifying(project, each))) return false;
  return !isToldOfFailure(project, callback, call) || asksFor(project, callback, asked);
}

/** Whether a condition holds where verification failed: `err`, `!claims`, `claims === undefined`. */
export function isFailure(project, condition) {
  const { ts } = project;
  const node = project.bare(condition);
  if (ts.isIdentifier(node)) return FAILED.test(node.text);
  if (ts.isPrefixUnaryExpression(node)) return ts.isIdentifier(node.operand) && !FAILED.test(node.operand.text);
  if (!ts.isBinaryExpression(node)) return false;
  if (/^(?:\|\||&&)$/.test(node.operatorToken.getText())) return isFailure(project, node.left);
  return /^===?$/.test(node.operatorToken.getText()) && /^(?:undefined|null)$/.test(node.right.getText()) && !FAILED.test(node.left.getText());
}

/** Whether a statement does not let everybody go on: `if (!claims) return …`, `assert(claims)`. */
export function mayRefuse(project, statement) {
  const { ts } = project;
  if (ts.isIfStatement(statement)) return leaves(ts, statement.thenStatement) || (statement.elseStatement !== undefined && leaves(ts, statement.elseStatement));
  return ts.isExpressionStatement(statement) && refuses(project, statement.expression);
}

export function leaves(ts, statement) {
  const last = ts.isBlock(statement) ? statement.statements.at(-1) : statement;
  return last !== undefined && (ts.isReturnStatement(last) || ts.isThrowStatement(last));
}

/** The names of what a statement declares or assigns: `claims` of `const claims = …`, `user` of `request.user = …`. */
export function namesOf(project, statement) {
  const { ts } = project;
  const names = new Set();
  for (const node of project.nodes(statement)) {
    if (ts.isVariableDeclaration(node)) for (const each of project.words(node.name)) names.add(each);
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) names.add(project.nameOf(node.left));
  }
  return names;
}

/** The calls in some code that verify a token. */
function verifying(project, code) {
  const { ts } = project;
  return [...project.nodes(code)].filter((node) => ts.isCallExpression(node) && (VERIFIES.test(project.nameOf(node.expression) ?? "") || project.calledBy(node.expression).some((each) => verifies(project, each))));
}

/** Whether a call's failure does not get out of some code: it is caught there, or told to a function that passes it over. */
function isLost(project, call, code, depth) {
  const { ts } = project;
  const callback = call.arguments.find((each) => project.isFunction(each) && isToldOfFailure(project, each, call));
  if (callback) return !refuses(project, callback.body);
  for (let node = call; node !== code; node = node.parent) {
    const { parent } = node;
    if (ts.isTryStatement(parent) && node === parent.tryBlock && parent.catchClause && !refuses(project, parent.catchClause)) return true;
    if (ts.isBinaryExpression(parent) && node === parent.left && /^(?:\?\?|\|\|)$/.test(parent.operatorToken.getText()) && refuses(project, parent.right)) return false;
    if (!ts.isCallExpression(parent)) continue;
    if (parent.arguments.includes(node) && refuses(project, parent)) return false;
    const name = parent.expression === node ? project.nameOf(node) : undefined;
    const handler = name === "catch" ? parent.arguments[0] : name === "then" ? parent.arguments[1] : undefined;
    if (handler && !refuses(project, handler)) return true;
  }
  const called = project.calledBy(call.expression).filter((each) => verifies(project, each) && each.body);
  return called.length > 0 && called.every((each) => isSwallowed(project, each.body, depth + 1));
}

/** Whether a function is called where a verification failed, too, as callbacks of Node are: `(err, claims) => …`. */
function isToldOfFailure(project, callback, call) {
  const [first, second] = callback.parameters;
  if (!first) return false;
  return FAILED.test(first.name.getText()) || (second !== undefined && VERIFIES.test(project.nameOf(call.expression) ?? ""));
}

/** Whether some code that was passed asks for what a function was given. */
function asksFor(project, callback, asked) {
  const names = new Set(callback.parameters.flatMap((each) => [...project.words(each.name)]));
  return project.mentions(asked, { test: (word) => names.has(word) });
}

/** Whether some code may throw, or hands a failure on. */
function refuses(project, code) {
  const { ts } = project;
  return project.closure([code]).some((root) => [...project.nodes(root)].some((node) => ts.isThrowStatement(node) || (ts.isCallExpression(node) && (REFUSES.test(project.nameOf(node.expression) ?? "") || handsOn(project, node)))));
}

/** `next(error)`, `done(err)`. */
function handsOn(project, call) {
  const { ts } = project;
  return ts.isIdentifier(call.expression) && /^(?:next|done|callback|cb)$/.test(call.expression.text) && call.arguments.length === 1 && call.arguments[0].getText() !== "undefined";
}
