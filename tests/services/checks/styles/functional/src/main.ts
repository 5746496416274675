import cookies from 'cookie-parser';
import express, { Router } from 'express';
import { answerFailure } from './http/failure';
import { logged } from './http/logged';
import { posts } from './posts/routes';
import { identify } from './security/identify';
import { sessions } from './sessions/routes';
import { settings } from './settings';
import { users } from './users/routes';

const api = Router();
api.use(identify);
api.use('/users', users);
api.use('/posts', posts());

const server = express()
  .disable('x-powered-by')
  .use(logged, cookies(), express.json({ limit: '100kb', strict: true }));
server.all('/live', (_req, res) => { res.sendStatus(204); });
server.use('/docs', express.static('docs'));
server.use('/sessions', sessions);
server.use(['/api', '/v1'], api);
server.use((_req, res) => { res.status(404).json({ title: 'There is nothing here.' }); });
server.use(answerFailure);
server.listen(settings.port);
