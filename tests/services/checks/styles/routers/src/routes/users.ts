import { Router } from 'express';
import { hash } from '../services/passwords.js';
import { requireOwner, requireRole } from '../services/access.js';
import { allUsers, findUser, saveUser, toPublicUser } from '../services/users.js';

const router = Router();

router.get('/', async (_req, res) => {
  requireRole(res, 'admin');
  const users = await allUsers();
  res.json({ items: users.map(toPublicUser), nextCursor: null });
});

router.post('/', async (req, res) => {
  requireRole(res, 'admin');
  const { email, password } = req.body;
  const user = await saveUser({ id: crypto.randomUUID(), email, password: await hash(password), role: 'user' });
  res.status(201).json(toPublicUser(user));
});

router.get('/:id', async (req, res) => {
  const user = await findUser(req.params.id);
  requireOwner(res, user);
  const { password: _, ...shown } = user;
  res.json(shown);
});

router.patch('/:id', async (req, res) => {
  const user = await findUser(req.params.id);
  requireOwner(res, user);
  const changed = await saveUser({ ...user, email: req.body.email });
  res.json(toPublicUser(changed));
});

export default router;
