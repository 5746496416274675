import type { RequestHandler } from 'express';
import type { ObjectSchema, ValidationOptions } from 'joi';

import { ValidationFailed } from '../errors.js';
import type { Context } from '../services/access.js';
import type { Input } from '../types/index.js';

/** Check a body, strictly: no type is converted. `context` says who sends it. Throws ValidationFailed. */
export function validateInput(schema: ObjectSchema, input: unknown, context: Context): Input {
  return validate(schema, input, { convert: false, context: { ...context } }) as Input;
}

/** Check the parameters of a list or a record, where numbers may be text. Throws ValidationFailed. */
export function validateParameters(schema: ObjectSchema, parameters: unknown): Input {
  return validate(schema, parameters, { convert: true }) as Input;
}

/** Check the query string. What the schema makes of it becomes `response.locals.query`. */
export function validateQuery(schema: ObjectSchema): RequestHandler {
  return (request, response, next) => {
    response.locals.query = validateParameters(schema, request.query);
    next();
  };
}

/** Without a prototype, so that a field called `constructor` or `toString` is missing when it was not sent. */
function ownFields(input: unknown): unknown {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject ? Object.assign(Object.create(null), input) : input;
}

/** Of a field that breaks several rules, the first is told. */
function validate(schema: ObjectSchema, input: unknown, options: ValidationOptions): unknown {
  const result = schema
    .label('body')
    .required()
    .validate(ownFields(input), { abortEarly: false, ...options });
  if (result.error === undefined) return result.value;
  const details = new Map(result.error.details.map(({ path, message }) => [path.join('.'), message] as const).reverse());
  throw new ValidationFailed([...details].reverse().map(([field, message]) => ({ field, message })));
}
