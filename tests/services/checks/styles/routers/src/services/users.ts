import { GetCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { client } from './database.js';
import { changeRow, putRow } from './rows.js';

export interface User { id: string; email: string; password: string; role: string }

export const toPublicUser = ({ password, ...rest }: User): Omit<User, 'password'> => rest;

export async function findUser(id: string): Promise<User> {
  const { Item } = await client.send(new GetCommand({ TableName: 'users', Key: { id } }));
  return Item as User;
}

export async function saveUser(user: User): Promise<User> {
  return putRow('users', user);
}

export async function renameUser(id: string, name: string): Promise<void> {
  await changeRow('users', id, { name });
}

export async function allUsers(): Promise<User[]> {
  return (await client.send(new ScanCommand({ TableName: 'users' }))).Items as User[];
}
