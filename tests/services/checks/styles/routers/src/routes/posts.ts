import { Router } from 'express';
import Joi from 'joi';
import { requireOwner } from '../services/access.js';
import { posts } from '../services/posts.js';
import { validate } from '../middleware/validator.js';

const createSchema = Joi.object({ title: Joi.string().max(255).required(), userId: Joi.forbidden() });
const router = Router();

router.get('/', async (_req, res) => { res.json(await posts.list()); });
router.get('/:id', async (req, res) => { res.json(await posts.find(req.params.id)); });

router.post('/', validate(createSchema), async (req, res) => {
  const post = await posts.create({ ...req.body, userId: res.locals.user.id });
  res.status(201).json(post);
});

router.patch('/:id', validate(createSchema), async (req, res) => {
  requireOwner(res, await posts.find(req.params.id));
  res.json(await posts.update(req.params.id, req.body, req.get('If-Match')));
});

router.delete('/:id', async (req, res) => {
  requireOwner(res, await posts.find(req.params.id));
  await posts.remove(req.params.id, req.get('If-Match'));
  res.status(204).end();
});

export default router;
