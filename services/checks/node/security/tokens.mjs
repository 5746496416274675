// Whether tokens are verified as they must be, and whether authentication can be off by accident.

import { isPassBySetting } from "./passes.mjs";

const LOOPBACK = /^(?:127\.0\.0\.1|::1|localhost|loopback)$/;
const OFF = /^AUTH$|^AUTH_(?:OFF|DISABLED|MODE)$|^auth$|^DISABLE_AUTH$/;
const SIGNING = /(?:^|_|(?:jwt|token|session|signing|auth|access|refresh|cookie))(?:secret|signing_?key|private_?key)(?:_?key)?$/i;
const LACKING = /^(?:no|missing|without|invalid|bad)_|^(?:no|missing|without|invalid|bad)(?=[A-Z])|^(?:NO|MISSING|WITHOUT|INVALID|BAD)_/;
const ABOUT = /secret|jwt|jwks|env|prod|auth|key/i;

/** Yield what is wrong with the verification of tokens. */
export function* tokenFaults(project) {
  const { ts } = project;
  const calls = [...project.all()].filter((node) => ts.isCallExpression(node));
  const verifications = calls.filter((node) => isVerification(project, node));
  for (const node of verifications) {
    if (isOfLibrary(project, node, "jsonwebtoken")) yield* optionsFaults(project, node);
    yield* claimFaults(project, node);
  }
  for (const node of calls) {
    const isDecoder = (project.nameOf(node.expression) === "decode" && isOfLibrary(project, node, "jsonwebtoken")) || (project.nameOf(node.expression) === "decodeJwt" && isOfLibrary(project, node, "jose"));
    if (!verifications.length && isDecoder) {
      yield { node, message: "decode reads a token without verifying it, so anybody can write one: verify it, with a fixed list of algorithms." };
    }
  }
  yield* offFaults(project);
  yield* secretFaults(project);
}

function isVerification(project, node) {
  const name = project.nameOf(node.expression);
  const isJwt = name === "verify" && isOfLibrary(project, node, "jsonwebtoken");
  return isJwt || (name === "jwtVerify" && isOfLibrary(project, node, "jose"));
}

/** Whether a call is of what its file imports from a package. */
function isOfLibrary(project, node, library) {
  const { ts } = project;
  const root = node.expression.getText().split(/[.(]/)[0];
  return node.getSourceFile().statements.some((statement) => {
    const text = statement.getText();
    const isImport = ts.isImportDeclaration(statement) || (ts.isVariableStatement(statement) && text.includes("require("));
    return isImport && (text.includes(`"${library}"`) || text.includes(`'${library}'`)) && new RegExp(`\\b${root.replace(/\W/g, "")}\\b`).test(text);
  });
}

function* optionsFaults(project, node) {
  const { ts } = project;
  const given = node.arguments[2];
  const options = given && !ts.isFunctionLike(given) ? project.literal(given) : undefined;
  if (given !== undefined && !ts.isFunctionLike(given) && options === undefined) return; // made elsewhere
  const names = new Map((options?.properties ?? []).map((property) => [property.name?.getText(), property]));
  if ([...(options?.properties ?? [])].some((property) => ts.isSpreadAssignment(property))) return;
  if (!names.has("algorithms")) {
    yield { node, message: "The token is verified with whatever algorithm it names itself: give verify a fixed list, such as { algorithms: ['HS256'] }." };
  } else if (/['"]none['"]/.test(names.get("algorithms").getText())) {
    yield { node, message: "The algorithm 'none' takes every token for a good one: leave it out." };
  }
  if (/true/.test(names.get("ignoreExpiration")?.getText() ?? "")) {
    yield { node, message: "ignoreExpiration takes tokens that have expired: leave it out." };
  }
}

/** Yield the claims that a token may lack, as far as its file and what that calls show. */
function* claimFaults(project, node) {
  let body = node;
  while (body.parent && !project.ts.isSourceFile(body)) body = body.parent;
  const importers = [...project.files.values()].filter((file) => project.importsOf(file).has(body.fileName));
  const roots = project.closure([body, ...importers]);
  const has = (pattern) => project.mentions(roots, pattern);
  if (!has(/^exp$|^maxAge$|^maxTokenAge$/)) {
    yield { node, message: "A token without exp is good for ever: refuse one that has none." };
  }
  if (!has(/^sub$|^subject$/)) {
    yield { node, message: "A token without sub names nobody: refuse one that has none, and take the caller's id from it." };
  }
}

/** Yield the middleware that lets everybody in where a setting is missing, and AUTH=off beyond the loopback. */
function* offFaults(project) {
  const { ts } = project;
  for (const node of project.all()) {
    if (!ts.isIfStatement(node) || !isOff(project, node)) continue;
    const words = [...project.words(node.expression)];
    if (/\b_?req(?:uest)?\b|header|bearer|token|authorization|path|url|method/i.test(node.expression.getText().replace(/process\.env\.\w+/g, ""))) continue;
    if (!words.some((word) => OFF.test(word))) {
      yield { node, message: `Authentication is off where ${node.expression.getText().slice(0, 60)}: only AUTH=off may turn it off, and without JWT_SECRET the server must not start.` };
    } else if (![...project.files.values()].some((file) => project.mentions([file], OFF) && project.mentions([file], LOOPBACK))) {
      yield { node, message: "With AUTH=off the server listens wherever HOST says: have it listen on 127.0.0.1 alone then, or refuse to start." };
    }
  }
}

/** Yield the secrets that the code itself tells, also where it only falls back upon them: `process.env.JWT_SECRET ?? "changeme"`. */
function* secretFaults(project) {
  for (const node of project.all()) {
    if (isTold(project, node)) {
      yield { node, message: "The code tells the secret that tokens are signed with, so whoever reads it can sign them: take it from the settings alone, and refuse to start without it." };
    }
  }
}

/** Whether a text is given to what is named as a secret. */
function isTold(project, node) {
  const { ts } = project;
  const isText = (value) => value !== undefined && ts.isStringLiteralLike(value) && !/^[A-Z0-9_]*$/.test(value.text);
  if (ts.isBinaryExpression(node)) return /^(?:\?\?|\|\|)=?$|^=$/.test(node.operatorToken.getText()) && isText(project.bare(node.right)) && isSigning(lastName(project, node.left));
  if (ts.isConditionalExpression(node)) return isSigning(lastName(project, node.whenTrue)) && isText(node.whenFalse);
  if (ts.isBindingElement(node) || ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) {
    return isText(project.bare(node.initializer)) && isSigning((node.propertyName ?? node.name).getText());
  }
  if (!ts.isCallExpression(node)) return false;
  const [name, fallback] = node.arguments;
  if (node.arguments.length === 2 && ts.isStringLiteralLike(name)) return isSigning(name.text) && isText(fallback);
  const isDefault = /^(?:default|catch)$/.test(project.nameOf(node.expression) ?? "") && ts.isPropertyAssignment(node.parent);
  return isDefault && isText(name) && isSigning(node.parent.name.getText());
}

/** Whether a name is that of a secret, not of what is said where there is none: `jwtSecret`, but not `NO_SECRET`. */
function isSigning(name) {
  return SIGNING.test(name) && !LACKING.test(name);
}

/** The last name of an expression: `JWT_SECRET` of `process.env.JWT_SECRET` and of `process.env["JWT_SECRET"]`. */
function lastName(project, expression) {
  const node = project.bare(expression);
  return project.ts.isElementAccessExpression(node) ? node.argumentExpression.getText().slice(1, -1) : (project.nameOf(node) ?? "");
}

/** Whether an `if` in a middleware ends in `next()` where a setting says so, and lets a request pass as if it were authenticated. */
function isOff(project, node) {
  const { ts } = project;
  let middleware = node.parent;
  while (middleware && !ts.isFunctionLike(middleware)) middleware = middleware.parent;
  const next = middleware?.parameters[2]?.name.getText();
  if (next === undefined || middleware.parameters.length !== 3) return false;
  const then = node.thenStatement.getText();
  const lets = new RegExp(`(?:^|[\\s{;])(?:return\\s+)?(?:void\\s+)?${next.replace(/\W/g, "")}\\(\\s*\\)`).test(then);
  return lets && (ABOUT.test(node.expression.getText()) || isPassBySetting(project, node.expression, middleware));
}
