import { ValidationFailed, type Detail } from '../errors.js';
import type { Input, Table } from '../types/index.js';
import type { Database } from './database.js';
import type { Step } from './transaction.js';

/** The steps that check that what `record` refers to exists, for references that differ from those of `before`. */
export function checkReferences(database: Database, table: Table, before: Input, record: Input): Step[] {
  const steps = new Map<string, Step>();
  for (const { field, table: target, key } of table.references) {
    const value = record[field];
    if (value === undefined || value === null || value === before[field]) continue;
    if (target === table.name && value === record[table.primaryKey]) continue;
    // A transaction may touch an item only once, though two fields may refer to it.
    const item = JSON.stringify([target, value]);
    if (!steps.has(item)) steps.set(item, exists(database, target, { [key]: value }, field));
  }
  return [...steps.values()];
}

function exists(database: Database, target: string, key: Input, field: string): Step {
  return {
    write: {
      ConditionCheck: {
        TableName: database.tableName(target),
        Key: key,
        ConditionExpression: 'attribute_exists(#key)',
        ExpressionAttributeNames: { '#key': Object.keys(key)[0]! },
      },
    },
    refusal: () => new ValidationFailed([missingReference(field, target)]),
  };
}

export function missingReference(field: string, target: string): Detail {
  return { field, message: `"${field}" refers to nothing in ${target}` };
}
