import { Router } from 'express';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Failure, notAllowed } from '../http/failure';
import { mayAdminister, signedIn } from '../security/guards';
import { load, page, put, removeOf } from './store';

const Draft = z.object({ title: z.string().trim().min(1).max(255) });
const Edit = Draft.partial().strict();

export const posts = (): Router => {
  const router = Router();

  router.route('/')
    .get(async (req, res) => { res.json(Object.assign({ items: await page(req.query.after as string) }, { next: null })); })
    .post(signedIn, async (req, res) => {
      const draft = Draft.parse(req.body);
      const post = await put({ userId: req.identity!.subject, revision: 0, ...draft, id: randomUUID() });
      res.status(201).location(`/api/posts/${post.id}`).json(post);
    })
    .all(notAllowed('GET', 'POST'));

  router.param('id', (req, _res, next, id: string) => { void load(id).then((post) => { req.post = post; next(); }, next); });

  router.route('/:id')
    .get((req, res) => { res.json(req.post); })
    .patch(signedIn, async (req, res) => {
      const { post, identity, body } = req;
      if (post!.userId !== identity!.subject) throw new Failure(403, 'Only its owner changes a post.');
      const outcome = Edit.safeParse(body);
      if (!outcome.success) throw outcome.error;
      const changed = Object.assign({}, post, outcome.data);
      res.json(await put(changed));
    })
    .delete(signedIn, async (req, res) => {
      const owner = mayAdminister(req) ? req.post!.userId : req.identity!.subject;
      await removeOf(req.params.id, owner, req.headers['if-match']);
      res.sendStatus(204);
    })
    .all(notAllowed('GET', 'PATCH', 'DELETE'));

  return router;
};
