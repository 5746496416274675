import type { Request, RequestHandler, Response } from 'express';

import type { Access } from '../services/access.js';
import type { Action, Key, Table } from '../types/index.js';
import { keyIn } from '../validation/query.js';

/** What middleware has found out about a request. */
interface Locals {
  readonly access: Access;
  /** What `validateQuery` has made of the query string. */
  readonly query: Readonly<Record<string, unknown>>;
}

export function localsOf(response: Response): Locals {
  return response.locals as Locals;
}

/** Refuse whoever may do this to no record, before anything else is looked at. */
export function allow(table: Table, action: Action): RequestHandler {
  return (_request, response, next) => {
    localsOf(response).access.enter(table, action);
    next();
  };
}

/** The primary key in a path. Throws NotFound where no record can have it. */
export function keyOf(table: Table, { params }: Request, parameter = 'id'): Key {
  return keyIn(table, String(params[parameter]));
}
