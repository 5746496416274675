import type { Response } from 'express';
import { HttpError } from './http/errors';

export const can = (response: Response, action: string, row?: { id: string; userId?: string }): void => {
  const caller = response.locals.caller;
  if (caller === undefined) throw new HttpError(401, 'UNAUTHENTICATED');
  const owns = row !== undefined && (row.userId ?? row.id) === caller.id;
  if (!owns && !caller.roles.includes('admin') && action !== 'create') throw new HttpError(403, 'FORBIDDEN');
};
