// Who calls, as code knows them: what holds the caller, what verifies them, and what depends on them.

export const CALLER = /^(?:user|caller|principal|auth|claims|actor|identity|session|viewer|currentUser|authUser)$/;
export const OF_REQUEST = /\b(?:_?req|_?request|_?res|_?response|ctx|context|locals|state|getStore)\b/;
export const VERIFIES = /^(?:verify|jwtVerify|expressjwt|jwtDecrypt)$/;
const DECIDES =
  /authori[sz]e|access(?!_?(?:key|token))|allow(?!unknown|ed|_?headers)|permi(?:t|ssion)|polic(?:y|ies)|^can$|^can[A-Z]|abilit|forbid|owner|role|grant|member|admin|scope|privilege|enforce|tenant/i;
const FORBIDS = /^(?:403|FORBIDDEN)$|Forbidden/;
const CHOSEN = /^(?:body|query)$/;
const LOGS = /^(?:console|log|logger|logging|audit|tracer?|span|metrics)$/i;

/** Whether some code verifies a token itself. */
export function verifies(project, root) {
  return project.mentions([root], VERIFIES);
}

/** Whether an expression holds the verified caller, and no row that is only called as one. */
export function isCaller(project, expression, depth = 0) {
  const { ts } = project;
  const node = project.bare(expression);
  if (!node || depth > 4) return false;
  if (ts.isPropertyAccessExpression(node)) return CALLER.test(node.name.text) && OF_REQUEST.test(node.expression.getText());
  if (!ts.isIdentifier(node)) return false;
  const declaration = project.initializer(node.text, node);
  if (!declaration?.initializer) return CALLER.test(node.text);
  const value = project.bare(declaration.initializer);
  if (ts.isIdentifier(declaration.name) && isCaller(project, value, depth + 1)) return true;
  if (!CALLER.test(node.text)) return false;
  if (!ts.isCallExpression(value)) return /^\W*(?:this\.)?\w+$/.test(value.getText().split(".")[0]) && OF_REQUEST.test(value.getText().split(/[.?]/)[0]);
  return value.arguments.every((each) => OF_REQUEST.test(each.getText()) && (ts.isIdentifier(each) || isCaller(project, each, depth + 1)));
}

/** Whether code decides by who the caller is: what only verifies tokens does not, nor does a line in a log or what a request says. */
export function decides(project, nodes) {
  if (nodes.some((node) => isDecision(project, node))) return true;
  const roots = project.closure(nodes, { except: (name) => (project.functions.get(name) ?? []).some((each) => verifies(project, each)) });
  return roots.filter((root) => !(project.isFunction(root) && verifies(project, root))).some((root) => [...project.nodes(root)].some((node) => decidesAt(project, node)));
}

/** Whether code does one thing for who is known, and another for who is not. */
export function requiresCaller(project, nodes) {
  const roots = project.closure(nodes).filter((root) => !(project.isFunction(root) && verifies(project, root)));
  return roots.some((root) => [...project.nodes(root)].some((node) => isCaller(project, node) && isAsked(project, node)));
}

function decidesAt(project, node) {
  const { ts } = project;
  if ((ts.isNumericLiteral(node) || ts.isIdentifier(node)) && FORBIDS.test(node.text)) return !isChosen(project, project.closure(conditionAround(project, node)));
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return isDecision(project, node.expression);
  return isUsed(project, node) && !isLogged(project, node);
}

/** Whether a function is one that decides by its name, unless what it does shows that the request alone decides. */
function isDecision(project, node) {
  return DECIDES.test(project.nameOf(node) ?? "") && !project.isFunction(node) && !isChosen(project, project.closure(project.calledBy(node)));
}

/** Whether something of the caller is read, or they are handed to what may decide. */
function isUsed(project, node) {
  const { ts } = project;
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return isCaller(project, node.expression);
  if (ts.isVariableDeclaration(node)) return ts.isObjectBindingPattern(node.name) && node.initializer !== undefined && isCaller(project, node.initializer);
  return false;
}

/** Whether code reads what the sender chose, and nothing of who they are. */
function isChosen(project, roots) {
  const isKnown = roots.some((root) => [...project.words(root)].some((word) => CALLER.test(word)));
  return !isKnown && roots.some((root) => [...project.nodes(root)].some((node) => isOfRequest(project.ts, node)));
}

/** `request.body`, or `body` by itself. */
function isOfRequest(ts, node) {
  if (!ts.isIdentifier(node) || !CHOSEN.test(node.text)) return false;
  const { parent } = node;
  return ts.isPropertyAccessExpression(parent) && parent.name === node ? OF_REQUEST.test(parent.expression.getText()) : !ts.isPropertyAssignment(parent);
}

/** The nearest condition that a place depends on in its function, if there is one. */
function conditionAround(project, node) {
  const { ts } = project;
  for (let inner = node; inner.parent && !ts.isFunctionLike(inner); inner = inner.parent) {
    const { parent } = inner;
    if ((ts.isIfStatement(parent) || ts.isCaseClause(parent)) && parent.expression !== inner) return [parent.expression];
    if (ts.isConditionalExpression(parent) && parent.condition !== inner) return [parent.condition];
  }
  return [];
}

/** Whether an expression stands in a condition. */
function isAsked(project, node) {
  const { ts } = project;
  for (let inner = node; inner.parent && !ts.isFunctionLike(inner); inner = inner.parent) {
    const { parent } = inner;
    if ((ts.isIfStatement(parent) || ts.isSwitchStatement(parent) || ts.isCaseClause(parent)) && parent.expression === inner) return true;
    if (ts.isConditionalExpression(parent) && parent.condition === inner) return true;
    if (ts.isBinaryExpression(parent) && /^(?:&&|\|\||[!=]==?)$/.test(parent.operatorToken.getText())) return true;
    if (ts.isPrefixUnaryExpression(parent)) return true;
  }
  return false;
}

function isLogged(project, node) {
  const { ts } = project;
  for (let inner = node; inner.parent && !ts.isStatement(inner); inner = inner.parent) {
    if (ts.isCallExpression(inner) && ts.isPropertyAccessExpression(inner.expression) && LOGS.test(project.nameOf(inner.expression.expression) ?? "")) return true;
  }
  return false;
}
