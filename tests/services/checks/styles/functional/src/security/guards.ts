import type { Request, RequestHandler } from 'express';
import { Failure } from '../http/failure';

export const signedIn: RequestHandler = (req, _res, next) => next(req.identity ? undefined : new Failure(401, 'Sign in.'));

export const anyOf = (...roles: string[]): RequestHandler[] => [
  signedIn,
  (req, _res, next) => (roles.some((role) => req.identity!.roles.has(role)) ? next() : next(new Failure(403, 'Not yours.'))),
];

export const isSelf = ({ identity, params }: Request): boolean => identity?.subject === params.id;
export const mayAdminister = ({ identity }: Request): boolean => identity?.roles.has('admin') ?? false;
