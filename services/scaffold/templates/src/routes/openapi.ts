import { readFileSync } from 'node:fs';

import { Router } from 'express';

import { onlyMethods } from '../middleware/methods.js';

const DOCUMENT = new URL('../../openapi.json', import.meta.url);

/** Serve the description of this API (OpenAPI 3.1), for people's tools to read. */
export function openApi(): Router {
  const document: unknown = JSON.parse(readFileSync(DOCUMENT, 'utf8'));
  const router = Router({ caseSensitive: true });
  router
    .route('/openapi.json')
    .get((_request, response) => {
      response.json(document);
    })
    .all(onlyMethods('GET'));
  return router;
}
