import { GetCommand, PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { db } from '../db';

export interface User { id: string; email: string; password: string; role: string }

const TableName = 'users';

export const userOf = async (id: string): Promise<User | undefined> =>
  (await db.send(new GetCommand({ TableName, Key: { id } }))).Item as User | undefined;

export const cardOf = async (id: string): Promise<object | undefined> => {
  const { Item: card } = await db.send(new GetCommand({ TableName, Key: { id }, ProjectionExpression: 'id, email' }));
  return card;
};

export const everyone = async (): Promise<User[]> => {
  const users: User[] = [];
  for await (const { Items = [] } of pages(new ScanCommand({ TableName }))) users.push(...(Items as User[]));
  return users;
};

async function* pages(command: ScanCommand) {
  yield await db.send(command);
}

export const insert = async (user: User): Promise<void> => {
  await db.send(new PutCommand({ TableName, Item: user, ConditionExpression: 'attribute_not_exists(id)' }));
};

export const changeEmail = async (id: string, email: string): Promise<void> => {
  await db.send(new UpdateCommand({
    TableName,
    Key: { id },
    UpdateExpression: 'SET email = :email',
    ExpressionAttributeValues: { ':email': email },
  }));
};
