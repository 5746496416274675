// Whether a body is believed where it says what only the server knows: whose a row is, and what is READ_ONLY.

import { Bodies, isBody } from "./bodies.mjs";
import { tablesAround } from "./routes.mjs";

const BODY = /^(?:body|payload|input|dto)$/;
const OF_ROWS = /row|record|response|output|entity|stored|params?|query|key|item|document|filter/i;

/** Yield the places that take an owner or a READ_ONLY field from a body. */
export function* ownerFaults(project, rules) {
  const names = new Set(rules.tables.flatMap((table) => rules.ownedBy(table).map((field) => field.name)));
  for (const node of project.all()) {
    if (!names.has(nameIn(project, node))) continue;
    const fields = tablesAround(project, rules, node).flatMap((table) => rules.ownedBy(table));
    yield* judged(project, node, fields);
  }
  for (const { node: copy, from, isSet } of new Bodies(project).copies()) {
    const node = tablesAround(project, rules, copy).length ? copy : from;
    const open = tablesAround(project, rules, node).flatMap((table) => rules.ownedBy(table)).filter((field) => !isSet(field.name));
    for (const field of open) yield { node, message: `${said(field)} is taken from the body, all of which is copied here: let a schema that forbids or strips it stand before this, ${instead(field)}.` };
  }
}

/** The name of the field that a place may take. */
function nameIn(project, node) {
  const { ts } = project;
  if (ts.isPropertyAccessExpression(node) || ts.isPropertyAssignment(node)) return node.name.getText();
  return ts.isBindingElement(node) ? (node.propertyName ?? node.name).getText() : undefined;
}

function* judged(project, node, fields) {
  for (const field of fields) {
    if (takes(project, node, field.name)) yield { node, message: `${said(field)} is taken from the body, where anybody may write anything: ${instead(field)}.` };
    else if (accepts(project, node, field.name)) yield { node, message: `${said(field)} is accepted in a body and kept: refuse it there, ${instead(field)}.` };
  }
}

function said(field) {
  return field.isOwner ? `'${field.name}', which says whose a row is,` : `'${field.name}', which is READ_ONLY,`;
}

function instead(field) {
  return field.isOwner ? "and take it from the token" : "and have the server set it";
}

/** `request.body.ownerId`, or `const { ownerId } = request.body`, unless it is only compared. */
function takes(project, node, name) {
  const { ts } = project;
  if (ts.isPropertyAccessExpression(node) && node.name.text === name && isBody(project, node.expression)) return !isCompared(ts, node);
  if (!ts.isBindingElement(node) || (node.propertyName ?? node.name).getText() !== name) return false;
  const declaration = node.parent.parent;
  return ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined && isBody(project, declaration.initializer) && !isThrownAway(project, node);
}

function isCompared(ts, node) {
  let parent = node.parent;
  while (parent && (ts.isParenthesizedExpression(parent) || ts.isPrefixUnaryExpression(parent) || ts.isNonNullExpression(parent) || ts.isTypeOfExpression(parent))) parent = parent.parent;
  if (ts.isDeleteExpression(parent) || ts.isIfStatement(parent)) return true;
  if (!ts.isBinaryExpression(parent)) return false;
  const isAssigned = parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && parent.left === node;
  return isAssigned || /^[!=]==?$|^&&$|^in$/.test(parent.operatorToken.getText());
}

/** Whether what is taken out of a body is only left out of the rest: `const { ownerId: _, ...rest } = request.body`. */
function isThrownAway(project, element) {
  const { ts } = project;
  const name = element.name.getText();
  const hasRest = element.parent.elements.some((each) => each.dotDotDotToken);
  let body = element;
  while (body.parent && !ts.isFunctionLike(body) && !ts.isSourceFile(body)) body = body.parent;
  const used = [...project.nodes(body)].filter((node) => ts.isIdentifier(node) && node.text === name && node.parent !== element);
  return used.every((node) => isCompared(ts, node)) && (hasRest || used.length > 0);
}

/** A key of the schema of a body that a file's handlers keep whole, and in which nothing puts another value. */
function accepts(project, node, name) {
  const { ts } = project;
  if (!ts.isPropertyAssignment(node) || node.name.getText() !== name || !isSchema(project, node.initializer)) return false;
  let holder = node.parent;
  while (holder && !ts.isVariableDeclaration(holder) && !ts.isPropertyDeclaration(holder)) holder = holder.parent;
  if (!holder || OF_ROWS.test(holder.name.getText())) return false;
  const users = [...project.files.values()].filter((file) => file === node.getSourceFile() || project.importsOf(file).has(node.getSourceFile().fileName));
  const roots = project.closure(users);
  return !roots.some((root) => sets(project, root, name, node));
}

function isSchema(project, expression) {
  const text = expression.getText();
  return /^(?:Joi|joi|z|yup|Type)\./.test(text) && !/\.(?:forbidden|strip|never)\(/.test(text);
}

/** Whether code gives a field a value that is no body's: `{ ...body, ownerId: caller.id }` or `row.ownerId = caller.id`. */
function sets(project, root, name, schema) {
  const { ts } = project;
  return [...project.nodes(root)].some((node) => {
    if (node === schema) return false;
    if (ts.isPropertyAssignment(node) && node.name.getText() === name && !isSchema(project, node.initializer)) return !BODY.test(project.nameOf(node.initializer) ?? "");
    if (ts.isPropertyAssignment(node) && ts.isComputedPropertyName(node.name) && /owner/i.test(node.name.getText())) return true;
    return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken && ts.isPropertyAccessExpression(node.left) && node.left.name.text === name;
  });
}
