import { Router, type RequestHandler, type Response } from 'express';

import { onlyMethods } from '../middleware/methods.js';
import { validateQuery } from '../middleware/validator.js';
import { tables } from '../models/index.js';
import { expand } from '../services/expansion.js';
import type { Services } from '../services/index.js';
import { Listing } from '../services/listing.js';
import { Repository } from '../services/repository.js';
import type { Child, Filter, Input, Table } from '../types/index.js';
import { listQuery, toListQuery } from '../validation/list.js';
import { allow, keyOf, localsOf } from './requests.js';

/** Answer a page of a table's records, of those that the caller may read and that also meet `given`. */
export function answerList<Row extends object>(services: Services, table: Table): RequestHandler {
  return async (_request, response) => answerPage<Row>(services, table, response, []);
}

/** The lists of what refers to one record of a table: `/teams/:id/memberships`. */
export function childRoutes(services: Services, table: Table): Router {
  const router = Router({ caseSensitive: true });
  for (const child of table.children) {
    const of = tables[child.table]!;
    router
      .route(`/:id/${child.path}`)
      .get(allow(table, 'read'), allow(of, 'read'), validateQuery(listQuery(of, [child.field])), ofOne(services, table, child))
      .all(onlyMethods('GET'));
  }
  return router;
}

/** Answer the children of a record that the caller may read. */
function ofOne(services: Services, table: Table, { table: name, field }: Child): RequestHandler {
  const parents = new Repository<Input>(services.database, table);
  return async (request, response) => {
    const key = keyOf(table, request);
    await localsOf(response).access.toRead(table, await parents.find(key));
    await answerPage(services, tables[name]!, response, [{ field, operator: 'eq', value: key }]);
  };
}

async function answerPage<Row extends object>(
  services: Services,
  table: Table,
  response: Response,
  given: readonly Filter[],
): Promise<void> {
  const { access, query: values } = localsOf(response);
  const listing = new Listing<Row>(services, table);
  const query = toListQuery(values, given);
  const page = await listing.pageFor(access, query);
  response.json({
    items: await expand(services.database, access, table, page.items, query.expand),
    nextCursor: page.nextCursor,
    ...(query.isCounted ? { total: await listing.total(access, query) } : {}),
  });
}
