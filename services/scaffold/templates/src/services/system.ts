/** What all that keeps items in the backend's own tables shares. */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import type { Database } from './database.js';

/** The items under a key of `system-references`, with what their own keys begin with, in pages; never out of date. */
export async function* itemsUnder(
  database: Database,
  parent: string,
  prefix?: string,
  limit?: number,
): AsyncGenerator<Record<string, unknown>[]> {
  let from: Record<string, unknown> | undefined;
  do {
    const page = await database.documents.send(
      new QueryCommand({
        TableName: database.referencesTable,
        KeyConditionExpression: `#parent = :parent${prefix === undefined ? '' : ' AND begins_with(#child, :prefix)'}`,
        ExpressionAttributeNames: { '#parent': 'parent', ...(prefix !== undefined && { '#child': 'child' }) },
        ExpressionAttributeValues: { ':parent': parent, ...(prefix !== undefined && { ':prefix': prefix }) },
        ConsistentRead: true,
        ExclusiveStartKey: from,
        ...(limit !== undefined && { Limit: limit }),
      }),
    );
    yield page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

/** Whether the condition of a write held. */
export async function holds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
