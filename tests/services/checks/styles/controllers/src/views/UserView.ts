import type { User } from '../repositories/UserRepository';

export class UserView {
  static of(user: User): { id: string; email: string } { return { id: user.id, email: user.email }; }
}
