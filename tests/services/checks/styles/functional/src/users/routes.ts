import { hash } from 'argon2';
import { Router } from 'express';
import { pick } from 'lodash';
import { randomUUID } from 'node:crypto';
import { Failure } from '../http/failure';
import { anyOf, isSelf, mayAdminister } from '../security/guards';
import { present, presentAll } from './present';
import { cardOf, changeEmail, everyone, insert, userOf, type User } from './store';

const users = Router({ mergeParams: true });

users.get('/', anyOf('admin'), async (_req, res) => {
  const items = presentAll(await everyone());
  res.json({ items, count: items.length });
});

users.post('/', ...anyOf('admin'), async (req, res) => {
  const chosen = pick(req.body, ['email']);
  const user: User = { ...chosen, id: randomUUID(), role: 'user', password: await hash(req.body.password) };
  await insert(user);
  const { password: _hidden, ...rest } = user;
  res.status(201).send(rest);
});

users.get('/:id', async (req, res) => {
  const allowed = isSelf(req) || mayAdminister(req);
  const user = allowed ? await userOf(req.params.id) : undefined;
  if (user === undefined) throw new Failure(404, 'No such user.');
  res.json(JSON.parse(JSON.stringify(present(user))));
});

users.patch('/:id', async (req, res) => {
  switch (true) {
    case !isSelf(req):
      throw new Failure(403, 'Not you.');
    case typeof req.body.email !== 'string':
      throw new Failure(400, 'An address is missing.');
  }
  await changeEmail(req.params.id, req.body.email);
  res.json(await cardOf(req.params.id));
});

export { users };
