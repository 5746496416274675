import type { Response } from 'express';
import { Forbidden } from '../errors.js';

export function requireOwner(res: Response, row: { userId?: string; id: string }): void {
  const { user } = res.locals;
  if (row.userId !== user.id && row.id !== user.id && !user.roles.includes('admin')) throw new Forbidden();
}

export function requireRole(res: Response, role: string): void {
  if (!res.locals.user.roles.includes(role)) throw new Forbidden();
}
