import type { RequestHandler } from 'express';
import type { ObjectSchema, ValidationOptions } from 'joi';

import { ValidationFailed } from '../errors.js';
import type { Access } from '../services/access.js';
import type { Input } from '../types/index.js';

/**
 * Check the body, strictly: no type is converted. What the schema makes of it becomes `request.body`. Where access is
 * enforced, fields that the server sets are refused.
 */
export function validateBody(schema: ObjectSchema): RequestHandler {
  return (request, response, next) => {
    request.body = validateInput(schema, request.body, response.locals.access as Access);
    next();
  };
}

/** The same for what is not the body as it was sent. Throws ValidationFailed. */
export function validateInput(schema: ObjectSchema, input: unknown, { isEnforced }: Access): Input {
  return validate(schema, input, { convert: false, context: { isEnforced } }) as Input;
}

/** Check the query string, where numbers are text. What the schema makes of it becomes `response.locals.query`. */
export function validateQuery(schema: ObjectSchema): RequestHandler {
  return (request, response, next) => {
    response.locals.query = validate(schema, request.query, { convert: true });
    next();
  };
}

/** Without a prototype, so that a field called `constructor` or `toString` is missing when it was not sent. */
function ownFields(input: unknown): unknown {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject ? Object.assign(Object.create(null), input) : input;
}

function validate(schema: ObjectSchema, input: unknown, options: ValidationOptions): unknown {
  const { error, value } = schema
    .label('body')
    .required()
    .validate(ownFields(input), { abortEarly: false, ...options });
  if (error === undefined) return value;
  throw new ValidationFailed(error.details.map(({ path, message }) => ({ field: path.join('.'), message })));
}
