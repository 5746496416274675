/** One field that is wrong, and why. */
export interface Detail {
  readonly field: string;
  readonly message: string;
}

/** An error that the client is told about. Everything else is answered as INTERNAL and logged. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: readonly Detail[],
  ) {
    super(message);
  }
}

/** Of one answer: a body of 256 KB can have thousands of faults. */
const MOST_DETAILS = 100;

export class ValidationFailed extends HttpError {
  /** Of the faults, the first are told, and how many there are beside them. */
  constructor(readonly faults: readonly Detail[]) {
    const details = faults.slice(0, MOST_DETAILS);
    const more = faults.length > MOST_DETAILS ? `; and ${faults.length - MOST_DETAILS} more` : '';
    super(400, 'VALIDATION_FAILED', `${details.map(({ message }) => message).join('; ')}${more}.`, details);
  }
}

export class Unauthenticated extends HttpError {
  constructor(message: string) {
    super(401, 'UNAUTHENTICATED', message);
  }
}

/** The caller is known, and may not do this. What they may not even read is NotFound. */
export class Forbidden extends HttpError {
  constructor(message: string) {
    super(403, 'FORBIDDEN', message);
  }
}

export class NotFound extends HttpError {
  constructor(message: string) {
    super(404, 'NOT_FOUND', message);
  }
}

/** The request is sound, but not with what is stored now. */
export class Conflict extends HttpError {
  constructor(message: string, details?: readonly Detail[]) {
    super(409, 'CONFLICT', message, details);
  }
}

/** The record is no longer in a state that the client named in If-Match. */
export class VersionChanged extends HttpError {
  constructor(message = 'The record has changed since you read it. Read it again.') {
    super(412, 'VERSION_CHANGED', message);
  }
}

/** The client took too long to send its request. */
export class RequestTimedOut extends HttpError {
  constructor() {
    super(408, 'REQUEST_TIMEOUT', 'The request did not arrive in time.');
  }
}

export class TooManyRequests extends HttpError {
  constructor() {
    super(429, 'TOO_MANY_REQUESTS', 'Too many requests. Try again after the seconds in Retry-After.');
  }
}

/** The request is sound, but the server cannot serve it now. */
export class Unavailable extends HttpError {
  constructor(message: string) {
    super(503, 'UNAVAILABLE', message);
  }
}

/** Something was tried too often, such as a password. */
export class TooManyAttempts extends HttpError {
  /** Until it may be tried again: `seconds`. */
  constructor(readonly seconds: number) {
    super(429, 'TOO_MANY_ATTEMPTS', `Too many attempts. Try again in ${Math.ceil(seconds / 60)} minutes.`);
  }
}
