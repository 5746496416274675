import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import { Conflict } from '../errors.js';
import { tables } from '../models/index.js';
import type { Dependant, Input, Key, Table } from '../types/index.js';
import type { Database } from './database.js';
import type { Precondition } from './etag.js';
import { keepAnOwner, requireNoTeamAlone } from './owners.js';
import { Repository } from './repository.js';

type Change = { readonly table: Table; readonly key: Key; readonly clear?: string };

/**
 * Delete a record and do to the records that refer to it what the schema says: delete them too (CASCADE), empty the
 * reference (SET_NULL), or refuse with Conflict (RESTRICT). Everything is looked up before anything is changed, so a
 * refusal changes nothing. References are found through indexes, which lag behind writes by a moment.
 */
export async function deleteRecord(
  database: Database,
  table: Table,
  key: Key,
  permit: (record: Input) => Promise<void>,
  expected?: Precondition,
): Promise<void> {
  const records = new Repository<Input>(database, table);
  await permit(await records.find(key));
  await requireNoTeamAlone(database, table, await records.find(key, expected));
  const changes = await consequences(database, table, key, new Set());
  for (const change of changes) await apply(database, change);
  await records.delete(key, expected, (before) => keepAnOwner(database, table, before));
}

/** What deleting a record brings with it, in an order that never leaves a reference to nothing. */
async function consequences(database: Database, table: Table, key: Key, seen: Set<string>): Promise<Change[]> {
  seen.add(identity(table, key));
  const changes: Change[] = [];
  for (const dependant of table.dependants) {
    const child = tables[dependant.table]!;
    for await (const childKey of referring(database, child, dependant.field, key)) {
      if (seen.has(identity(child, childKey))) continue;
      changes.push(...(await consequence(database, table, dependant, childKey, seen)));
    }
  }
  return changes;
}

async function consequence(
  database: Database,
  parent: Table,
  { table: name, field, onDelete }: Dependant,
  key: Key,
  seen: Set<string>,
): Promise<Change[]> {
  const table = tables[name]!;
  switch (onDelete) {
    case 'RESTRICT':
      throw new Conflict(`A record in ${parent.name} is still referred to by ${name}.`);
    case 'SET_NULL':
      return [{ table, key, clear: field }];
    case 'CASCADE':
      return [...(await consequences(database, table, key, seen)), { table, key }];
  }
}

/** The keys of the records in `table` that refer to `key` by `field`. */
async function* referring(database: Database, table: Table, field: string, key: Key): AsyncGenerator<Key> {
  let from: Record<string, unknown> | undefined;
  do {
    const page = await database.documents.send(
      new QueryCommand({
        TableName: database.tableName(table.name),
        IndexName: `by_${field}`,
        KeyConditionExpression: '#field = :value',
        ExpressionAttributeNames: { '#field': field },
        ExpressionAttributeValues: { ':value': key },
        ExclusiveStartKey: from,
      }),
    );
    for (const item of page.Items ?? []) yield item[table.primaryKey] as Key;
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

async function apply(database: Database, { table, key, clear }: Change): Promise<void> {
  const repository = new Repository(database, table);
  if (clear === undefined) await repository.delete(key);
  else await repository.update(key, () => Promise.resolve({ [clear]: null }));
}

function identity(table: Table, key: Key): string {
  return JSON.stringify([table.name, key]);
}
