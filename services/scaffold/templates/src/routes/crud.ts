import { Router, type Request, type RequestHandler, type Response } from 'express';

import { onlyMethods } from '../middleware/methods.js';
import { validateQuery } from '../middleware/validator.js';
import { etag, isKnown, precondition } from '../services/etag.js';
import { expand } from '../services/expansion.js';
import { Idempotency } from '../services/idempotency.js';
import type { Services } from '../services/index.js';
import { Records } from '../services/records.js';
import type { Input, Table } from '../types/index.js';
import { listQuery, noQuery, recordQuery } from '../validation/list.js';
import type { Bodies } from '../validation/types.js';
import { linkRoutes } from './links.js';
import { answerList, childRoutes } from './lists.js';
import { allow, keyOf, localsOf } from './requests.js';

/** Create, list, read, change and delete the records of a table. */
export function crud<Row extends object>(services: Services, table: Table, bodies: Bodies): Router {
  const records = new Records<Row>(services, table, bodies);

  const create: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    const { baseUrl: place, body } = request as Request<unknown, unknown, unknown>;
    const idempotency = Idempotency.of(services, request.get('Idempotency-Key'), { caller: access.caller, place, body });
    answerNew(request, response, await records.create(access, body, idempotency));
  };

  const read: RequestHandler = async (request, response) => {
    const { access, query } = localsOf(response);
    const record = await records.read(access, keyOf(table, request));
    const names = query.expand as readonly string[];
    const [expanded] = await expand(services.database, access, table, [record], names);
    // Other records change by themselves, so that the tag of this one names no answer with them.
    if (names.length === 0) {
      const tag = etag(table, record as Input);
      response.set('ETag', tag);
      if (isKnown(tag, request.get('If-None-Match'))) {
        response.status(304).end();
        return;
      }
    }
    response.json(expanded);
  };

  const update: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    const expected = precondition(table, request.get('If-Match'), request.get('If-None-Match'));
    answer(response, await records.update(access, keyOf(table, request), request.body, expected));
  };

  /** With `If-None-Match: *`, where clients choose keys, the record is created. */
  const put: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    const isNew = !table.generatesKeys && request.get('If-None-Match')?.trim() === '*';
    access.enter(table, isNew ? 'create' : 'update');
    const key = keyOf(table, request);
    if (isNew) {
      answerNew(request, response, await records.createAt(access, key, request.body));
    } else {
      const expected = precondition(table, request.get('If-Match'), request.get('If-None-Match'));
      answer(response, await records.replace(access, key, request.body, expected));
    }
  };

  const remove: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    const expected = precondition(table, request.get('If-Match'), request.get('If-None-Match'));
    const isDone = await records.remove(access, keyOf(table, request), expected);
    response.status(isDone ? 204 : 202).end();
  };

  function answer(response: Response, record: Row): void {
    response.set('ETag', etag(table, record as Input)).json(record);
  }

  function answerNew({ baseUrl }: Request, response: Response, record: Row): void {
    const key = encodeURIComponent(String(record[table.primaryKey as keyof Row]));
    answer(response.status(201).location(`${baseUrl}/${key}`), record);
  }

  const router = Router({ caseSensitive: true });
  router
    .route('/')
    .get(allow(table, 'read'), validateQuery(listQuery(table)), answerList<Row>(services, table))
    .post(allow(table, 'create'), validateQuery(noQuery), create)
    .all(onlyMethods('GET', 'POST'));
  router
    .route('/:id')
    .get(allow(table, 'read'), validateQuery(recordQuery(table)), read)
    .patch(allow(table, 'update'), validateQuery(noQuery), update)
    .put(validateQuery(noQuery), put)
    .delete(allow(table, 'delete'), validateQuery(noQuery), remove)
    .all(onlyMethods('GET', 'PATCH', 'PUT', 'DELETE'));
  router.use(childRoutes(services, table), linkRoutes(services, table));
  return router;
}
