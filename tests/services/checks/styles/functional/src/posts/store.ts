import { DeleteCommand, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { Failure } from '../http/failure';
import { db } from '../db';

export interface Post { id: string; userId: string; title: string; revision: number }

const TableName = 'posts';

export const load = async (id: string): Promise<Post> => {
  const answer = await db.send(new GetCommand({ TableName, Key: { id } }));
  if (answer.Item === undefined) throw new Failure(404, 'No such post.');
  return answer.Item as Post;
};

export const put = async (post: Post): Promise<Post> => {
  await db.send(new PutCommand({ TableName, Item: { ...post, revision: post.revision + 1 } }));
  return post;
};

export const page = async (cursor?: string): Promise<Post[]> =>
  ((await db.send(new QueryCommand({ TableName, ...(cursor && { ExclusiveStartKey: { id: cursor } }) }))).Items ?? []) as Post[];

export const removeOf = async (id: string, user: string, revision: string | undefined): Promise<void> => {
  await db.send(new DeleteCommand({
    TableName,
    Key: { id },
    ConditionExpression: 'userId = :user and revision = :revision',
    ExpressionAttributeValues: { ':user': user, ':revision': Number(revision) },
  }));
};
