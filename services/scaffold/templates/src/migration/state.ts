/** What a database says of itself: what its records are like, and whether they are on their way to be otherwise. */
import { ConditionalCheckFailedException, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

import { Unavailable } from '../errors.js';
import type { Database } from '../services/database.js';
import { shape, withTypes, type Shape, type Types } from './shape.js';

const KEY = 'schema';

export interface State {
  /** What the records were brought to last; undefined where that is not known. */
  readonly shape: Shape | undefined;
  /** Those of fields and tables included that have left the schema since. */
  readonly types: Types;
  /** The shape that a migration has begun to bring the records to. While there is one, nobody serves. */
  readonly target: Shape | undefined;
  /** Counts the changes. */
  readonly revision: number;
}

/** Never out of date. */
export async function readState(database: Database): Promise<State> {
  const item = await readItem(database);
  // What was written before there were revisions says too little.
  if (item?.revision === undefined) return { shape: undefined, types: {}, target: undefined, revision: 0 };
  const [stored, target] = [item.shape, item.target].map((text) => (text === undefined ? undefined : (JSON.parse(text as string) as Shape)));
  return { shape: stored, target, types: JSON.parse(item.types as string) as Types, revision: Number(item.revision) };
}

/** Note that the records are as this code needs them. */
export function complete(database: Database, before: State): Promise<State> {
  return write(database, before, { shape, target: undefined, types: withTypes(before.types, shape) });
}

/** Note that the records are on their way to what this code needs. */
export function begin(database: Database, before: State): Promise<State> {
  return write(database, before, { ...before, target: shape });
}

/** Note the types of fields that this code has and the records' shape has not, which may be without them. */
export function noteTypes(database: Database, before: State): Promise<State> {
  return write(database, before, { ...before, types: withTypes(before.types, shape) });
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Throws Unavailable where the database says something else of itself by now. */
async function write(database: Database, before: State, next: Omit<State, 'revision'>): Promise<State> {
  const state = { ...next, revision: before.revision + 1 };
  const written = [state.shape, state.types, state.target].map((part) => part && JSON.stringify(part));
  const [shape, types, target] = written;
  try {
    await database.documents.send(
      new PutCommand({
        TableName: database.systemTable,
        Item: { key: KEY, shape, types, target, revision: state.revision },
        ConditionExpression: '#revision = :revision OR (attribute_not_exists(#revision) AND :revision = :none)',
        ExpressionAttributeNames: { '#revision': 'revision' },
        ExpressionAttributeValues: { ':revision': before.revision, ':none': 0 },
      }),
    );
    return state;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw new Unavailable('The database is being migrated. Try again in a moment.');
    throw error;
  }
}

async function readItem(database: Database): Promise<Record<string, unknown> | undefined> {
  try {
    const { Item } = await database.documents.send(
      new GetCommand({ TableName: database.systemTable, Key: { key: KEY }, ConsistentRead: true }),
    );
    return Item;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
