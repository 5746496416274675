/** The indexes of the tables, of which DynamoDB changes one at a time. */
import { setTimeout as sleep } from 'node:timers/promises';

import {
  DescribeTableCommand,
  ResourceNotFoundException,
  UpdateTableCommand,
  type CreateTableCommandInput,
  type GlobalSecondaryIndexUpdate,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';

import type { Database } from '../services/database.js';

const POLL_MS = 500;

/** The indexes that a table must have and has not, and the other way round; all are missing where it is not there. */
export async function indexChanges(
  database: Database,
  input: CreateTableCommandInput,
): Promise<readonly GlobalSecondaryIndexUpdate[]> {
  const wanted = input.GlobalSecondaryIndexes ?? [];
  const present = (await describe(database, input))?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName);
  if (present === undefined) return [];
  const names = wanted.map(({ IndexName }) => IndexName);
  return [
    ...present.filter((name) => !names.includes(name)).map((IndexName) => ({ Delete: { IndexName } })),
    ...wanted.filter(({ IndexName }) => !present.includes(IndexName)).map((index) => ({ Create: index })),
  ];
}

/** Make one change, and wait until it is done: a new index is complete by then. */
export async function changeIndex(
  database: Database,
  { TableName, AttributeDefinitions }: CreateTableCommandInput,
  update: GlobalSecondaryIndexUpdate,
  renew: () => Promise<void>,
): Promise<void> {
  await database.client.send(
    new UpdateTableCommand({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [update] }),
  );
  for (;;) {
    const table = await describe(database, { TableName });
    const states = [table?.TableStatus, ...(table?.GlobalSecondaryIndexes ?? []).map(({ IndexStatus }) => IndexStatus)];
    if (states.every((state) => state === 'ACTIVE')) return;
    await renew();
    await sleep(POLL_MS);
  }
}

async function describe(
  database: Database,
  { TableName }: Pick<CreateTableCommandInput, 'TableName'>,
): Promise<TableDescription | undefined> {
  try {
    return (await database.client.send(new DescribeTableCommand({ TableName }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
