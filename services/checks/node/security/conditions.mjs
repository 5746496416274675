// Whether a deletion honours the condition that changes honour: If-Match.

import { routesOf } from "./routes.mjs";

const CONDITION = /^if-match$|ifMatch|etag|expectedVersion|precondition|^412$/i;

/** Yield the routes of DELETE without a condition, beside a PATCH or PUT that has one. */
export function* conditionFaults(project) {
  const routes = routesOf(project);
  for (const route of routes.filter((each) => each.method === "delete")) {
    const beside = routes.filter((each) => each.file === route.file && /^(?:put|patch)$/.test(each.method) && each.path === route.path);
    if (beside.some((each) => isConditional(project, each)) && !isConditional(project, route)) {
      yield { node: route.node, message: "DELETE takes no notice of If-Match, which PUT and PATCH honour: make it a condition of the deletion, and answer 412 where it fails." };
    }
  }
}

function isConditional(project, route) {
  return project.mentions(project.closure(route.handlers), CONDITION);
}
