import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import type { Input, Key, ListQuery, Page, Table } from '../types/index.js';
import { decodeCursor, encodeCursor, type Position } from './cursor.js';
import type { Database } from './database.js';
import { KIND, fromItem } from './items.js';

/** The lists of one table: all its records, or those with a value in an indexed field, newest first. */
export class Listing<Row extends object> {
  constructor(
    private readonly database: Database,
    private readonly table: Table,
  ) {}

  async page({ limit, cursor, filter }: ListQuery): Promise<Page<Row>> {
    const hash = filter ?? { field: KIND, value: this.table.name };
    const index = filter ? `by_${filter.field}` : 'all';
    const attributes = [...new Set([this.table.primaryKey, hash.field, this.table.timestamps.created])];
    const start = cursor === undefined ? undefined : decodeCursor(cursor, attributes);

    // One more than the page holds tells whether there is another page.
    const items = await this.query(index, hash.field, hash.value, limit + 1, start);
    const last = items.length > limit ? items[limit - 1] : undefined;
    return {
      items: items.slice(0, limit).map((item) => fromItem(this.table, item) as Row),
      nextCursor: last ? encodeCursor(positionOf(last, attributes)) : null,
    };
  }

  /** Up to `count` items. DynamoDB ends a page at 1 MB, so this may take several queries. */
  private async query(index: string, field: string, value: Key, count: number, start?: Position): Promise<Input[]> {
    const items: Input[] = [];
    let from = start;
    do {
      const page = await this.database.documents.send(
        new QueryCommand({
          TableName: this.database.tableName(this.table.name),
          IndexName: index,
          KeyConditionExpression: '#field = :value',
          ExpressionAttributeNames: { '#field': field },
          ExpressionAttributeValues: { ':value': value },
          ScanIndexForward: false,
          Limit: count - items.length,
          ExclusiveStartKey: from,
        }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined && items.length < count);
    return items;
  }
}

function positionOf(item: Input, attributes: readonly string[]): Position {
  return Object.fromEntries(attributes.map((name) => [name, item[name] as Key]));
}
