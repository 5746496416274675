// Whether each route knows who asks, and decides whether they may, as far as the schema wants it.

import { decides, requiresCaller } from "./identity.mjs";
import { letsStrangersPass } from "./passes.mjs";
import { registered, routerOf, routesOf, tablesOf } from "./routes.mjs";
import { A_CALLER, A_DECISION } from "./rules.mjs";

const AUTHENTICATES =
  /auth(?!or(?!i[sz]))|jwt|bearer|passport|protect|guard|signed_?in|logged_?in|(?:require|ensure|check|verify|load|current)_?(?:user|caller|login|token|identity|principal|session|role|admin|owner|member)/i;
const UNAUTHENTICATED = /^(?:jwtVerify|expressjwt|passport|401|UNAUTHORIZED|UNAUTHENTICATED)$|Unauthori[sz]ed|Unauthenticated|NotAuthenticated|AuthenticationError/;
const HARMLESS = /^(?:cors|helmet|json|urlencoded|compression|morgan|pino|pinoHttp|static|cookieParser)$|limit|logg?|requestId/i;
const OFF = /^AUTH$|^AUTH_(?:OFF|DISABLED|MODE)$|^auth$|^DISABLE_AUTH$/;
const UNKNOWN = undefined;

/** Yield the routes without authentication, and those that decide nothing although the schema wants a decision. */
export function* routeFaults(project, rules) {
  const guarding = new Guarding(project);
  for (const route of routesOf(project)) {
    const tables = tablesOf(route, rules);
    if (tables === undefined) continue;
    const need = rules.need(tables, route.method);
    if (need < A_CALLER) continue;
    const ways = guarding.waysTo(route);
    const knows = ways.every((way) => way.some((each) => guarding.authenticates(each)));
    const isStrict = ways.every((way) => way.some((each) => guarding.refuses(each)));
    const steps = [...new Set(ways.flat())].filter((each) => each !== UNKNOWN && !guarding.isMount(each));
    if (!knows) {
      yield { node: route.node, message: `${shown(route)} knows nobody: no middleware before it verifies a token. Put authentication before it, and the policy's decision.` };
    } else if (need === A_DECISION && !decides(project, steps)) {
      yield { node: route.node, message: `${shown(route)} is open to whoever has a token: nothing decides by the schema's policy whether this caller may. Ask the policy before anything is read or written.` };
    } else if (need === A_CALLER && !isStrict && !requiresCaller(project, steps)) {
      yield { node: route.node, message: `${shown(route)} knows nobody where no token was verified: the middleware before it calls next() all the same. Answer 401 there, or refuse on this route whoever is unknown.` };
    }
  }
}

function shown(route) {
  return `${route.method.toUpperCase()} ${route.path || "/"}`;
}

/** What stands before a route: on it, on its router, and where its router is mounted. */
class Guarding {
  constructor(project) {
    this.project = project;
    this.uses = [...project.all()].filter((node) => this.#isUse(node)).map((node) => ({ node, router: routerOf(project, node).getText(), ...registered(project, node) }));
    this.authenticating = new Map();
    this.routed = new Set(routesOf(project).map((route) => route.node));
  }

  /** Return the ways to a route, each the middleware and handlers on it; UNKNOWN stands for what can't be followed. */
  waysTo(route) {
    const ways = this.#ways({ file: route.file, router: route.receiver, end: route.node.end, path: route.path }, new Set());
    return ways.map((way) => [...route.handlers, ...way]);
  }

  /** Whether a middleware finds out who asks. */
  authenticates(node) {
    if (node === UNKNOWN) return true;
    if (!this.authenticating.has(node)) this.authenticating.set(node, this.#isAuthentication(node));
    return this.authenticating.get(node);
  }

  #isAuthentication(node) {
    const name = this.project.nameOf(node) ?? "";
    if (HARMLESS.test(name) || this.isMount(node)) return false;
    return AUTHENTICATES.test(name) || this.project.mentions(this.project.closure([node]), UNAUTHENTICATED);
  }

  /** Whether a middleware finds out who asks, and lets nobody pass of whom it does not know. */
  refuses(node) {
    if (!this.authenticates(node)) return false;
    return node === UNKNOWN || !this.project.closure([node]).some((each) => letsStrangersPass(this.project, each));
  }

  /** Whether what stands in a `use` is a router, and no middleware. */
  isMount(node) {
    const { ts } = this.project;
    if (this.project.isFunction(node)) return false;
    const name = this.project.nameOf(node) ?? "";
    if (/rout(?:er|es?)$/i.test(name)) return true;
    const functions = ts.isCallExpression(node) || ts.isIdentifier(node) ? this.project.resolve(name, node.getSourceFile()) : [];
    if (functions.some((each) => [...this.project.nodes(each)].some((inner) => this.routed.has(inner)))) return true;
    return ts.isIdentifier(node) && this.#isImportedRouter(node);
  }

  #isImportedRouter(node) {
    const file = node.getSourceFile();
    const routed = [...this.routed].map((each) => each.getSourceFile()).filter((each) => this.project.importsOf(file).has(each.fileName));
    return !this.project.resolve(node.text, file).length && routed.some((each) => importedNames(this.project, file, each).has(node.text));
  }

  #isUse(node) {
    const { ts } = this.project;
    return ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && /^(?:use|all)$/.test(node.expression.name.text) && this.#isCertain(node);
  }

  /** Whether some code runs whatever the settings are, apart from AUTH=off. */
  #isCertain(node) {
    const { ts } = this.project;
    for (let inner = node; inner.parent && !ts.isFunctionLike(inner); inner = inner.parent) {
      const condition = conditionOf(ts, inner);
      if (condition && ![...this.project.words(condition)].some((word) => OFF.test(word))) return false;
    }
    return true;
  }

  #ways(place, seen) {
    const key = `${place.file.fileName} ${place.router}`;
    if (seen.has(key)) return [[UNKNOWN]];
    seen.add(key);
    const own = this.uses.filter((use) => use.node.getSourceFile() === place.file);
    const before = own.filter((use) => use.router === place.router && use.node.end < place.end && covers(use, place.path)).flatMap((use) => use.handlers);
    const mounts = own.filter((use) => use.handlers.some((each) => each.getText() === place.router));
    const above = mounts.length ? mounts.flatMap((use) => this.#mounted(use, place, new Set([place.router]), seen)) : this.#imported(place, seen);
    return (above.length ? above : [[]]).map((way) => [...before, ...way]);
  }

  /** The ways to what a file exports. */
  #imported(place, seen) {
    const importers = [...this.project.files.values()].filter((other) => this.project.importsOf(other).has(place.file.fileName));
    return importers.flatMap((other) => {
      const names = importedNames(this.project, other, place.file);
      const own = this.uses.filter((use) => use.node.getSourceFile() === other);
      const mounts = own.filter((use) => use.handlers.some((each) => this.#names(each, names)));
      if (mounts.length) return mounts.flatMap((use) => this.#mounted(use, place, names, seen));
      const above = this.#ways({ file: other, router: "", end: 0, path: UNKNOWN }, seen);
      return above.map((way) => [...own.flatMap((use) => use.handlers), ...way]);
    });
  }

  /** The ways through one place where a router is mounted. */
  #mounted(use, place, names, seen) {
    const beside = use.handlers.filter((each) => !this.#names(each, names));
    const path = place.path === UNKNOWN ? UNKNOWN : joined(use.path, place.path);
    const above = this.#ways({ file: use.node.getSourceFile(), router: use.router, end: use.node.end, path }, seen);
    return above.map((way) => [...beside, ...way]);
  }

  #names(node, names) {
    return [...this.project.words(node)].some((word) => names.has(word));
  }
}

/** The condition that what stands in a place depends on there. */
function conditionOf(ts, node) {
  const { parent } = node;
  if (ts.isIfStatement(parent) || ts.isConditionalExpression(parent)) return (parent.expression ?? parent.condition) === node ? undefined : parent.expression ?? parent.condition;
  return ts.isBinaryExpression(parent) && /^(?:&&|\|\|)$/.test(parent.operatorToken.getText()) && parent.right === node ? parent.left : undefined;
}

function joined(above, below) {
  return above.split(" ").flatMap((first) => below.split(" ").map((second) => `${first}/${second}`)).join(" ");
}

/** Whether all paths of a route are below one of a middleware: equal to it where it is given to `all`. */
function covers(use, path) {
  if (path === UNKNOWN || use.path === undefined) return true;
  const isWhole = use.node.expression.name.text === "all";
  return path.split(" ").every((below) => use.path.split(" ").some((above) => isBelow(segmentsOf(above), segmentsOf(below), isWhole)));
}

function segmentsOf(path) {
  return path.split("/").filter((segment) => segment !== "");
}

function isBelow(above, below, isWhole) {
  const rest = above.findIndex((segment) => /[*(]/.test(segment));
  const fixed = rest < 0 ? above : above.slice(0, rest);
  if (fixed.length > below.length || (isWhole && rest < 0 && fixed.length < below.length)) return false;
  return fixed.every((segment, nth) => segment === below[nth] || /^[:{]/.test(segment) || /^[:*{]/.test(below[nth]));
}

/** The names that a file gives to what it imports from another. */
function importedNames(project, other, file) {
  const { ts } = project;
  const names = new Set();
  for (const statement of other.statements) {
    const from = [...project.nodes(statement)].map((node) => project.specifierOf(node)).filter((each) => each !== undefined);
    if (ts.isFunctionLike(statement) || !from.some((each) => project.fileOf(each, other) === file.fileName)) continue;
    const bound = ts.isImportDeclaration(statement) ? [statement] : ts.isVariableStatement(statement) ? statement.declarationList.declarations.map((each) => each.name) : [];
    for (const node of bound.flatMap((each) => [...project.nodes(each)])) {
      if (ts.isIdentifier(node)) names.add(node.text);
    }
  }
  return names;
}
