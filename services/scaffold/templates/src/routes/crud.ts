import { Router, type Request, type RequestHandler, type Response } from 'express';

import { HttpError } from '../errors.js';
import { validateBody, validateQuery } from '../middleware/validator.js';
import type { Access } from '../services/access.js';
import type { Database } from '../services/database.js';
import { deleteRecord } from '../services/deletion.js';
import { VERSION } from '../services/items.js';
import { Listing } from '../services/listing.js';
import { Repository } from '../services/repository.js';
import type { Action, Input, Key, Table } from '../types/index.js';
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

  router.post('/', allow(table, 'create'), validateBody(bodies.create), async (request, response) => {
    const record = await records.create(await accessOf(response).toCreate(table, request.body));
    const key = record[table.primaryKey as keyof Row];
    response.status(201).set('ETag', etag(record));
    response.location(`${request.baseUrl}/${encodeURIComponent(String(key))}`).json(record);
  });

  router.get('/', allow(table, 'read'), validateQuery(listQuery(table)), async (_request, response) => {
    const scope = await accessOf(response).scope(table);
    response.json(await listing.page(toListQuery(response.locals.query), scope));
  });

  router.get('/:id', allow(table, 'read'), async (request, response) => {
    const record = await records.find(keyOf(request, table));
    await accessOf(response).toRead(table, record);
    response.set('ETag', etag(record)).json(record);
  });

  router.patch('/:id', allow(table, 'update'), validateBody(bodies.update), async (request, response) => {
    const record = await records.update(keyOf(request, table), changes(request, response), expectedVersion(request));
    response.set('ETag', etag(record)).json(record);
  });

  router.put('/:id', allow(table, 'update'), validateBody(bodies.replace), async (request, response) => {
    const record = await records.update(keyOf(request, table), changes(request, response), expectedVersion(request));
    response.set('ETag', etag(record)).json(record);
  });

  router.delete('/:id', allow(table, 'delete'), async (request, response) => {
    const permit = (record: Input) => accessOf(response).toDelete(table, record);
    await deleteRecord(database, table, keyOf(request, table), permit, expectedVersion(request));
    response.status(204).end();
  });

  /** What a request makes of the record as it is when it is written. */
  function changes(request: Request, response: Response): (before: Input) => Promise<Input> {
    return (before) => accessOf(response).toUpdate(table, before, request.body);
  }

  router.use(linkRoutes(database, table));
  return router;
}

/** Refuse whoever may do this to no record, before anything else is looked at. */
function allow(table: Table, action: Action): RequestHandler {
  return (_request, response, next) => {
    accessOf(response).enter(table, action);
    next();
  };
}

function accessOf(response: Response): Access {
  return response.locals.access as Access;
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
