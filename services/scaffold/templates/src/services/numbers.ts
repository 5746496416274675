import { UpdateCommand } from '@aws-sdk/lib-dynamodb';

import type { Database } from './database.js';

/** The next primary key of a table with numbers for keys: 1, 2, 3... No number is given twice; some may stay unused. */
export async function nextNumber(database: Database, table: string): Promise<number> {
  const { Attributes } = await database.documents.send(
    new UpdateCommand({
      TableName: database.systemTable,
      Key: { key: `last number of ${table}` },
      UpdateExpression: 'ADD #value :one',
      ExpressionAttributeNames: { '#value': 'value' },
      ExpressionAttributeValues: { ':one': 1 },
      ReturnValues: 'UPDATED_NEW',
    }),
  );
  return Number(Attributes?.value);
}
