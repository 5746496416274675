import type { RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit, type ClientRateLimitInfo, type Store } from 'express-rate-limit';

import { TooManyRequests } from '../errors.js';
import type { Caller } from '../types/index.js';

const WINDOW_MS = 60_000;
/** Clients that are remembered, for a few megabytes. Beyond it, who was first seen longest ago is forgotten. */
const MOST_CLIENTS = 50_000;

/** Let each address make so many requests a minute; 0 is no limit. Of IPv6, a /56 network is one address. */
export function limitPerAddress(limit: number): RequestHandler {
  return limiter('address', limit, (_response, address) => ipKeyGenerator(address));
}

/** Let each user make so many requests a minute; 0 is no limit. Who is nobody is limited by address alone. */
export function limitPerUser(limit: number): RequestHandler {
  return limiter('user', limit, ({ locals }) => (locals.caller as Caller | undefined)?.id);
}

type KeyOf = (response: Response, address: string) => string | undefined;

function limiter(identifier: string, limit: number, keyOf: KeyOf): RequestHandler {
  if (limit === 0) {
    return (_request, _response, next) => {
      next();
    };
  }
  return rateLimit({
    windowMs: WINDOW_MS,
    limit,
    identifier,
    legacyHeaders: false,
    standardHeaders: 'draft-8',
    store: new BoundedStore(),
    keyGenerator: ({ ip = '' }, response) => keyOf(response, ip) ?? '',
    skip: ({ ip = '' }, response) => keyOf(response, ip) === undefined,
    handler: (_request, _response, next) => {
      next(new TooManyRequests());
    },
  });
}

/** The counts of one process. Several processes count each for themselves. */
class BoundedStore implements Store {
  readonly localKeys = true;
  private readonly clients = new Map<string, { totalHits: number; resetTime: Date }>();

  get(key: string): ClientRateLimitInfo | undefined {
    return this.clients.get(key);
  }

  increment(key: string): ClientRateLimitInfo {
    const now = Date.now();
    const known = this.clients.get(key);
    if (known !== undefined && known.resetTime.getTime() > now) {
      known.totalHits += 1;
      return known;
    }
    this.clients.delete(key);
    this.forgetBeyond(MOST_CLIENTS - 1, now);
    const client = { totalHits: 1, resetTime: new Date(now + WINDOW_MS) };
    this.clients.set(key, client);
    return client;
  }

  decrement(key: string): void {
    const client = this.clients.get(key);
    if (client !== undefined) client.totalHits -= 1;
  }

  resetKey(key: string): void {
    this.clients.delete(key);
  }

  /** Windows are equally long, so clients are in the order in which theirs end. */
  private forgetBeyond(most: number, now: number): void {
    for (const [key, { resetTime }] of this.clients) {
      if (this.clients.size <= most && resetTime.getTime() > now) return;
      this.clients.delete(key);
    }
  }
}
