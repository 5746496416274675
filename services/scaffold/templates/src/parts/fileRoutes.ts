import { Router, type RequestHandler } from 'express';

import { onlyMethods } from '../middleware/methods.js';
import { validateInput, validateQuery } from '../middleware/validator.js';
import { localsOf } from '../routes/requests.js';
import type { Services } from '../services/index.js';
import { noQuery, pageQuery } from '../validation/list.js';
import type { BucketPart } from './buckets.js';
import { uploadBody } from './fileBodies.js';
import { Files } from './files.js';

/** Send, list, get and delete files: for whoever is signed in, their own. */
export function fileRoutes(services: Services, part: BucketPart): Router {
  const files = new Files(services, part);
  const body = uploadBody(part.settings(services.config));

  const begin: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    files.requireCaller(access);
    const { isEnforced } = access;
    const file = validateInput(body, request.body, { isEnforced, isManager: !isEnforced });
    const { id, upload } = await files.begin(access, file as { name: string; contentType: string; bytes: number });
    response.status(201).location(`${request.baseUrl}/${id}`).json({ id, upload });
  };

  const list: RequestHandler = async (_request, response) => {
    const { access, query } = localsOf(response);
    response.json(await files.page(access, query.limit as number, query.cursor as string | undefined));
  };

  const read: RequestHandler = async (request, response) => {
    response.json(await files.find(localsOf(response).access, String(request.params.id)));
  };

  const remove: RequestHandler = async (request, response) => {
    await files.delete(localsOf(response).access, String(request.params.id));
    response.status(204).end();
  };

  const router = Router({ caseSensitive: true });
  router.use(notCached);
  router
    .route('/')
    .get(validateQuery(pageQuery), list)
    .post(validateQuery(noQuery), begin)
    .all(onlyMethods('GET', 'POST'));
  router
    .route('/:id')
    .get(validateQuery(noQuery), read)
    .delete(validateQuery(noQuery), remove)
    .all(onlyMethods('GET', 'DELETE'));
  return router;
}

/** What is answered here opens a file to whoever has it. */
const notCached: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};
