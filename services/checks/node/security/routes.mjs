// Whether each route knows who asks, and decides whether they may, as far as the schema wants it.

import { A_CALLER, A_DECISION } from "./rules.mjs";

const VERBS = new Set(["get", "post", "put", "patch", "delete"]);
const ROUTER = /rout(?:er|es?)|^app$|^api$|^server$/i;
const ROUTER_TYPE = /\b(?:I?Router|Express|Application)\b/;
const OPEN =
  /health|live|ready|ping|metrics|version|docs|openapi|swagger|robots|favicon|well-known|auth|log-?in|sign-?(?:in|up|out)|log-?out|regist|session|token|password|reset|forgot|verif|confirm|refresh|webhook|callback/i;
const AUTHENTICATES =
  /auth(?!or(?!i[sz]))|jwt|bearer|passport|protect|guard|signed_?in|logged_?in|(?:require|ensure|check|verify|load|current)_?(?:user|caller|login|token|identity|principal|session|role|admin|owner|member)/i;
const UNAUTHENTICATED = /^(?:jwtVerify|expressjwt|passport|401|UNAUTHORIZED|UNAUTHENTICATED)$|Unauthori[sz]ed|Unauthenticated|NotAuthenticated|AuthenticationError/;
const HARMLESS = /^(?:cors|helmet|json|urlencoded|compression|morgan|pino|pinoHttp|static|cookieParser)$|limit|logg?|requestId/i;
const DECIDES =
  /authori[sz]e|access(?!_?(?:key|token))|allow(?!unknown|ed|_?headers)|permi(?:t|ssion)|polic(?:y|ies)|^can$|^can[A-Z]|abilit|forbid|owner|role|grant|member|admin|scope|privilege|enforce|tenant/i;
const FORBIDS = /^(?:403|FORBIDDEN)$|Forbidden/;
const CALLER = /^(?:user|caller|principal|auth|claims|actor|identity|session|viewer|currentUser|authUser)$/;
const OF_CALLER = /^(?:id|_id|sub|uid|userId|roles?|teams?|teamIds?|scopes?|permissions|isAdmin|groups)$/;
const VERIFIES = /^(?:verify|jwtVerify|expressjwt|jwtDecrypt)$/;

/** Yield the routes without authentication, and those that decide nothing although the schema wants a decision. */
export function* routeFaults(project, rules) {
  const guarding = new Guarding(project);
  for (const route of routesOf(project)) {
    const tables = tablesOf(route, rules);
    if (tables === undefined) continue;
    const need = rules.need(tables, route.method);
    if (need < A_CALLER) continue;
    const { isCovered, guards } = guarding.of(route);
    if (!isCovered) {
      yield { node: route.node, message: `${shown(route)} knows nobody: no middleware before it verifies a token. Put authentication before it, and the policy's decision.` };
    } else if (need === A_DECISION && !guarding.decides([...route.handlers, ...guards])) {
      yield { node: route.node, message: `${shown(route)} is open to whoever has a token: nothing decides by the schema's policy whether this caller may. Ask the policy before anything is read or written.` };
    }
  }
}

/** Return the routes that a project registers, with the table paths that they are about. */
export function routesOf(project) {
  return [...project.all()].flatMap((node) => {
    const route = asRoute(project, node);
    return route ? [route] : [];
  });
}

function asRoute(project, node) {
  const { ts } = project;
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const method = node.expression.name.text;
  if (!VERBS.has(method)) return undefined;
  let receiver = node.expression.expression;
  let [path, handlers] = [node.arguments[0], [...node.arguments].slice(1)];
  while (ts.isCallExpression(receiver) && ts.isPropertyAccessExpression(receiver.expression)) {
    if (receiver.expression.name.text === "route") [path, handlers] = [receiver.arguments[0], [...node.arguments]];
    receiver = receiver.expression.expression;
  }
  const text = path && pathOf(project, path);
  const last = handlers.at(-1);
  if (text === undefined || !last || !isHandler(project, last) || !isRouter(project, receiver)) return undefined;
  return { node, method, path: text, handlers: flat(project, handlers), receiver: receiver.getText(), file: node.getSourceFile() };
}

function pathOf(project, node) {
  const { ts } = project;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) return [node.head.text, ...node.templateSpans.map((span) => `:x${span.literal.text}`)].join("");
  if (ts.isArrayLiteralExpression(node)) return node.elements.map((each) => pathOf(project, each) ?? "").join(" ");
  return undefined;
}

function flat(project, nodes) {
  return nodes.flatMap((node) => (project.ts.isArrayLiteralExpression(node) ? flat(project, [...node.elements]) : [node]));
}

function isHandler(project, node) {
  const { ts } = project;
  return project.isFunction(node) || ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) || ts.isCallExpression(node) || ts.isArrayLiteralExpression(node);
}

function isRouter(project, node) {
  const { ts } = project;
  const name = project.nameOf(node);
  if (name === undefined || ts.isCallExpression(node)) return false;
  if (ROUTER.test(name)) return true;
  const value = ts.isIdentifier(node) ? project.initializer(name, node)?.initializer : undefined;
  if (value && /^(?:express\.)?(?:Router|express)\(/.test(value.getText())) return true;
  for (let scope = node.parent; scope; scope = scope.parent) {
    const parameter = scope.parameters?.find((each) => each.name.getText() === name);
    if (parameter) return ROUTER_TYPE.test(parameter.type?.getText() ?? "");
  }
  return false;
}

/** The tables that a place in the code is about: by the route that it stands in, else by its file's name; else none. */
export function tablesAround(project, rules, node) {
  for (let inner = node; inner; inner = inner.parent) {
    const route = asRoute(project, inner);
    const tables = route && tablesOf(route, rules);
    if (tables?.length) return tables.length < rules.tables.length || tables.length === 1 ? tables : [];
  }
  const names = node.getSourceFile().fileName.split(/[/.]/).reverse();
  return names.map((name) => rules.named(name)).find((tables) => tables.length) ?? [];
}

/** The tables that a route is about; undefined of one that is open by what it is for, none where no table is named. */
function tablesOf(route, rules) {
  const segments = route.path.split(/[/ ]/).filter((segment) => segment !== "" && !/[:*{]/.test(segment));
  const names = [...segments.reverse(), ...route.file.fileName.split(/[/.]/).reverse()];
  const named = names.map((name) => rules.named(name)).find((tables) => tables.length);
  if (named && !segments.some((segment) => OPEN.test(segment) && !rules.named(segment).length)) return named;
  const isAtRoot = /^app$|^server$/i.test(route.receiver) && !segments.length;
  if (isAtRoot || segments.some((segment) => OPEN.test(segment)) || OPEN.test(stem(route.file))) return undefined;
  return segments.length ? [] : rules.tables;
}

function stem(file) {
  return file.fileName.split("/").at(-1).split(".")[0];
}

function shown(route) {
  return `${route.method.toUpperCase()} ${route.path || "/"}`;
}

/** What stands before a route: on it, on its router, and where its router is mounted. */
class Guarding {
  constructor(project) {
    this.project = project;
    this.uses = [...project.all()].filter((node) => this.#isUse(node));
    this.routed = new Set(routesOf(project).map((route) => route.node));
  }

  of(route) {
    const before = this.#before(route.file, route.receiver, route.node.pos);
    if ([...route.handlers, ...before].some((each) => this.authenticates(each))) {
      return { isCovered: true, guards: [...before, ...this.#mounted(route.file, new Set()).guards] };
    }
    const mounted = this.#mounted(route.file, new Set());
    return { isCovered: mounted.isCovered, guards: [...before, ...mounted.guards] };
  }

  /** Whether a middleware finds out who asks. */
  authenticates(node) {
    const name = this.project.nameOf(node) ?? "";
    if (HARMLESS.test(name) || this.#isMount(node)) return false;
    return AUTHENTICATES.test(name) || this.project.mentions(this.project.closure([node]), UNAUTHENTICATED);
  }

  /** Whether some code decides by who the caller is: what only verifies tokens does not. */
  decides(nodes) {
    const { project } = this;
    const judged = nodes.filter((node) => !this.#isMount(node));
    if (judged.some((node) => DECIDES.test(project.nameOf(node) ?? ""))) return true;
    const roots = project.closure(judged, { except: (name) => this.#verifies(name) }).filter((root) => !this.#isVerifier(root));
    return roots.some((root) => this.#decidesIn(root));
  }

  #decidesIn(root) {
    const { ts } = this.project;
    for (const node of this.project.nodes(root)) {
      if ((ts.isNumericLiteral(node) || ts.isIdentifier(node)) && FORBIDS.test(node.text)) return true;
      if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && DECIDES.test(this.project.nameOf(node.expression) ?? "")) return true;
      if (ts.isPropertyAccessExpression(node) && OF_CALLER.test(node.name.text) && CALLER.test(this.project.nameOf(node.expression) ?? "")) return true;
    }
    return false;
  }

  #verifies(name) {
    return (this.project.functions.get(name) ?? []).some((each) => this.#isVerifier(each));
  }

  #isVerifier(root) {
    return this.project.mentions([root], VERIFIES) && this.project.isFunction(root);
  }

  #isUse(node) {
    const { ts } = this.project;
    return ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "use";
  }

  #argumentsOf(use) {
    return flat(this.project, [...use.arguments]).filter((each) => !this.project.ts.isStringLiteralLike(each));
  }

  #before(file, receiver, position) {
    return this.uses
      .filter((use) => use.getSourceFile() === file && use.expression.expression.getText() === receiver && use.pos < position)
      .flatMap((use) => this.#argumentsOf(use));
  }

  /** Whether every place where a file's routers are mounted has authentication before it. */
  #mounted(file, seen) {
    const { project } = this;
    if (seen.has(file)) return { isCovered: true, guards: [] };
    seen.add(file);
    const importers = [...project.files.values()].filter((other) => project.importsOf(other).has(file.fileName));
    const results = importers.flatMap((other) => this.#mountsIn(other, file, seen));
    return { isCovered: results.length > 0 && results.every((each) => each.isCovered), guards: results.flatMap((each) => each.guards) };
  }

  #mountsIn(other, file, seen) {
    const names = importedNames(this.project, other, file);
    const own = this.uses.filter((use) => use.getSourceFile() === other);
    const mounts = own.filter((use) => this.#argumentsOf(use).some((each) => [...this.project.words(each)].some((word) => names.has(word))));
    if (!mounts.length) {
      const guards = own.flatMap((use) => this.#argumentsOf(use));
      const above = this.#mounted(other, seen);
      return [{ isCovered: guards.some((each) => this.authenticates(each)) || above.isCovered, guards: [...guards, ...above.guards] }];
    }
    return mounts.map((use) => {
      const beside = this.#argumentsOf(use).filter((each) => ![...this.project.words(each)].some((word) => names.has(word)));
      const guards = [...beside, ...this.#before(other, use.expression.expression.getText(), use.pos)];
      if (guards.some((each) => this.authenticates(each))) return { isCovered: true, guards };
      const above = this.#mounted(other, seen);
      return { isCovered: above.isCovered, guards: [...guards, ...above.guards] };
    });
  }

  #isMount(node) {
    const { ts } = this.project;
    if (this.project.isFunction(node)) return false;
    const name = this.project.nameOf(node) ?? "";
    if (/rout(?:er|es?)$/i.test(name)) return true;
    const functions = ts.isCallExpression(node) || ts.isIdentifier(node) ? this.project.resolve(name, node.getSourceFile()) : [];
    if (functions.some((each) => [...this.project.nodes(each)].some((inner) => this.routed.has(inner)))) return true;
    return ts.isIdentifier(node) && isImportedRouter(this.project, node);
  }
}

function isImportedRouter(project, node) {
  const { ts } = project;
  return node.getSourceFile().statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) &&
      statement.importClause?.name?.text === node.text &&
      /rout|controller|resource/i.test(statement.moduleSpecifier.text),
  );
}

function importedNames(project, other, file) {
  const { ts } = project;
  const names = new Set();
  for (const statement of other.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isVariableStatement(statement)) continue;
    const text = statement.getText();
    const target = file.fileName.replace(/\.[cm]?[jt]sx?$/, "").replace(/\/index$/, "").split("/").at(-1);
    if (!text.includes(target)) continue;
    for (const node of project.nodes(statement)) {
      if (ts.isIdentifier(node) && node.text !== "require" && !ts.isPropertyAccessExpression(node.parent)) names.add(node.text);
    }
  }
  return names;
}
