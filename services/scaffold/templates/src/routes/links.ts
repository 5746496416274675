import { Router, type RequestHandler } from 'express';

import { onlyMethods } from '../middleware/methods.js';
import { validateQuery } from '../middleware/validator.js';
import { tables } from '../models/index.js';
import type { Access } from '../services/access.js';
import type { Services } from '../services/index.js';
import { Links } from '../services/links.js';
import { Repository } from '../services/repository.js';
import type { Input, Key, Link, Table } from '../types/index.js';
import { noQuery, pageQuery } from '../validation/list.js';
import { allow, keyOf, localsOf } from './requests.js';

/** List, make and end what links the records of a table to those of others. */
export function linkRoutes(services: Services, table: Table): Router {
  const router = Router({ caseSensitive: true });
  for (const link of table.links) {
    const path: string = `/:id/${link.path}`;
    router
      .route(path)
      .get(allow(table, 'read'), allow(tables[link.table]!, 'read'), validateQuery(pageQuery), list(services, table, link))
      .all(onlyMethods('GET'));
    const member: string = `${path}/:other`;
    if (link.isWritable) addWrites(router.route(member), services, table, link);
  }
  return router;
}

function list(services: Services, table: Table, link: Link): RequestHandler {
  const links = new Links(services, table, link);
  const records = new Repository<Input>(services.database, table);
  return async (request, response) => {
    const { access, query } = localsOf(response);
    const own = keyOf(table, request);
    await access.toRead(table, await records.find(own));
    response.json(await links.page(own, query as { limit: number; cursor?: string }, access));
  };
}

function addWrites(route: ReturnType<Router['route']>, services: Services, table: Table, link: Link): void {
  const links = new Links(services, table, link);
  const other = tables[link.table]!;
  const changed = link.isChanged ? table : other;
  const write = (change: (own: Key, other: Key, access: Access) => Promise<void>): RequestHandler => async (request, response) => {
    await change(keyOf(table, request), keyOf(other, request, 'other'), localsOf(response).access);
    response.status(204).end();
  };
  route
    .put(allow(changed, 'update'), validateQuery(noQuery), write(links.add.bind(links)))
    .delete(allow(changed, 'update'), validateQuery(noQuery), write(links.remove.bind(links)))
    .all(onlyMethods('PUT', 'DELETE'));
}
