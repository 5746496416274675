import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';

import type { Condition, Input, Key, Scope, Table } from '../types/index.js';
import type { Database } from './database.js';
import { KIND } from './items.js';

/** Where a record stands in a list: after the newer ones, and after those of the same moment with smaller keys. */
export interface Place {
  readonly created: string;
  readonly key: Key;
}

/** What one index, or the table itself, holds of a list: records with a value in its field that meet the others too. */
interface Part {
  readonly index?: string;
  readonly hash: Condition;
  readonly others: readonly Condition[];
}

/** The parts of a list that a scope allows, each of which also meets the filter. */
export function sourcesOf(table: Table, scope: Scope, filter?: { field: string; value: Key }): Part[] {
  const wanted = filter ? [{ field: filter.field, equals: filter.value }] : [];
  const alternatives = scope === 'all' ? [wanted] : scope.map((conditions) => [...conditions, ...wanted]);
  return alternatives.filter(isPossible).map((conditions) => partOf(table, conditions));
}

/** Whether no field would have to have two values. */
function isPossible(conditions: readonly Condition[]): boolean {
  return conditions.every(({ field, equals }) => conditions.every((other) => other.field !== field || other.equals === equals));
}

/** The first condition that has an index chooses where to look. */
function partOf(table: Table, conditions: readonly Condition[]): Part {
  const hash = conditions.find(({ field }) => field === table.primaryKey || table.indexed.includes(field));
  const others = conditions.filter(({ field }) => field !== hash?.field);
  if (hash === undefined) return { index: 'all', hash: { field: KIND, equals: table.name }, others };
  return hash.field === table.primaryKey ? { hash, others } : { index: `by_${hash.field}`, hash, others };
}

/** One part of a list, read from its index. */
export class Source {
  constructor(
    private readonly database: Database,
    private readonly table: Table,
    private readonly part: Part,
  ) {}

  /** Its first `count` items after `start`, and those that were created in the same moment as the last of them. */
  async read(count: number, start?: Place): Promise<Input[]> {
    const items: Input[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page = await this.database.documents.send(
        new QueryCommand({ ...this.query(start), Limit: count + 1, ExclusiveStartKey: from }),
      );
      items.push(...(page.Items ?? []).filter((item) => isAfter(start, this.placeOf(item))));
      from = page.LastEvaluatedKey;
    } while (from !== undefined && !this.isEnough(items, count));
    return items;
  }

  /** The order of items of one moment in an index is not that of their keys, so that all of them are needed. */
  private isEnough(items: readonly Input[], count: number): boolean {
    const last = items.at(-1);
    return items.length > count && this.placeOf(last!).created < this.placeOf(items[count - 1]!).created;
  }

  private query(start: Place | undefined): QueryCommandInput {
    const { index, hash, others } = this.part;
    const { created } = this.table.timestamps;
    const isSorted = index !== undefined && start !== undefined;
    return {
      TableName: this.database.tableName(this.table.name),
      IndexName: index,
      KeyConditionExpression: isSorted ? '#hash = :hash AND #created <= :created' : '#hash = :hash',
      ...(others.length === 0 ? {} : { FilterExpression: others.map((_, n) => `#field${n} = :value${n}`).join(' AND ') }),
      ExpressionAttributeNames: {
        '#hash': hash.field,
        ...(isSorted ? { '#created': created } : {}),
        ...Object.fromEntries(others.map(({ field }, n) => [`#field${n}`, field])),
      },
      ExpressionAttributeValues: {
        ':hash': hash.equals,
        ...(isSorted ? { ':created': start.created } : {}),
        ...Object.fromEntries(others.map(({ equals }, n) => [`:value${n}`, equals])),
      },
      ScanIndexForward: false,
    };
  }

  private placeOf(item: Input): Place {
    return { key: item[this.table.primaryKey], created: item[this.table.timestamps.created] } as Place;
  }
}

function isAfter(start: Place | undefined, place: Place): boolean {
  return start === undefined || compare(start, place) < 0;
}

/** Negative where `a` stands before `b`. */
export function compare(a: Place, b: Place): number {
  if (a.created !== b.created) return a.created > b.created ? -1 : 1;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}
