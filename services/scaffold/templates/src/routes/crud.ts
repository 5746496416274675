import { Router, type Request, type RequestHandler, type Response } from 'express';

import { VersionChanged } from '../errors.js';
import { onlyMethods } from '../middleware/methods.js';
import { validateQuery } from '../middleware/validator.js';
import type { Access } from '../services/access.js';
import { deleteRecord } from '../services/deletion.js';
import { etag, isKnown, precondition } from '../services/etag.js';
import { expand } from '../services/expansion.js';
import { Idempotency, once } from '../services/idempotency.js';
import type { Services } from '../services/index.js';
import { firstMembership } from '../services/owners.js';
import { Repository } from '../services/repository.js';
import type { Input, Table } from '../types/index.js';
import { listQuery, noQuery, recordQuery } from '../validation/list.js';
import { Inputs } from '../validation/input.js';
import type { Bodies } from '../validation/types.js';
import { linkRoutes } from './links.js';
import { answerList, childRoutes } from './lists.js';
import { allow, keyOf, localsOf } from './requests.js';

/** Create, list, read, change and delete the records of a table. */
export function crud<Row extends object>(services: Services, table: Table, bodies: Bodies): Router {
  const { database } = services;
  const records = new Repository<Row>(database, table);

  const create: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    const idempotency = Idempotency.of(services, request, access.caller);
    const input = await inputs(access).toCreate(request.body);
    const record = await once(idempotency, async (note) => {
      const owning = await firstMembership(database, table, access.caller);
      return records.create(await access.toCreate(table, input), (made) => [...note(made), ...owning(made as Input)]);
    });
    answerNew(request, response, record);
  };

  const read: RequestHandler = async (request, response) => {
    const { access, query } = localsOf(response);
    const record = await records.find(keyOf(table, request));
    await access.toRead(table, record);
    const names = query.expand as readonly string[];
    const [expanded] = await expand(database, access, table, [record], names);
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
    const record = await records.update(
      keyOf(table, request),
      async (before) => {
        await access.toRead(table, before);
        return access.toUpdate(table, before, await inputs(access).toUpdate(request.body, before));
      },
      precondition(table, request.get('If-Match')),
    );
    answer(response, record);
  };

  const replace: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    access.enter(table, 'update');
    const record = await records.update(
      keyOf(table, request),
      async (before) => {
        await access.toRead(table, before);
        return access.toUpdate(table, before, await inputs(access).toReplace(request.body, before));
      },
      precondition(table, request.get('If-Match')),
    );
    answer(response, record);
  };

  /** A PUT with `If-None-Match: *`, where clients choose keys. */
  const createAt: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    access.enter(table, 'create');
    const key = keyOf(table, request);
    if (await records.exists(key)) throw new VersionChanged('There is a record with this key.');
    const input = await inputs(access).toCreate(request.body, key);
    const owning = await firstMembership(database, table, access.caller);
    const record = await records.create(await access.toCreate(table, input), (made) => owning(made as Input));
    answerNew(request, response, record);
  };

  const put: RequestHandler = async (request, response, next) => {
    const isNew = !table.generatesKeys && request.get('If-None-Match')?.trim() === '*';
    await (isNew ? createAt : replace)(request, response, next);
  };

  const remove: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    const permit = (record: Input) => access.toDelete(table, record);
    const expected = precondition(table, request.get('If-Match'));
    const isDone = await deleteRecord(database, table, keyOf(table, request), permit, expected);
    response.status(isDone ? 204 : 202).end();
  };

  function answer(response: Response, record: Row): void {
    response.set('ETag', etag(table, record as Input)).json(record);
  }

  function answerNew({ baseUrl }: Request, response: Response, record: Row): void {
    const key = encodeURIComponent(String(record[table.primaryKey as keyof Row]));
    answer(response.status(201).location(`${baseUrl}/${key}`), record);
  }

  function inputs(access: Access): Inputs {
    return new Inputs(table, bodies, access);
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
