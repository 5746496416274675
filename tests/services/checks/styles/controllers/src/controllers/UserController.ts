import type { Request, Response } from 'express';
import { can } from '../policy';
import { UserRepository } from '../repositories/UserRepository';
import { UserView } from '../views/UserView';

export class UserController {
  private users = new UserRepository();

  list = async (_request: Request, response: Response): Promise<void> => {
    can(response, 'list');
    response.json((await this.users.all()).map((user) => UserView.of(user)));
  };

  get = async (request: Request, response: Response): Promise<void> => {
    const user = await this.users.find(request.params.id);
    can(response, 'read', user);
    response.json(UserView.of(user));
  };

  create = async (request: Request, response: Response): Promise<void> => {
    can(response, 'admin');
    const user = await this.users.create(request.body);
    response.status(201).json(UserView.of(user));
  };

  replace = async (request: Request, response: Response): Promise<void> => {
    can(response, 'update', await this.users.find(request.params.id));
    const user = await this.users.replace(request.params.id, request.body, ifMatch(request));
    response.json({ id: user.id, email: user.email, role: user.role });
  };

  remove = async (request: Request, response: Response): Promise<void> => {
    can(response, 'delete', await this.users.find(request.params.id));
    await this.users.remove(request.params.id, ifMatch(request));
    response.status(204).send();
  };
}

function ifMatch(request: Request): string | undefined {
  return request.header('If-Match');
}
