import { HttpError, Unavailable } from '../errors.js';

/** What Node calls a connection that cannot be made or is lost. */
const UNREACHABLE = [
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
];

/** What to tell a client of an error of the database or of the way to it; undefined where it is neither. */
export function fromDatabaseError(error: unknown): HttpError | undefined {
  if (!(error instanceof Error)) return undefined;
  switch (error.name) {
    case 'ValidationException':
      if (/specified index/.test(error.message)) return new Unavailable('An index is missing. Run: npm run migrate');
      return new HttpError(400, 'NOT_STORABLE', 'The database cannot hold this: a value is too large or out of range.');
    case 'ResourceNotFoundException':
      return new Unavailable('A table is missing. Run: npm run migrate');
    case 'ProvisionedThroughputExceededException':
    case 'RequestLimitExceeded':
    case 'ThrottlingException':
      return new Unavailable('The database is busy. Try again in a moment.');
    case 'AccessDeniedException':
    case 'CredentialsProviderError':
    case 'ExpiredTokenException':
    case 'InvalidSignatureException':
    case 'UnrecognizedClientException':
      return new Unavailable('The database does not let this backend in.');
    default:
      return isSilence(error) ? new Unavailable('The database does not answer. Try again in a moment.') : undefined;
  }
}

/** Whether it gave no answer, or one that is not its own, such as that of a gateway before it. */
function isSilence(error: Error & { code?: unknown; $metadata?: { httpStatusCode?: number } }): boolean {
  const { name, code, $metadata } = error;
  if (['AbortError', 'TimeoutError', 'Unknown', 'UnknownError'].includes(name)) return true;
  return UNREACHABLE.includes(String(code)) || ($metadata?.httpStatusCode ?? 0) >= 500;
}
