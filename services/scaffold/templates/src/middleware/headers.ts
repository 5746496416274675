import cors from 'cors';
import { Router } from 'express';
import helmet from 'helmet';

/** Headers that pages of other origins may read. */
const EXPOSED = ['ETag', 'Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id'];
const PREFLIGHT_SECONDS = 600;

/** What browsers may do with the answers; pages of `origins` may read them ("*": of all). */
export function headers(origins: readonly string[]): Router {
  const router = Router();
  router.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
      },
      crossOriginResourcePolicy: { policy: origins.length === 0 ? 'same-origin' : 'cross-origin' },
    }),
    (_request, response, next) => {
      response.set('Cache-Control', 'no-store');
      next();
    },
  );
  if (origins.length > 0) {
    const origin = origins.includes('*') ? '*' : [...origins];
    router.use(cors({ origin, exposedHeaders: EXPOSED, maxAge: PREFLIGHT_SECONDS }));
  }
  return router;
}
