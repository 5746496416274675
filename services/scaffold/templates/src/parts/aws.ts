import { currentContext } from '../context.js';
import { HttpError, Unavailable } from '../errors.js';
import { fromDatabaseError } from '../services/databaseErrors.js';
import type { Database } from '../services/database.js';

/** Of a call; the second attempt begins within a tenth of a second of the first one's end. */
const ATTEMPTS = 2;
const ATTEMPT_MS = 3_000;

/** What clients of other services share with that of the database: where it is, and what opens it. */
export function clientSettings({ client }: Database) {
  const { region, endpoint, credentials } = client.config;
  return {
    region,
    credentials,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: ATTEMPT_MS, requestTimeout: ATTEMPT_MS, throwOnRequestTimeout: true },
  };
}

/** The call of a service, which ends with the request at hand. Throws Unavailable where `what` it is of can't be reached. */
export async function call<Output>(what: string, send: (options: { abortSignal?: AbortSignal }) => Promise<Output>): Promise<Output> {
  const signal = currentContext()?.signal;
  try {
    return await send(signal === undefined ? {} : { abortSignal: signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (isRefusal(error)) throw new Unavailable(`${what} is not there, or does not let this backend in.`);
    if (fromDatabaseError(error) instanceof HttpError) throw new Unavailable(`${what} does not answer. Try again in a moment.`);
    throw error;
  }
}

/** Whether it is the settings or the rights of the backend that are at fault. */
function isRefusal(error: unknown): boolean {
  const names = ['AccessDenied', 'AccessDeniedException', 'InvalidAccessKeyId', 'NoSuchBucket', 'SignatureDoesNotMatch'];
  return error instanceof Error && names.includes(error.name);
}
