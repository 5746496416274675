import { Router, type Request } from 'express';

import { validateQuery } from '../middleware/validator.js';
import { tables } from '../models/index.js';
import type { Database } from '../services/database.js';
import { Links } from '../services/links.js';
import { Repository } from '../services/repository.js';
import type { Key, Link, Table } from '../types/index.js';
import { keyIn, pageQuery, toListQuery } from '../validation/query.js';

/** List, make and end what links the records of a table to those of others. */
export function linkRoutes(database: Database, table: Table): Router {
  const router = Router({ caseSensitive: true });
  for (const link of table.links) {
    addList(router, database, table, link);
    if (link.isWritable) addWrites(router, database, table, link);
  }
  return router;
}

function addList(router: Router, database: Database, table: Table, link: Link): void {
  const links = new Links(database, link);
  router.get(`/:id/${link.path}`, validateQuery(pageQuery), async (request, response) => {
    const own = await existing(database, table, request, 'id');
    response.json(await links.page(own, toListQuery(response.locals.query)));
  });
}

function addWrites(router: Router, database: Database, table: Table, link: Link): void {
  const links = new Links(database, link);
  const path = `/:id/${link.path}/:other`;
  const ends = async (request: Request): Promise<[Key, Key]> => [
    await existing(database, table, request, 'id'),
    await existing(database, tables[link.table]!, request, 'other'),
  ];

  router.put(path, async (request, response) => {
    await links.add(...(await ends(request)));
    response.status(204).end();
  });

  router.delete(path, async (request, response) => {
    await links.remove(...(await ends(request)));
    response.status(204).end();
  });
}

/** The key in a path, of a record that exists. */
async function existing(database: Database, table: Table, request: Request, parameter: string): Promise<Key> {
  const key = keyIn(table, String(request.params[parameter]));
  await new Repository(database, table).find(key);
  return key;
}
