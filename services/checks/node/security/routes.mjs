// The routes that a project registers: on which router, for which method and path, with which handlers, and about which tables.

const VERBS = new Set(["get", "post", "put", "patch", "delete", "all", "use"]);
const ROUTER = /rout(?:er|es?)|^app$|^api$|^server$/i;
const ROUTER_TYPE = /\b(?:I?Router|Express|Application)\b/;
const MADE = /^(?:express\.)?(?:Router|express)$/;
const OPEN =
  /health|live|ready|ping|metrics|version|docs|openapi|swagger|robots|favicon|well-known|auth|log-?in|sign-?(?:in|up|out)|log-?out|regist|session|token|password|reset|forgot|verif|confirm|refresh|webhook|callback/i;
const ACCOUNT =
  /^(?:(?:auth|log|login|sign|in|up|out|logout|regist(?:er|ration)|sessions?|access|tokens?|e?mail|address|account|code|link|me|passwords?|reset|change|request|forgot(?:ten)?|verif(?:y|ied|ication)|confirm(?:ation)?|refresh|resend|webhooks?|callback)(?:[-_.]|$|(?=[A-Z])))+$/i;

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
  const { path, handlers } = registered(project, node);
  const last = handlers.at(-1);
  const router = routerOf(project, node);
  if (path === undefined || !last || !isHandler(project, last) || !isRouter(project, router)) return undefined;
  if ((method === "all" || method === "use") && !answersRows(project, last)) return undefined;
  return { node, method, path, handlers, receiver: router.getText(), file: node.getSourceFile() };
}

/** The path of what a call registers, "" of `use` without one, and its handlers. */
export function registered(project, node) {
  const { ts } = project;
  const all = [...node.arguments];
  for (let chain = node.expression.expression; ts.isCallExpression(chain) && ts.isPropertyAccessExpression(chain.expression); chain = chain.expression.expression) {
    if (chain.expression.name.text === "route") return { path: chain.arguments[0] && pathOf(project, chain.arguments[0]), handlers: flat(project, all) };
  }
  const path = all[0] && pathOf(project, all[0]);
  if (path !== undefined) return { path, handlers: flat(project, all.slice(1)) };
  return { path: node.expression.name.text === "use" ? "" : undefined, handlers: flat(project, all) };
}

/** The router that a call is chained to: `app` of `app.route("/users").get(list)`, its variable where it is made there. */
export function routerOf(project, node) {
  const { ts } = project;
  const isMade = (each) => ts.isCallExpression(each) && MADE.test(each.expression.getText());
  let root = node;
  while (ts.isCallExpression(root) && ts.isPropertyAccessExpression(root.expression) && !isMade(root)) root = root.expression.expression;
  if (!isMade(root)) return root;
  let holder = root.parent;
  while (ts.isCallExpression(holder) || ts.isPropertyAccessExpression(holder)) holder = holder.parent;
  return ts.isVariableDeclaration(holder) ? holder.name : root;
}

function pathOf(project, node) {
  const { ts } = project;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) return [node.head.text, ...node.templateSpans.map((span) => `:x${span.literal.text}`)].join("");
  if (ts.isIdentifier(node)) {
    const value = project.constant(node)?.initializer;
    return value && !ts.isIdentifier(value) && !ts.isArrayLiteralExpression(value) ? pathOf(project, value) : undefined;
  }
  if (!ts.isArrayLiteralExpression(node)) return undefined;
  const paths = node.elements.map((each) => pathOf(project, each));
  return paths.includes(undefined) ? undefined : paths.join(" ");
}

function flat(project, nodes) {
  const { ts } = project;
  return nodes.flatMap((node) => {
    if (ts.isSpreadElement(node)) return flat(project, [node.expression]);
    const list = ts.isIdentifier(node) ? project.constant(node)?.initializer : node;
    return list && ts.isArrayLiteralExpression(list) ? flat(project, [...list.elements]) : [node];
  });
}

function isHandler(project, node) {
  const { ts } = project;
  return project.isFunction(node) || ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) || ts.isCallExpression(node);
}

/** Whether the last handler of `all` or `use` is a route's: it goes on to no other, and waits for something such as rows. */
function answersRows(project, node) {
  const { ts } = project;
  const handlers = project.isFunction(node) ? [node] : ts.isCallExpression(node) ? node.arguments.filter((each) => project.isFunction(each)) : project.calledBy(node);
  return handlers.some((handler) => {
    const isLast = handler.parameters.length === 1 || handler.parameters.length === 2;
    return isLast && project.closure([handler]).some((root) => [...project.nodes(root)].some((each) => ts.isAwaitExpression(each)));
  });
}

function isRouter(project, node) {
  const { ts } = project;
  if (ts.isCallExpression(node)) return MADE.test(node.expression.getText());
  const name = project.nameOf(node);
  if (name === undefined) return false;
  if (ROUTER.test(name)) return true;
  const value = ts.isIdentifier(node) ? project.initializer(name, node)?.initializer : undefined;
  if (value && /^(?:express\.)?(?:Router|express)\(/.test(value.getText())) return true;
  for (let scope = node.parent; scope; scope = scope.parent) {
    const parameter = scope.parameters?.find((each) => each.name.getText() === name);
    if (parameter) return ROUTER_TYPE.test(parameter.type?.getText() ?? "");
  }
  return false;
}

/** The route that a place in the code stands in, if it does. */
export function routeAround(project, node) {
  for (let inner = node; inner; inner = inner.parent) {
    const route = asRoute(project, inner);
    if (route) return route;
  }
  return undefined;
}

/** The tables that a place in the code is about: by the route that it stands in, else by its file's name; else none. */
export function tablesAround(project, rules, node) {
  const route = routeAround(project, node);
  const tables = route && tablesOf(route, rules);
  if (tables?.length) return tables.length < rules.tables.length || tables.length === 1 ? tables : [];
  const names = node.getSourceFile().fileName.split(/[/.]/).reverse();
  return names.map((name) => rules.named(name)).find((named) => named.length) ?? [];
}

/** The tables that a route is about; undefined of one that is open by what it is for, none where no table is named. */
export function tablesOf(route, rules) {
  const segments = route.path.split(/[/ ]/).filter((segment) => segment !== "" && !/[:*{]/.test(segment));
  const names = [...segments.reverse(), ...route.file.fileName.split(/[/.]/).reverse()];
  const named = names.map((name) => rules.named(name)).find((tables) => tables.length);
  if (named && !segments.some((segment) => ACCOUNT.test(segment) && !rules.named(segment).length)) return named;
  const isAtRoot = /^app$|^server$/i.test(route.receiver) && !segments.length;
  if (isAtRoot || segments.some((segment) => OPEN.test(segment)) || OPEN.test(stem(route.file))) return undefined;
  return segments.length ? [] : rules.tables;
}

/** What a file is about by its name, or by its folder's where it is only called `routes` there. */
function stem(file) {
  const [name, folder] = file.fileName.split("/").reverse();
  return /^(?:index|rout(?:er|es?)|handlers?|controller)\./.test(name) ? (folder ?? "") : name.split(".")[0];
}
