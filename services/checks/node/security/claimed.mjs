// Whether who calls is taken from what a request says of it: from a header, or from a token that is only decoded.

import { CALLER, OF_REQUEST } from "./identity.mjs";

const ANYBODYS = /^(?:headers|query|body|cookies)$/;
const READS = /^(?:get|header)$/;
const REWRITES =
  /^(?:parse|from|atob|toString|split|decode|decodeJwt|jwtDecode|jwt_decode|slice|substring|trim|replace|toLowerCase|exec|match|at|map|filter|Boolean|String|Number|freeze|assign)$/;
const SAYS_WHO = /^(?:_?id|sub|subject|uid|userId|user|roles?|isAdmin|scopes?|permissions|groups|teams?|teamIds?)$/;
const DEEPEST = 12;

/** Yield the places where middleware believes a request that says who sent it. */
export function* claimedFaults(project) {
  const { ts } = project;
  for (const node of project.all()) {
    if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken || !isPlace(project, node.left)) continue;
    if (saysWho(project, node.right).some((value) => isAnybodys(project, value))) {
      yield { node, message: "Who calls is taken from the request and not verified (a header, or a token that is only decoded), so anybody can be anybody: verify a token, and take it from its claims." };
    }
  }
}

/** `request.user`, `response.locals.caller`. */
function isPlace(project, expression) {
  const node = project.bare(expression);
  return project.ts.isPropertyAccessExpression(node) && CALLER.test(node.name.text) && OF_REQUEST.test(node.expression.getText());
}

/** The parts of a caller that say who it is, or all of it. */
function saysWho(project, expression) {
  const { ts } = project;
  const literal = literalIn(project, expression);
  if (!literal) return [expression];
  return literal.properties.flatMap((property) => {
    if (ts.isSpreadAssignment(property)) return [property.expression];
    if (!SAYS_WHO.test(property.name.getText())) return [];
    return [ts.isPropertyAssignment(property) ? property.initializer : property.name];
  });
}

function literalIn(project, expression) {
  const { ts } = project;
  const node = project.bare(expression);
  const frozen = ts.isCallExpression(node) && project.nameOf(node.expression) === "freeze" ? project.bare(node.arguments[0]) : node;
  return frozen && ts.isObjectLiteralExpression(frozen) ? frozen : undefined;
}

/** Whether a value is what anybody may have sent, through whatever rewrites it without looking at a signature. */
function isAnybodys(project, expression, depth = 0) {
  const { ts } = project;
  const node = project.bare(expression);
  if (!node || depth > DEEPEST) return false;
  const again = (inner) => isAnybodys(project, inner, depth + 1);
  if (ts.isIdentifier(node)) {
    const value = project.initializer(node.text, node)?.initializer;
    return value !== undefined && again(value);
  }
  if (ts.isPropertyAccessExpression(node)) return (ANYBODYS.test(node.name.text) && isRequest(node.expression)) || again(node.expression);
  if (ts.isElementAccessExpression(node)) return again(node.expression);
  if (ts.isBinaryExpression(node)) return again(node.left) || again(node.right);
  if (ts.isConditionalExpression(node)) return again(node.whenTrue) || again(node.whenFalse);
  if (ts.isTemplateExpression(node)) return node.templateSpans.some((span) => again(span.expression));
  if (ts.isArrayLiteralExpression(node)) return node.elements.some(again);
  if (ts.isObjectLiteralExpression(node)) return saysWho(project, node).some(again);
  if (ts.isNewExpression(node)) return (node.arguments ?? []).some(again);
  if (!ts.isCallExpression(node)) return false;
  const receiver = ts.isPropertyAccessExpression(node.expression) ? node.expression.expression : undefined;
  const name = project.nameOf(node.expression) ?? "";
  if (receiver && READS.test(name) && isRequest(receiver)) return true;
  return REWRITES.test(name) && ([...node.arguments].some(again) || (receiver !== undefined && again(receiver)));
}

function isRequest(node) {
  return /^_?(?:req|request)$|^ctx\.request$/.test(node.getText());
}
