// The code of a project as one looks things up in it: files, functions by their names, and all that a piece of code leads to.

import { posix } from "node:path";

const CODE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const NOT_SERVED = /(?:^|\/)(?:tests?|__tests__|__mocks__|scripts|node_modules|dist|infrastructure)\/|\.(?:test|spec|d|config)\.[cm]?[jt]sx?$/;
const DEEPEST = 6;

export class Project {
  constructor(ts, contents) {
    this.ts = ts;
    this.files = new Map();
    for (const [path, text] of Object.entries(contents)) {
      if (CODE.test(path) && !NOT_SERVED.test(path)) {
        this.files.set(path, ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
      }
    }
    this.functions = new Map();
    this.imports = new Map();
    this.closures = new Map();
    for (const file of this.files.values()) this.#index(file);
  }

  *nodes(root) {
    const waiting = [root];
    while (waiting.length) {
      const node = waiting.pop();
      yield node;
      const children = [];
      this.ts.forEachChild(node, (child) => void children.push(child));
      waiting.push(...children.reverse());
    }
  }

  *all() {
    for (const file of this.files.values()) yield* this.nodes(file);
  }

  /** Where a piece of code is, as a fault says it. */
  place(node) {
    const file = node.getSourceFile();
    const { line, character } = this.ts.getLineAndCharacterOfPosition(file, node.getStart(file));
    return { path: file.fileName, line: line + 1, column: character + 1 };
  }

  isFunction(node) {
    const { ts } = this;
    return ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node) || ts.isArrowFunction(node) || ts.isMethodDeclaration(node);
  }

  /** The name that an expression calls or reads: `find` of `users.find`, undefined of what has none. */
  nameOf(node) {
    const { ts } = this;
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) return node.text;
    if (ts.isPropertyAccessExpression(node)) return node.name.text;
    if (ts.isParenthesizedExpression(node) || ts.isAwaitExpression(node) || ts.isNonNullExpression(node)) return this.nameOf(node.expression);
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) return this.nameOf(node.expression);
    return undefined;
  }

  /** What an identifier begins as in its file: `const x = …`, else undefined. */
  initializer(name, from) {
    const { ts } = this;
    for (let scope = from; scope; scope = scope.parent) {
      if (!ts.isBlock(scope) && !ts.isSourceFile(scope) && !ts.isCaseClause(scope)) continue;
      for (const statement of scope.statements) {
        if (!ts.isVariableStatement(statement)) continue;
        for (const declaration of statement.declarationList.declarations) {
          if (ts.isIdentifier(declaration.name) ? declaration.name.text === name : this.binds(declaration.name, name)) return declaration;
        }
      }
    }
    return undefined;
  }

  /** The declaration of what an identifier names, also where its file imports it. */
  constant(node) {
    return this.initializer(node.text, node) ?? this.#imported(node.text, node.getSourceFile());
  }

  binds(pattern, name) {
    return pattern.elements.some((element) => this.ts.isBindingElement(element) && this.ts.isIdentifier(element.name) && element.name.text === name);
  }

  /** An object literal, also where it is another constant's of the project. */
  literal(node) {
    const { ts } = this;
    const bare = this.bare(node);
    if (bare === undefined || ts.isObjectLiteralExpression(bare)) return bare;
    if (!ts.isIdentifier(bare)) return undefined;
    const declaration = this.constant(bare);
    const value = declaration && this.bare(declaration.initializer);
    return value && ts.isObjectLiteralExpression(value) ? value : undefined;
  }

  bare(node) {
    const { ts } = this;
    let inner = node;
    while (inner && (ts.isParenthesizedExpression(inner) || ts.isAsExpression(inner) || ts.isSatisfiesExpression?.(inner) || ts.isNonNullExpression(inner) || ts.isAwaitExpression(inner))) {
      inner = inner.expression;
    }
    return inner;
  }

  /**
   * The functions that a name may mean in a file: those of the class whose object it is called on, where that is known, else the
   * file's own, else those of what it imports, else any.
   */
  resolve(name, file, owner) {
    const candidates = this.functions.get(name) ?? [];
    const methods = candidates.filter((each) => owner !== undefined && this.#classOf(each) === owner);
    if (methods.length) return methods;
    const own = candidates.filter((each) => each.getSourceFile() === file);
    if (own.length) return own;
    const imported = this.importsOf(file);
    const near = candidates.filter((each) => imported.has(each.getSourceFile().fileName));
    return near.length ? near : candidates;
  }

  /** The functions that an expression may call. */
  calledBy(node) {
    const name = this.nameOf(node);
    return name === undefined ? [] : this.resolve(name, node.getSourceFile(), this.#ownerOf(node));
  }

  /** What an `import`, an `export … from` or a `require` names, undefined of other code. */
  specifierOf(node) {
    const { ts } = this;
    const isRequire = ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "require";
    const named = isRequire ? node.arguments[0] : ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined;
    return named && ts.isStringLiteralLike(named) ? named.text : undefined;
  }

  /** The paths of the project's files that a file imports. */
  importsOf(file) {
    return this.imports.get(file.fileName) ?? new Set();
  }

  /** All code that some code leads to: itself, and the functions that it calls or hands on, as far as names tell. */
  closure(roots, { except = () => false } = {}) {
    const seen = new Set();
    let level = roots;
    for (let depth = 0; depth < DEEPEST && level.length; depth += 1) {
      const next = [];
      for (const root of level) {
        if (seen.has(root)) continue;
        seen.add(root);
        for (const node of this.#calledIn(root)) {
          const name = this.nameOf(node);
          if (name !== undefined && !except(name)) next.push(...this.resolve(name, root.getSourceFile(), this.#ownerOf(node)));
        }
      }
      level = next;
    }
    return [...seen];
  }

  /** Whether code mentions a name or a text that matches. */
  mentions(roots, pattern) {
    return roots.some((root) => [...this.words(root)].some((word) => pattern.test(word)));
  }

  words(root) {
    if (!this.closures.has(root)) {
      const { ts } = this;
      const words = new Set();
      for (const node of this.nodes(root)) {
        if (ts.isIdentifier(node) || ts.isStringLiteralLike(node) || ts.isNumericLiteral(node) || ts.isPrivateIdentifier(node)) words.add(node.text);
        else if (ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) words.add(node.text);
      }
      this.closures.set(root, words);
    }
    return this.closures.get(root);
  }

  /** The expressions that are called in some code, or handed on, and may be functions. */
  *#calledIn(root) {
    const { ts } = this;
    const isNamed = (node) => ts.isIdentifier(node) || ts.isPropertyAccessExpression(node);
    if (isNamed(root)) yield root;
    for (const node of this.nodes(root)) {
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) continue;
      yield node.expression;
      yield* (node.arguments ?? []).filter(isNamed);
    }
  }

  /** The class of what a method is called on: `UserService` of `this.users.find`, where a type or `new` says it. */
  #ownerOf(node) {
    const { ts } = this;
    if (!ts.isPropertyAccessExpression(node)) return undefined;
    const object = this.bare(node.expression);
    if (ts.isNewExpression(object)) return this.nameOf(object.expression);
    if (object.kind === ts.SyntaxKind.ThisKeyword) return this.#classAround(node)?.name?.text;
    if (ts.isIdentifier(object)) return this.#typeOf(this.initializer(object.text, node) ?? this.#parameter(object.text, node)) ?? object.text;
    if (!ts.isPropertyAccessExpression(object) || object.expression.kind !== ts.SyntaxKind.ThisKeyword) return undefined;
    const members = this.#classAround(node)?.members ?? [];
    const own = members.find((member) => member.name?.getText() === object.name.text);
    const constructor = members.find((member) => ts.isConstructorDeclaration(member));
    return this.#typeOf(own ?? constructor?.parameters.find((each) => each.name.getText() === object.name.text));
  }

  #typeOf(declaration) {
    if (!declaration) return undefined;
    const value = declaration.initializer && this.bare(declaration.initializer);
    if (value && this.ts.isNewExpression(value)) return this.nameOf(value.expression);
    return declaration.type?.getText();
  }

  #parameter(name, from) {
    for (let scope = from; scope; scope = scope.parent) {
      const parameter = scope.parameters?.find((each) => each.name.getText() === name);
      if (parameter) return parameter;
    }
    return undefined;
  }

  #classAround(node) {
    let holder = node;
    while (holder && !this.ts.isClassLike(holder)) holder = holder.parent;
    return holder;
  }

  /** The name of the class, or of the constant object, that a function is a member of. */
  #classOf(node) {
    const { ts } = this;
    for (let holder = node.parent; holder && !ts.isFunctionLike(holder) && !ts.isSourceFile(holder); holder = holder.parent) {
      if (ts.isClassLike(holder)) return holder.name?.text;
      if (ts.isVariableDeclaration(holder) && holder.initializer && ts.isObjectLiteralExpression(holder.initializer)) return holder.name.getText();
    }
    return undefined;
  }

  #index(file) {
    const { ts } = this;
    const paths = new Set();
    for (const node of this.nodes(file)) {
      const specifier = this.specifierOf(node);
      const path = specifier && this.fileOf(specifier, file);
      if (path) paths.add(path);
      const name = this.#declared(node);
      if (name) this.functions.set(name, [...(this.functions.get(name) ?? []), node]);
    }
    this.imports.set(file.fileName, paths);
  }

  /** The path of the project's file that a specifier of a file means, undefined of a package. */
  fileOf(specifier, file) {
    if (!specifier.startsWith(".")) return undefined;
    const base = posix.join(posix.dirname(file.fileName), specifier);
    const stem = base.replace(/\.[cm]?jsx?$/, "");
    const candidates = [base, stem, ...[".ts", ".tsx", ".mts", ".js", ".mjs", "/index.ts", "/index.js"].map((end) => stem + end)];
    return candidates.find((candidate) => this.files.has(candidate));
  }

  /** The name of a function; a class counts as its constructor. */
  #declared(node) {
    const { ts } = this;
    if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return node.name?.text;
    if (ts.isConstructorDeclaration(node)) return node.parent.name?.text;
    if (!ts.isFunctionExpression(node) && !ts.isArrowFunction(node)) return undefined;
    let holder = node.parent;
    while (ts.isCallExpression(holder) || ts.isParenthesizedExpression(holder) || ts.isAsExpression(holder)) holder = holder.parent;
    const isNamed = ts.isVariableDeclaration(holder) || ts.isPropertyAssignment(holder) || ts.isPropertyDeclaration(holder);
    return isNamed && (ts.isIdentifier(holder.name) || ts.isPrivateIdentifier(holder.name)) ? holder.name.text : undefined;
  }

  #imported(name, file) {
    for (const path of this.importsOf(file)) {
      const declaration = this.initializer(name, this.files.get(path));
      if (declaration) return declaration;
    }
    return undefined;
  }
}
