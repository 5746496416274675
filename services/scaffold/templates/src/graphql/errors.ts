import { GraphQLError } from 'graphql';

import { HttpError, TooManyAttempts } from '../errors.js';
import { toAnswer } from '../middleware/errorHandler.js';

/** Of a message of GraphQL's own, which repeats what was sent: a whole input, for each fault of it. */
const MOST_CHARACTERS = 500;

/**
 * What a client is told of an error: `extensions` has the `code` and the `details` that REST answers with. A query that is
 * not valid, or asks for too much, says so itself; what else the client did not cause is not revealed.
 */
export function toGraphQL(error: Error): GraphQLError {
  if (error instanceof HttpError) return new GraphQLError(error.message, { extensions: extensionsOf(error) });
  if (!(error instanceof GraphQLError)) return new GraphQLError(error.message, { extensions: { code: 'BAD_REQUEST' } });
  const { nodes, source, positions, path, originalError: cause } = error;
  const place = { nodes, source, positions, path };
  if (cause === undefined || cause instanceof GraphQLError) {
    const message = error.message.slice(0, MOST_CHARACTERS).toWellFormed();
    return new GraphQLError(message, { ...place, extensions: { code: error.extensions.code ?? 'BAD_REQUEST' } });
  }
  const answer = toAnswer(cause, 'POST /graphql');
  return new GraphQLError(answer.message, { ...place, extensions: extensionsOf(answer) });
}

function extensionsOf(error: HttpError): Record<string, unknown> {
  const { code, details } = error;
  const wait = error instanceof TooManyAttempts ? { retryAfter: error.seconds } : {};
  return { code, ...(details === undefined ? {} : { details }), ...wait };
}
