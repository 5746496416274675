import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { hashPassword } from '../passwords';
import { documents } from '../dynamo';

export interface User { id: string; email: string; password: string; role: string }

export class UserRepository {
  async find(id: string): Promise<User> {
    return (await documents.send(new GetCommand({ TableName: 'users', Key: { id } }))).Item as User;
  }
  async all(): Promise<User[]> {
    return (await documents.send(new QueryCommand({ TableName: 'users' }))).Items as User[];
  }
  async create(body: { email: string; password: string }): Promise<User> {
    const user = { id: crypto.randomUUID(), role: 'user', email: body.email, password: await hashPassword(body.password) };
    await documents.send(new PutCommand({ TableName: 'users', Item: user }));
    return user;
  }
}
