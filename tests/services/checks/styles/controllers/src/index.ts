import express, { type Express } from 'express';
import { AuthMiddleware } from './auth/AuthMiddleware';
import { UserController } from './controllers/UserController';
import { PostController } from './controllers/PostController';
import { buildRoutes } from './http/build';
import { onError } from './http/errors';

export function createServer(): Express {
  const server = express();
  const guard = new AuthMiddleware();
  server.get('/ready', (_request, response) => { response.sendStatus(200); });
  server.use(guard.handle);
  server.use('/api', buildRoutes(new UserController(), new PostController()));
  server.use(onError);
  return server;
}
