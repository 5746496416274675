/** Tables as they are and as they must be, of which DynamoDB changes one index at a time, and a primary key never. */
import { setTimeout as sleep } from 'node:timers/promises';

import {
  DescribeTableCommand,
  ResourceNotFoundException,
  UpdateTableCommand,
  type AttributeDefinition,
  type CreateTableCommandInput,
  type GlobalSecondaryIndexDescription,
  type GlobalSecondaryIndexUpdate,
  type KeySchemaElement,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';

import type { Database } from '../services/database.js';

const POLL_MS = 500;

/** What a table lacks: indexes that must go, which may be made anew over other keys, and indexes that it must get. */
export interface Layout {
  /** Undefined where the table is not there. */
  readonly primaryKey: string | undefined;
  readonly drops: readonly GlobalSecondaryIndexUpdate[];
  readonly creations: readonly GlobalSecondaryIndexUpdate[];
}

export async function layoutOf(database: Database, input: CreateTableCommandInput): Promise<Layout> {
  const table = await describe(database, input);
  const definitions = table?.AttributeDefinitions;
  if (table === undefined) return { primaryKey: undefined, drops: [], creations: [] };
  const present = new Map(table.GlobalSecondaryIndexes?.map((index) => [index.IndexName!, formOf(index, definitions)]));
  const wanted = input.GlobalSecondaryIndexes ?? [];
  const forms = new Map(wanted.map((index) => [index.IndexName!, formOf(index, input.AttributeDefinitions)]));
  return {
    primaryKey: keysOf(table.KeySchema, definitions),
    drops: [...present].filter(([name, form]) => forms.get(name) !== form).map(([IndexName]) => ({ Delete: { IndexName } })),
    creations: wanted.filter(({ IndexName }) => present.get(IndexName!) !== forms.get(IndexName!)).map((index) => ({ Create: index })),
  };
}

/** The names of keys, with their types. */
export function keysOf(keys: KeySchemaElement[] | undefined, definitions: AttributeDefinition[] | undefined): string {
  const types = new Map(definitions?.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]));
  return (keys ?? []).map(({ AttributeName: name }) => `${name} (${types.get(name) === 'N' ? 'number' : 'text'})`).join(', ');
}

/** Make one change, and wait until it is done: a new index is complete by then. */
export async function changeIndex(
  database: Database,
  { TableName, AttributeDefinitions }: CreateTableCommandInput,
  update: GlobalSecondaryIndexUpdate,
  isOurs: () => void,
): Promise<void> {
  const names = update.Create?.KeySchema?.map(({ AttributeName }) => AttributeName) ?? [];
  const definitions = AttributeDefinitions?.filter(({ AttributeName }) => names.includes(AttributeName));
  await database.client.send(
    new UpdateTableCommand({
      TableName,
      GlobalSecondaryIndexUpdates: [update],
      ...(names.length > 0 && { AttributeDefinitions: definitions }),
    }),
  );
  for (;;) {
    const table = await describe(database, { TableName });
    const states = [table?.TableStatus, ...(table?.GlobalSecondaryIndexes ?? []).map(({ IndexStatus }) => IndexStatus)];
    if (states.every((state) => state === 'ACTIVE')) return;
    isOurs();
    await sleep(POLL_MS);
  }
}

function formOf(
  { KeySchema, Projection }: Pick<GlobalSecondaryIndexDescription, 'KeySchema' | 'Projection'>,
  definitions: AttributeDefinition[] | undefined,
): string {
  return `${keysOf(KeySchema, definitions)} ${Projection?.ProjectionType}`;
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
