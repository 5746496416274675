import { Conflict, type HttpError } from '../errors.js';
import type { Input, Key, Table } from '../types/index.js';
import type { Database } from './database.js';
import { MARK, VERSION, toItem } from './items.js';
import type { Step } from './transaction.js';

/** Another request changed the record between reading and writing it. */
export class Stale extends Error {}

/**
 * A write was refused because of another record: a parent that is missing, or a rival that has its key or a value that
 * no two may have. It may be one that is being deleted.
 */
export class InTheWay extends Error {
  constructor(
    readonly kind: 'parent' | 'rival',
    readonly refusal: HttpError,
    readonly table: Table,
    readonly findKey: () => Promise<Key | undefined>,
  ) {
    super();
  }
}

export function putNew(database: Database, table: Table, record: Input): Step {
  const { primaryKey } = table;
  return {
    write: {
      Put: {
        TableName: database.tableName(table.name),
        Item: toItem(table, record),
        ConditionExpression: 'attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': primaryKey },
      },
    },
    refusal: () => {
      const message = `Another record has the same "${primaryKey}"`;
      const refusal = new Conflict(`${message}.`, [{ field: primaryKey, message }]);
      return new InTheWay('rival', refusal, table, () => Promise.resolve(record[primaryKey] as Key));
    },
  };
}

/** Write what a record has other than before. What this schema does not know of an item, another version's may: it stays. */
export function writeChanges(database: Database, table: Table, before: Input, record: Input): Step {
  // Maps, since every object has a `toString`, which may be a field's name.
  const old = new Map(Object.entries(toItem(table, before)));
  const item = new Map(Object.entries(toItem(table, record)));
  const changed = [...new Set([...old.keys(), ...item.keys()])].filter((name) => item.get(name) !== old.get(name));
  const names = changed.map((name, number) => [`#f${number}`, name] as const);
  const values = changed.map((name, number) => [`:f${number}`, item.get(name)] as const).filter(([, value]) => value !== undefined);
  const set = values.map(([place]) => `${place.replace(':', '#')} = ${place}`);
  const removed = names.filter(([, name]) => item.get(name) === undefined).map(([place]) => place);
  const condition = unchangedSince(before);
  return {
    write: {
      Update: {
        ...addressOf(database, table, before[table.primaryKey] as Key),
        UpdateExpression: `SET ${set.join(', ')}${removed.length === 0 ? '' : ` REMOVE ${removed.join(', ')}`}`,
        ConditionExpression: condition.ConditionExpression,
        ExpressionAttributeNames: { ...condition.ExpressionAttributeNames, ...Object.fromEntries(names) },
        ExpressionAttributeValues: { ...condition.ExpressionAttributeValues, ...Object.fromEntries(values) },
      },
    },
    refusal: () => new Stale(),
  };
}

export function remove(database: Database, table: Table, before: Input): Step {
  const address = addressOf(database, table, before[table.primaryKey] as Key);
  return {
    write: { Delete: { ...address, ...unchangedSince(before) } },
    refusal: () => new Stale(),
  };
}

/** Mark a record as part of a deletion: nobody writes to it from then on. */
export function markAtVersion(database: Database, table: Table, before: Input, id: string): Step {
  const { ExpressionAttributeNames, ExpressionAttributeValues, ConditionExpression } = unchangedSince(before);
  return {
    write: {
      Update: {
        ...addressOf(database, table, before[table.primaryKey] as Key),
        UpdateExpression: 'SET #mark = :id',
        ConditionExpression,
        ExpressionAttributeNames,
        ExpressionAttributeValues: { ...ExpressionAttributeValues, ':id': id },
      },
    },
    refusal: () => new Stale(),
  };
}

/** Mark a record that still refers to another by a field. */
export function mark(database: Database, table: Table, key: Key, id: string, reference: { field: string; value: Key }): Step {
  return {
    write: {
      Update: {
        ...addressOf(database, table, key),
        UpdateExpression: 'SET #mark = :id',
        ConditionExpression: '#field = :value AND attribute_not_exists(#mark)',
        ExpressionAttributeNames: { '#field': reference.field, '#mark': MARK },
        ExpressionAttributeValues: { ':value': reference.value, ':id': id },
      },
    },
    refusal: () => new Stale(),
  };
}

export function removeMarked(database: Database, table: Table, key: Key, id: string): Step {
  return {
    write: {
      Delete: {
        ...addressOf(database, table, key),
        ConditionExpression: '#mark = :id',
        ExpressionAttributeNames: { '#mark': MARK },
        ExpressionAttributeValues: { ':id': id },
      },
    },
    refusal: () => new Stale(),
  };
}

function addressOf(database: Database, table: Table, key: Key) {
  return { TableName: database.tableName(table.name), Key: { [table.primaryKey]: key } };
}

function unchangedSince(before: Input) {
  return {
    ConditionExpression: '#version = :version AND attribute_not_exists(#mark)',
    ExpressionAttributeNames: { '#version': VERSION, '#mark': MARK },
    ExpressionAttributeValues: { ':version': before[VERSION] },
  };
}
