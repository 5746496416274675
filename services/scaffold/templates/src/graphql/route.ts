import { Router, type RequestHandler } from 'express';
import { NoSchemaIntrospectionCustomRule, execute, specifiedRules, validate } from 'graphql';
import { createHandler } from 'graphql-http';

import { HttpError } from '../errors.js';
import { onlyMethods } from '../middleware/methods.js';
import { localsOf } from '../routes/requests.js';
import type { Services } from '../services/index.js';
import { Inexact } from '../validation/numbers.js';
import { Context } from './context.js';
import { toGraphQL } from './errors.js';
import { bounded, readQuery } from './limits.js';
import { createSchema } from './schema.js';

/** Faults of variables that are told; each tells the whole variable. */
const MOST_FAULTS = 10;

/** Serve GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/), by POST alone, one operation a request. */
export function graphql(services: Services): Router {
  const isHidden = services.config.introspection === 'off';
  const hidden = isHidden ? [NoSchemaIntrospectionCustomRule] : [];
  const handle = createHandler<undefined, Context, Record<string, unknown>>({
    schema: createSchema(services),
    parse: readQuery,
    validationRules: (_request, operation) => [bounded(operation), ...specifiedRules, ...hidden],
    // What is too large is not looked at any further.
    validate: (schema, document, [first, ...rest] = []) => {
      const refusals = validate(schema, document, [first!]);
      return refusals.length > 0 ? refusals : validate(schema, document, rest, { hideSuggestions: isHidden });
    },
    execute: (args) => execute({ ...args, hideSuggestions: isHidden, options: { maxCoercionErrors: MOST_FAULTS } }),
    context: ({ context }) => context as unknown as Record<string, unknown>,
    formatError: toGraphQL,
  });

  const answer: RequestHandler = async (request, response) => {
    const { method, url, headers } = request;
    const context = new Context(services.database, localsOf(response).access, request);
    const [text, init] = await handle({ method, url, headers, body: operationIn(request.body), raw: undefined, context });
    // Time may be up, and the request answered.
    if (!response.headersSent) response.status(init.status).set(init.headers).send(text);
  };

  const router = Router({ caseSensitive: true });
  router.route('/graphql').post(answer).all(onlyMethods('POST'));
  return router;
}

function operationIn(body: unknown): Record<string, unknown> {
  if (!isObject(body) || Array.isArray(body)) {
    throw new HttpError(400, 'BAD_REQUEST', 'Send one operation, as a JSON object with a "query".');
  }
  return { ...body, variables: withoutPrototypes(body.variables) };
}

/** A value whose objects have nothing but their members, so that an input without a field `toString` is without it. */
function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  if (!isObject(value) || value instanceof Inexact) return value;
  const members = Object.entries(value).map(([name, member]) => [name, withoutPrototypes(member)]);
  return Object.assign(Object.create(null) as object, Object.fromEntries(members));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
