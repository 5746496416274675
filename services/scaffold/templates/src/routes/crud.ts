import { Router, type Request } from 'express';

import { HttpError } from '../errors.js';
import { validateBody, validateQuery } from '../middleware/validator.js';
import type { Database } from '../services/database.js';
import { deleteRecord } from '../services/deletion.js';
import { VERSION } from '../services/items.js';
import { Listing } from '../services/listing.js';
import { Repository } from '../services/repository.js';
import type { Key, Table } from '../types/index.js';
import { keyIn, listQuery, toListQuery } from '../validation/query.js';
import type { Bodies } from '../validation/types.js';
import { linkRoutes } from './links.js';

interface Stored {
  readonly [VERSION]: number;
}

/** Create, list, read, change and delete the records of a table. */
export function crud<Row extends Stored>(database: Database, table: Table, bodies: Bodies): Router {
  const records = new Repository<Row>(database, table);
  const listing = new Listing<Row>(database, table);
  const router = Router();

  router.post('/', validateBody(bodies.create), async (request, response) => {
    const record = await records.create(request.body);
    const key = record[table.primaryKey as keyof Row];
    response.status(201).set('ETag', etag(record));
    response.location(`${request.baseUrl}/${encodeURIComponent(String(key))}`).json(record);
  });

  router.get('/', validateQuery(listQuery(table)), async (_request, response) => {
    response.json(await listing.page(toListQuery(response.locals.query)));
  });

  router.get('/:id', async (request, response) => {
    const record = await records.find(keyOf(request, table));
    response.set('ETag', etag(record)).json(record);
  });

  router.patch('/:id', validateBody(bodies.update), async (request, response) => {
    const record = await records.update(keyOf(request, table), request.body, expectedVersion(request));
    response.set('ETag', etag(record)).json(record);
  });

  router.put('/:id', validateBody(bodies.replace), async (request, response) => {
    const record = await records.update(keyOf(request, table), request.body, expectedVersion(request));
    response.set('ETag', etag(record)).json(record);
  });

  router.delete('/:id', async (request, response) => {
    await deleteRecord(database, table, keyOf(request, table), expectedVersion(request));
    response.status(204).end();
  });

  router.use(linkRoutes(database, table));
  return router;
}

function keyOf(request: Request, table: Table): Key {
  return keyIn(table, String(request.params.id));
}

function etag(record: Stored): string {
  return `"${record[VERSION]}"`;
}

/** The version in the header If-Match, with which a client makes sure not to overwrite what it has not seen. */
function expectedVersion(request: Request): number | undefined {
  const header = request.get('If-Match');
  if (header === undefined || header === '*') return undefined;
  const version = header.match(/^(?:W\/)?"(\d+)"$/)?.[1];
  if (version === undefined) throw new HttpError(400, 'BAD_REQUEST', 'If-Match must be an ETag of this backend.');
  return Number(version);
}
