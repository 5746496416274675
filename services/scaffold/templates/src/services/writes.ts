import { Conflict } from '../errors.js';
import type { Input, Table } from '../types/index.js';
import type { Database } from './database.js';
import { VERSION, toItem } from './items.js';
import type { Step } from './transaction.js';

/** Another request changed the record between reading and writing it. */
export class Stale extends Error {}

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
      return new Conflict(`${message}.`, [{ field: primaryKey, message }]);
    },
  };
}

export function replace(database: Database, table: Table, before: Input, record: Input): Step {
  return {
    write: {
      Put: { TableName: database.tableName(table.name), Item: toItem(table, record), ...unchangedSince(before) },
    },
    refusal: () => new Stale(),
  };
}

export function remove(database: Database, table: Table, before: Input): Step {
  const key = { [table.primaryKey]: before[table.primaryKey] };
  return {
    write: { Delete: { TableName: database.tableName(table.name), Key: key, ...unchangedSince(before) } },
    refusal: () => new Stale(),
  };
}

function unchangedSince(before: Input) {
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': VERSION },
    ExpressionAttributeValues: { ':version': before[VERSION] },
  };
}
