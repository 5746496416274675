/**
 * DynamoDB in memory, as far as the backend uses it beyond its indexes: conditions are judged and transactions carried
 * out at once, and between any two calls whatever else is waiting may run. What it does not know, it refuses.
 */
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, unknown>;

interface Write {
  readonly TableName: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}

type Kind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

export class Store {
  private readonly tables = new Map<string, Map<string, Item>>();

  /** `keys` are the names of each table's key attributes. */
  constructor(private readonly keys: (table: string) => readonly string[]) {}

  items(table: string): Item[] {
    return [...this.table(table).values()];
  }

  /** Carry out one call. */
  run(name: string, input: any): unknown {
    switch (name) {
      case 'GetCommand':
        return { Item: structuredClone(this.table(input.TableName).get(this.place(input.TableName, input.Key))) };
      case 'QueryCommand':
        return { Items: this.query(input) };
      case 'PutCommand':
        return this.write('Put', input);
      case 'UpdateCommand':
        return this.write('Update', input);
      case 'DeleteCommand':
        return this.write('Delete', input);
      case 'TransactWriteCommand':
        return this.transact(input.TransactItems);
      default:
        throw new Error(`unknown call ${name}`);
    }
  }

  private query(input: any): Item[] {
    if (input.IndexName !== undefined || input.ConsistentRead !== true) throw new Error('only consistent queries');
    const { ':parent': parent, ':prefix': prefix = '' } = input.ExpressionAttributeValues;
    const items = this.items(input.TableName).filter((item) => item.parent === parent);
    return structuredClone(items.filter((item) => String(item.child).startsWith(prefix)));
  }

  private write(kind: Kind, write: Write): object {
    if (!this.holds(write)) throw new ConditionalCheckFailedException({ message: 'no', $metadata: {} });
    this.apply(kind, write);
    return {};
  }

  private transact(steps: readonly Partial<Record<Kind, Write>>[]): object {
    const writes = steps.flatMap((step) => Object.entries(step) as [Kind, Write][]);
    const places = writes.map(([, write]) => `${write.TableName} ${this.place(write.TableName, (write.Key ?? write.Item)!)}`);
    if (new Set(places).size < places.length) throw new Error(`two writes of one item: ${places.join(', ')}`);
    if (writes.length > 100) throw new Error('more than 100 items');
    const reasons = writes.map(([, write]) => ({ Code: this.holds(write) ? 'None' : 'ConditionalCheckFailed' }));
    if (reasons.some(({ Code }) => Code !== 'None')) {
      throw new TransactionCanceledException({ message: 'no', CancellationReasons: reasons, $metadata: {} });
    }
    for (const [kind, write] of writes) this.apply(kind, write);
    return {};
  }

  private apply(kind: Kind, write: Write): void {
    const table = this.table(write.TableName);
    const place = this.place(write.TableName, (write.Key ?? write.Item)!);
    if (kind === 'Put') table.set(place, structuredClone(write.Item!));
    if (kind === 'Delete') table.delete(place);
    if (kind === 'Update') table.set(place, this.updated({ ...write.Key, ...table.get(place) }, write));
  }

  private updated(item: Item, write: Write): Item {
    const clauses = /^(?:SET (.+?))?(?:(?:^| )REMOVE (.+))?$/.exec(write.UpdateExpression!);
    if (!clauses) throw new Error(`unknown update ${write.UpdateExpression}`);
    const changed = { ...item };
    for (const part of clauses[1]?.split(', ') ?? []) {
      const [, name, value] = /^(#\w+) = (:\w+)$/.exec(part) ?? [];
      if (name === undefined || value === undefined) throw new Error(`unknown update ${part}`);
      changed[this.name(write, name)] = this.value(write, value);
    }
    for (const name of clauses[2]?.split(', ') ?? []) delete changed[this.name(write, name)];
    return changed;
  }

  private holds(write: Write): boolean {
    const item = this.table(write.TableName).get(this.place(write.TableName, (write.Key ?? write.Item)!)) ?? {};
    const parts = write.ConditionExpression?.split(' AND ') ?? [];
    return parts.every((part) => {
      const [, kind, tested] = /^attribute_(exists|not_exists)\((#\w+)\)$/.exec(part) ?? [];
      if (tested !== undefined) return Object.hasOwn(item, this.name(write, tested)) === (kind === 'exists');
      const [, name, value] = /^(#\w+) = (:\w+)$/.exec(part) ?? [];
      if (name === undefined || value === undefined) throw new Error(`unknown condition ${part}`);
      return item[this.name(write, name)] === this.value(write, value);
    });
  }

  private name(write: Write, name: string): string {
    const attribute = write.ExpressionAttributeNames?.[name];
    if (attribute === undefined) throw new Error(`${name} is not named`);
    return attribute;
  }

  private value(write: Write, name: string): unknown {
    if (!Object.hasOwn(write.ExpressionAttributeValues ?? {}, name)) throw new Error(`${name} has no value`);
    return write.ExpressionAttributeValues![name];
  }

  private place(table: string, item: Item): string {
    return JSON.stringify(this.keys(table).map((name) => item[name]));
  }

  private table(name: string): Map<string, Item> {
    if (!this.tables.has(name)) this.tables.set(name, new Map());
    return this.tables.get(name)!;
  }
}
