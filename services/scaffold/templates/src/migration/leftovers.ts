/** What is kept beside records and no record has any more: claims on values, and notes of who refers to what. */
import { DeleteCommand, ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';

import { tables } from '../models/index.js';
import type { Database } from '../services/database.js';
import { fromItem } from '../services/items.js';
import { getItem, isGone } from '../services/reading.js';
import { isNoteOf } from '../services/references.js';
import { claims } from '../services/uniqueness.js';
import type { Input, Key, Table } from '../types/index.js';
import { own } from './own.js';

const PAGE = 100;

/** The record that an item beside it is kept for, and whether it is to be kept. */
interface Reason {
  readonly table: string;
  readonly key: Key;
  readonly holds: (table: Table, record: Input) => boolean;
}

/**
 * Give up what belongs to no record as it is going to be: a constraint or a relationship may have left the schema, and
 * records may have changed before it came back. `brought` says what an item is going to be.
 */
export async function giveUpLeftovers(
  database: Database,
  brought: (table: Table, item: Input) => Input,
  isOurs: () => void,
): Promise<void> {
  const places = [
    { TableName: database.systemTable, keys: ['key'], reasonOf: reasonOfClaim },
    { TableName: database.referencesTable, keys: ['parent', 'child'], reasonOf: reasonOfNote },
  ];
  for (const { TableName, keys, reasonOf } of places) {
    for await (const item of scan(database, TableName)) {
      isOurs();
      const reason = reasonOf(item);
      if (reason === undefined || (await stands(database, reason, brought))) continue;
      const Key = Object.fromEntries(keys.map((name) => [name, item[name]]));
      await database.documents.send(new DeleteCommand({ TableName, Key }));
    }
  }
}

async function stands(database: Database, reason: Reason, brought: (table: Table, item: Input) => Input): Promise<boolean> {
  const table = own(tables, reason.table);
  const item = table && (await getItem(database, table, reason.key));
  if (table === undefined || item === undefined || (await isGone(database, table, item))) return false;
  return reason.holds(table, fromItem(table, brought(table, item)));
}

/** Undefined for what is no claim. */
function reasonOfClaim({ key, owner }: Input): Reason | undefined {
  const [kind, table = ''] = String(key).split(' ');
  if (kind !== 'unique') return undefined;
  return { table, key: owner as Key, holds: (of, record) => claims(of, record).some((claim) => claim.key === key) };
}

/** Undefined for what is part of a deletion. */
function reasonOfNote(item: Input): Reason | undefined {
  if (String(item.parent).startsWith('~')) return undefined;
  const [table = ''] = String(item.child).split(' ');
  return { table, key: item.key as Key, holds: (of, record) => isNoteOf(of, record, item) };
}

async function* scan(database: Database, TableName: string): AsyncGenerator<Input> {
  let from: Record<string, unknown> | undefined;
  do {
    const page: ScanCommandOutput = await database.documents.send(
      new ScanCommand({ TableName, Limit: PAGE, ConsistentRead: true, ExclusiveStartKey: from }),
    );
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}
