// How rows flow from the database, or from a request, to what is made of them: whether a value has a row's secrets in it.

const HIDES = /public|serial|present|saniti[sz]|strip|omit|safe|view|dto|shape|mask|redact|hid(?:e|den)|without|clean|visible|expose|filter|pick|shown|secre/i;
const DATABASE = /^(?:GetCommand|PutCommand|UpdateCommand|QueryCommand|ScanCommand|BatchGetCommand|TransactGetCommand|TransactWriteCommand|DeleteCommand)$/;
const PARTS = /^(?:Items?|Attributes|data|rows?|items|records?)$/;
const COPIES = /^(?:parse|stringify|structuredClone|clone|cloneDeep|freeze|assign|fromEntries|entries|sort|reverse|slice|concat|flat|at|toSorted|toReversed|from)$/;
const DEEPEST = 12;
const MOST_STEPS = 5_000;
const NOT_SHOWN = /^(?:undefined|null|true|false)$/;

/** Tells rows as they are stored, or as they were sent, from what is made of them. */
export class Rows {
  /** `fields` are the secrets that are looked for; `isTheirs` tells whether a read from the database may be of their tables. */
  constructor(project, fields, isTheirs) {
    this.project = project;
    this.fields = fields;
    this.isTheirs = isTheirs;
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
    if (ts.isSpreadElement(node)) return again(node.expression);
    if (ts.isConditionalExpression(node)) return again(node.whenTrue) || again(node.whenFalse);
    if (ts.isBinaryExpression(node)) return again(node.left) || again(node.right);
    if (ts.isIdentifier(node)) return this.#named(node, again, given, depth);
    if (ts.isPropertyAccessExpression(node)) return isBodyOf(node) || (PARTS.test(node.name.text) && again(node.expression));
    if (ts.isElementAccessExpression(node)) return ts.isNumericLiteral(node.argumentExpression) && again(node.expression);
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
    if (this.#isStripped(node)) return false;
    if (given.has(node.text)) return this.has(given.get(node.text), new Map(), depth + 1);
    const declaration = this.project.initializer(node.text, node) ?? this.#looped(node);
    const value = declaration?.initializer ?? declaration?.parent.parent.expression;
    if (!value) return false;
    if (!ts.isObjectBindingPattern(declaration.name)) return again(value) || this.#pushed(node).some(again);
    const element = declaration.name.elements.find((each) => each.name.getText() === node.text);
    if (element?.dotDotDotToken) return !declaration.name.elements.some((each) => this.fields.includes((each.propertyName ?? each.name).getText()) || each.propertyName?.getText().startsWith("[")) && again(value);
    return PARTS.test((element?.propertyName ?? element?.name)?.getText() ?? "") && again(value);
  }

  /** The declaration of what a loop goes over: `const user of users`. */
  #looped(node) {
    const { ts } = this.project;
    for (let scope = node.parent; scope; scope = scope.parent) {
      if (!ts.isForOfStatement(scope) || !ts.isVariableDeclarationList(scope.initializer)) continue;
      const [declaration] = scope.initializer.declarations;
      if (ts.isIdentifier(declaration.name) ? declaration.name.text === node.text : this.project.binds(declaration.name, node.text)) return declaration;
    }
    return undefined;
  }

  /** What is put into a list after it was made. */
  #pushed(node) {
    const { ts } = this.project;
    return [...this.project.nodes(functionAround(ts, node))].flatMap((each) => (ts.isCallExpression(each) && each.expression.getText() === `${node.text}.push` ? [...each.arguments] : []));
  }

  #called(node, again, given, depth) {
    const name = this.project.nameOf(node.expression) ?? "";
    if (node.arguments.some((each) => this.project.ts.isNewExpression(each) && DATABASE.test(this.project.nameOf(each) ?? ""))) return this.#reads(node);
    const functions = this.project.calledBy(node.expression);
    if (functions.length) return functions.every((each) => this.#returns(each, node.arguments, given, depth));
    if (HIDES.test(name)) return false;
    const receiver = this.project.ts.isPropertyAccessExpression(node.expression) ? node.expression.expression : undefined;
    if (name === "map" && receiver) return this.#mapped(node.arguments[0], receiver, given, depth);
    if (node.arguments.some((each) => this.project.mentions([each], DATABASE))) return this.#reads(node);
    return COPIES.test(name) && this.#copies(node, name, receiver, again);
  }

  /** Whether a command to the database answers whole rows. */
  #reads(node) {
    return !this.project.mentions([...node.arguments], /^ProjectionExpression$/) && this.isTheirs(node);
  }

  /** Whether a call of the language or a library returns what it is given, as JSON.parse(JSON.stringify(row)) does. */
  #copies(node, name, receiver, again) {
    if (name === "stringify") return node.arguments[1] === undefined && again(node.arguments[0]);
    if (name === "parse" && receiver?.getText() !== "JSON") return false;
    return [...node.arguments].some((each) => !this.project.isFunction(each) && again(each)) || (receiver !== undefined && again(receiver));
  }

  /** Whether each of some rows is kept whole. */
  #mapped(mapper, rows, given, depth) {
    const functions = mapper === undefined ? [] : this.project.isFunction(mapper) ? [mapper] : this.project.calledBy(mapper);
    return functions.length > 0 && functions.every((each) => this.#returns(each, [rows], given, depth));
  }

  /** Whether what a function returns is a row. */
  #returns(called, values, given, depth) {
    const { ts } = this.project;
    const inner = new Map(called.parameters.flatMap((parameter, nth) => this.#handed(parameter, values[nth], given)));
    const results = called.body && ts.isBlock(called.body) ? returned(this.project, called.body) : [called.body];
    return results.some((value) => value && this.has(value, inner, depth + 1));
  }

  /** What a parameter is given; an argument that is a parameter itself is what that was given. */
  #handed(parameter, value, given) {
    if (!value) return [];
    const handed = this.project.ts.isIdentifier(value) ? (given.get(value.text) ?? value) : value;
    return given.has(handed.getText()) ? [] : [[parameter.name.getText(), handed]];
  }

  /** Whether `delete user.password`, `delete user[name]` or `user.password = undefined` stands in the function. */
  #isStripped(node) {
    const { ts } = this.project;
    return [...this.project.nodes(functionAround(ts, node))].some((each) => {
      const isEmptied = ts.isBinaryExpression(each) && NOT_SHOWN.test(each.right.getText());
      const target = ts.isDeleteExpression(each) ? each.expression : isEmptied ? each.left : undefined;
      if (!target || target.expression?.getText() !== node.text) return false;
      return ts.isElementAccessExpression(target) || (ts.isPropertyAccessExpression(target) && this.fields.includes(target.name.text));
    });
  }
}

function functionAround(ts, node) {
  let body = node;
  while (body.parent && !ts.isFunctionLike(body)) body = body.parent;
  return body;
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
