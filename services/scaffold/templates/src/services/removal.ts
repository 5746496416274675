/** What becomes of records that carry the mark of a deletion. */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';

import { Conflict } from '../errors.js';
import { tables } from '../models/index.js';
{{importTell}}import type { Input, Key, Table } from '../types/index.js';
import { backOff } from './backOff.js';
import type { Database } from './database.js';
import { advance, findDeletion, forgetWork, isLate, workDone } from './deletions.js';
import { MARK, NOTHING, VERSION, fromItem } from './items.js';
import { getItem } from './reading.js';
import { moveReferences, referring } from './references.js';
import { commit } from './transaction.js';
import { moveClaims, releaseHeld } from './uniqueness.js';
import { Stale, removeMarked, writeChanges, type InTheWay } from './writes.js';

const ATTEMPTS = 8;

/** `busy`: a deletion is deciding about it at the moment. */
export type Fate = 'gone' | 'busy' | 'free';

/**
 * What a record is to those who want to write: what a deletion left behind, whether it ended well or was given up, is
 * cleared away first.
 */
export async function settle(database: Database, table: Table, key: Key): Promise<Fate> {
  for (;;) {
    const item = await getItem(database, table, key);
    if (item === undefined) return 'gone';
    const id = item[MARK] as string | undefined;
    if (id === undefined) return 'free';
    const deletion = await findDeletion(database, id);
    if (deletion?.state === 'COMMITTED') {
      await removeRecord(database, id, table, key);
      return 'gone';
    }
    if (deletion?.state === 'CHECKING' && !isLate(deletion)) return 'busy';
    if (deletion?.state === 'CHECKING') await advance(database, id, 'CHECKING', 'ABORTED');
    else await unmark(database, id, table, key);
  }
}

/** Whether a write that was refused because of another record is worth trying again. */
export async function hasMadeWay(database: Database, { kind, table, findKey }: InTheWay): Promise<boolean> {
  const key = await findKey();
  const fate = key === undefined ? 'gone' : await settle(database, table, key);
  return (fate === 'gone') === (kind === 'rival');
}

/** Remove for good a record whose deletion is decided. Doing it again does nothing. */
export async function removeRecord(database: Database, id: string, table: Table, key: Key): Promise<void> {
  const item = await getItem(database, table, key);
  const work = { table: table.name, key };
  if (item?.[MARK] !== id) return forgetWork(database, id, work);
  await emptyReferences(database, table, key);
  const record = fromItem(table, item);
  try {
    await commit(database, [
      removeMarked(database, table, key, id),
      ...moveReferences(database, table, record, NOTHING),
      ...(await releaseHeld(database, table, record)),
      workDone(database, id, work),
    ]);
{{tellRemoved}}  } catch (error) {
    // Somebody else has removed it in the meantime.
    if (!(error instanceof Stale)) throw error;
  }
}

/** Take the mark of a deletion that was given up off a record. */
export async function unmark(database: Database, id: string, table: Table, key: Key): Promise<void> {
  try {
    await database.documents.send(
      new UpdateCommand({
        TableName: database.tableName(table.name),
        Key: { [table.primaryKey]: key },
        UpdateExpression: 'REMOVE #mark',
        ConditionExpression: '#mark = :id',
        ExpressionAttributeNames: { '#mark': MARK },
        ExpressionAttributeValues: { ':id': id },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** Empty the references of SET_NULL to a record. None can be added: the record is marked. */
async function emptyReferences(database: Database, table: Table, key: Key): Promise<void> {
  for (const dependant of table.dependants.filter(({ onDelete }) => onDelete === 'SET_NULL')) {
    for await (const keys of referring(database, table, key, dependant)) {
      for (const child of keys) await empty(database, tables[dependant.table]!, child, dependant.field, key);
    }
  }
}

async function empty(database: Database, table: Table, key: Key, field: string, value: Key): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const item = await getItem(database, table, key);
    if (item?.[field] !== value || (await isDecided(database, item))) return;
    if ((await settle(database, table, key)) === 'free' && (await tryToEmpty(database, table, item, field))) return;
    await backOff(attempt);
  }
  throw new Conflict('Too many requests change the same records at the moment. Try again.');
}

/** A record that goes, too, keeps what it refers to until then. */
async function isDecided(database: Database, item: Input): Promise<boolean> {
  const id = item[MARK] as string | undefined;
  return id !== undefined && (await findDeletion(database, id))?.state === 'COMMITTED';
}

async function tryToEmpty(database: Database, table: Table, item: Input, field: string): Promise<boolean> {
  const before = fromItem(table, item);
  const after = {
    ...before,
    [field]: null,
    [table.timestamps.updated]: new Date().toISOString(),
    [VERSION]: Number(before[VERSION]) + 1,
  };
  try {
    await commit(database, [
      writeChanges(database, table, before, after),
      ...moveReferences(database, table, before, after),
      ...moveClaims(database, table, before, after),
    ]);
    return true;
  } catch (error) {
    if (error instanceof Stale) return false;
    throw error;
  }
}
