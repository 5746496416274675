import type { Request, Response } from 'express';
import { z } from 'zod';
import { can } from '../policy';
import { PostRepository } from '../repositories/PostRepository';

const body = z.object({ title: z.string().max(255) }).strict();

export class PostController {
  private posts = new PostRepository();

  list = async (_request: Request, response: Response): Promise<void> => { response.json(await this.posts.all()); };
  get = async (request: Request, response: Response): Promise<void> => {
    response.json(await this.posts.find(request.params.id));
  };
  create = async (request: Request, response: Response): Promise<void> => {
    can(response, 'create');
    const { title } = body.parse(request.body);
    response.status(201).json(await this.posts.create({ title, userId: response.locals.caller.id }));
  };
  replace = async (request: Request, response: Response): Promise<void> => {
    const post = await this.posts.find(request.params.id);
    can(response, 'update', post);
    response.json(await this.posts.replace(post.id, body.parse(request.body), request.header('If-Match')));
  };
  remove = async (request: Request, response: Response): Promise<void> => {
    const post = await this.posts.find(request.params.id);
    can(response, 'delete', post);
    await this.posts.remove(post.id, request.header('If-Match'));
    response.status(204).end();
  };
}
