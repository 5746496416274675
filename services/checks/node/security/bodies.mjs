// How a request's body flows: by other names and into functions, until it is copied whole into a row.

import { routeAround } from "./routes.mjs";

const REQUEST = /^_?(?:req|request)$|^(?:ctx|context)(?:\.req(?:uest)?)?$/;
const VALIDATES = /valid|parse|schema|celebrate|sanit|assert|check|decode|coerce/i;
const SCHEMA = /^(?:Joi|joi|z|zod|yup|Type)\b/;
const LETS_ALL = /\.(?:passthrough|loose|looseObject|catchall|unknown)\(|\blooseObject\(|allowUnknown:\s*true/;
const STRIPS = /^(?:z|zod)\b(?!.*(?:\.strict\(|strictObject\())/s;
const SHOWS = /^(?:json|send|log|info|debug|warn|error|trace|stringify)$/;
const MERGES = /^(?:assign|assignIn|extend|merge|mergeDeep|deepmerge)$/;
const DEEPEST = 6;

/** Whether an expression is `request.body`. */
export function isBody(project, expression) {
  const node = project.bare(expression);
  return node !== undefined && project.ts.isPropertyAccessExpression(node) && node.name.text === "body" && REQUEST.test(node.expression.getText());
}

/** The bodies that nothing validates, and what is made of them. */
export class Bodies {
  constructor(project) {
    this.project = project;
    this.calls = new Map();
  }

  /**
   * Yield each place where an unvalidated body is copied into something that is kept: what copies it, whence the body comes, and
   * the names that it leaves out or that are set behind it.
   */
  *copies() {
    for (const node of this.project.all()) {
      for (const { value, after } of this.#sources(node)) {
        if (this.#isShown(node)) continue;
        for (const { left, from } of this.#raw(value, 0)) {
          yield { node, from, isSet: (name) => left.includes(name) || after(name) || this.#isSetLater(node, name) || this.#isAsked(value, name) };
        }
      }
    }
  }

  /** What a place copies whole: `...body`, Object.assign(row, body), merge(row, body), a loop over its entries, `Item: body`, an update. */
  #sources(node) {
    const { ts } = this.project;
    if (ts.isSpreadAssignment(node)) {
      const behind = node.parent.properties.slice(node.parent.properties.indexOf(node) + 1);
      return [{ value: node.expression, after: (name) => behind.some((each) => this.#sets(each, name)) }];
    }
    if (ts.isPropertyAssignment(node) && node.name.getText() === "Item") return [{ value: node.initializer, after: () => false }];
    if (ts.isForOfStatement(node)) return this.#looped(node);
    if (this.#isUpdate(node)) return [{ value: node.arguments[0], after: () => false }];
    if (!ts.isCallExpression(node) || !MERGES.test(this.project.nameOf(node.expression) ?? "") || this.project.calledBy(node.expression).length) return [];
    return node.arguments.map((value, nth) => ({ value, after: (name) => node.arguments.slice(nth + 1).some((each) => this.#mayHave(each, name)) }));
  }

  #looped(loop) {
    const { ts } = this.project;
    const over = this.project.bare(loop.expression);
    if (!ts.isCallExpression(over) || !/^Object\.(?:entries|keys)$/.test(over.expression.getText())) return [];
    const copies = [...this.project.nodes(loop.statement)].some((node) => ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken && ts.isElementAccessExpression(node.left));
    const chooses = [...this.project.nodes(loop.statement)].some((node) => ts.isIfStatement(node) || ts.isConditionalExpression(node));
    return copies && !chooses ? [{ value: over.arguments[0], after: () => false }] : [];
  }

  /** Whether the names in a value become those of an update: `Object.keys(changes)` beside an UpdateExpression, unless it chooses among them. */
  #isUpdate(node) {
    const { ts } = this.project;
    if (!ts.isCallExpression(node) || node.expression.getText() !== "Object.keys" || node.arguments.length !== 1) return false;
    const around = this.#functionAround(node);
    return this.project.mentions([around], /^UpdateExpression$/) && !this.project.mentions([around], /^(?:filter|includes|has)$/);
  }

  #sets(property, name) {
    const { ts } = this.project;
    if (ts.isSpreadAssignment(property)) return this.#mayHave(property.expression, name);
    return property.name !== undefined && (ts.isComputedPropertyName(property.name) || property.name.getText() === name);
  }

  /** Whether a value that is no body's may have a field. */
  #mayHave(expression, name) {
    const literal = this.project.literal(expression);
    return literal ? literal.properties.some((each) => this.#sets(each, name)) : this.#raw(expression, 0).length === 0;
  }

  /** The whole, unvalidated bodies that a value may be: whence each comes, and the names that are left out of it. */
  #raw(expression, depth) {
    const { ts } = this.project;
    const node = this.project.bare(expression);
    if (!node || depth > DEEPEST) return [];
    if (isBody(this.project, node)) return this.#unlessValidated(node);
    if (ts.isIdentifier(node)) return this.#named(node, depth);
    if (ts.isBinaryExpression(node)) return /^(?:\?\?|\|\|)$/.test(node.operatorToken.getText()) ? this.#raw(node.left, depth + 1) : [];
    if (ts.isPropertyAccessExpression(node)) return /^(?:data|value)$/.test(node.name.text) ? this.#raw(node.expression, depth + 1) : [];
    return ts.isCallExpression(node) && this.#isLoose(node) ? [{ left: [], from: node }] : [];
  }

  #unlessValidated(node) {
    return this.#isValidated(node) ? [] : [{ left: [], from: node }];
  }

  /** Whether a call validates by a schema that keeps what it does not know. */
  #isLoose(call) {
    return VALIDATES.test(this.project.nameOf(call.expression) ?? "") && this.#schemasIn(call).some((text) => LETS_ALL.test(text)) && this.#mentionsBody(call);
  }

  #mentionsBody(call) {
    return [...this.project.nodes(call)].some((node) => this.project.ts.isIdentifier(node) && node.text === "body");
  }

  #named(node, depth) {
    const { ts } = this.project;
    const declaration = this.project.initializer(node.text, node);
    if (!declaration) return this.#given(node, depth);
    if (!declaration.initializer) return [];
    if (ts.isIdentifier(declaration.name)) return this.#raw(declaration.initializer, depth + 1);
    const element = declaration.name.elements.find((each) => each.name.getText() === node.text);
    if (element.dotDotDotToken) {
      const beside = declaration.name.elements.map((each) => (each.propertyName ?? each.name).getText());
      return this.#raw(declaration.initializer, depth + 1).map(({ left, from }) => ({ left: [...left, ...beside], from }));
    }
    const name = (element.propertyName ?? element.name).getText();
    if (name === "body") return REQUEST.test(declaration.initializer.getText()) ? this.#unlessValidated(node) : [];
    return /^(?:data|value)$/.test(name) ? this.#raw(declaration.initializer, depth + 1) : [];
  }

  /** What a parameter is given: the body of a handler's request, or what the calls of a function hand on. */
  #given(node, depth) {
    const { ts } = this.project;
    for (let scope = node.parent; scope; scope = scope.parent) {
      if (!ts.isFunctionLike(scope)) continue;
      const nth = scope.parameters.findIndex((each) => (ts.isIdentifier(each.name) ? each.name.text === node.text : this.project.binds(each.name, node.text)));
      if (nth < 0) continue;
      const { name } = scope.parameters[nth];
      if (!ts.isIdentifier(name)) return nth === 0 && node.text === "body" && routeAround(this.project, node) ? this.#unlessValidated(node) : [];
      return this.#callsOf(scope).flatMap((call) => (call.arguments[nth] ? this.#raw(call.arguments[nth], depth + 1) : []));
    }
    return [];
  }

  #callsOf(called) {
    if (!this.calls.size) {
      for (const node of this.project.all()) {
        if (!this.project.ts.isCallExpression(node)) continue;
        for (const each of this.project.calledBy(node.expression)) this.calls.set(each, [...(this.calls.get(each) ?? []), node]);
      }
    }
    return this.calls.get(called) ?? [];
  }

  /** Whether something before a place refuses or strips what the body's schema does not know. */
  #isValidated(node) {
    const { ts } = this.project;
    const route = routeAround(this.project, node);
    const before = route ? route.handlers.slice(0, -1).filter((each) => this.#validates(each)) : [];
    let handler = node;
    for (let scope = node.parent; scope; scope = scope.parent) if (ts.isFunctionLike(scope)) handler = scope;
    const inside = [...this.project.nodes(handler)].filter((each) => ts.isCallExpression(each) && each.pos < node.pos && this.#validates(each) && this.#mentionsBody(each) && !each.arguments.includes(node));
    const refusing = inside.filter((each) => !this.#schemasIn(each).some((text) => STRIPS.test(text)));
    return [...before, ...refusing].some((each) => !this.#schemasIn(each).some((text) => LETS_ALL.test(text)));
  }

  #validates(node) {
    const { ts } = this.project;
    if (VALIDATES.test(this.project.nameOf(node) ?? "")) return true;
    return ts.isCallExpression(node) && node.arguments.some((each) => this.#schemasIn(each).length > 0);
  }

  /** The texts of the schemas that some code names. */
  #schemasIn(code) {
    const { ts } = this.project;
    return [...this.project.nodes(code)].filter((node) => ts.isIdentifier(node)).flatMap((node) => {
      const value = this.project.constant(node)?.initializer?.getText();
      return value !== undefined && (SCHEMA.test(value) || /^\w+\.(?:partial|strict|passthrough|extend|unknown)\(/.test(value)) ? [value] : [];
    });
  }

  /** Whether what is copied is only shown or validated. */
  #isShown(node) {
    const { ts } = this.project;
    let copy = ts.isSpreadAssignment(node) ? node.parent : node;
    while (ts.isPropertyAssignment(copy.parent) || ts.isObjectLiteralExpression(copy.parent) || ts.isParenthesizedExpression(copy.parent)) copy = copy.parent;
    if (ts.isCallExpression(copy.parent)) return this.#shows(copy.parent);
    if (!ts.isVariableDeclaration(copy.parent)) return false;
    const name = copy.parent.name.getText();
    return [...this.project.nodes(this.#functionAround(copy))].some((each) => ts.isCallExpression(each) && VALIDATES.test(this.project.nameOf(each.expression) ?? "") && each.arguments.some((given) => given.getText() === name));
  }

  #shows(call) {
    const name = this.project.nameOf(call.expression) ?? "";
    return SHOWS.test(name) || VALIDATES.test(name);
  }

  /** Whether `row.role = "user"` or `delete row.role` stands behind a place in its function. */
  #isSetLater(node, name) {
    const { ts } = this.project;
    return [...this.project.nodes(this.#functionAround(node))].some((each) => {
      const isSet = ts.isBinaryExpression(each) && each.operatorToken.kind === ts.SyntaxKind.EqualsToken;
      const target = ts.isDeleteExpression(each) ? each.expression : isSet ? each.left : undefined;
      return target && ts.isPropertyAccessExpression(target) && target.name.text === name;
    });
  }

  /** Whether a condition in the function asks for the field: `if (request.body.role !== undefined) throw …`. */
  #isAsked(value, name) {
    const { ts } = this.project;
    return [...this.project.nodes(this.#functionAround(value))].some((each) => ts.isIfStatement(each) && [...this.project.words(each.expression)].includes(name) && this.#mentionsBody(each.expression));
  }

  #functionAround(node) {
    let around = node;
    while (around.parent && !this.project.ts.isFunctionLike(around)) around = around.parent;
    return around;
  }
}
