import { Router } from 'express';
import type { PostController } from '../controllers/PostController';
import type { UserController } from '../controllers/UserController';

export function buildRoutes(users: UserController, posts: PostController): Router {
  const router = Router();
  router.route('/users').get(users.list).post(users.create);
  router.route('/users/:id').get(users.get).put(users.replace).delete(users.remove);
  router.route('/posts').get(posts.list).post(posts.create);
  router.route('/posts/:id').get(posts.get).put(posts.replace).delete(posts.remove);
  return router;
}
