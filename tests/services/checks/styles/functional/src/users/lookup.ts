import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { db } from '../db';
import type { User } from './store';

export const byEmail = async (email: string): Promise<User | undefined> => {
  const answer = await db.send(new QueryCommand({
    TableName: 'users',
    IndexName: 'by-email',
    KeyConditionExpression: 'email = :email',
    ExpressionAttributeValues: { ':email': email },
  }));
  return answer.Items?.[0] as User | undefined;
};
