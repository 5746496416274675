import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

import type { Database } from '../services/database.js';
import { holds } from '../services/system.js';
import { HANDLING_SECONDS } from './queues.js';

/** A message is kept in its queue for fourteen days at most; so long, it is known that it is done. */
const KEPT_SECONDS = 15 * 24 * 60 * 60;

/** Whether a message is this process's to handle, somebody else's at the moment, or handled. */
export type Claim = 'taken' | 'busy' | 'done';

/** Who handles which message, over all processes, and which are handled: in the backend's own table. */
export class Claims {
  constructor(
    private readonly database: Database,
    private readonly queue: string,
  ) {}

  async take(id: string): Promise<Claim> {
    const now = seconds();
    const isTaken = await holds(
      this.put(id, { until: now + HANDLING_SECONDS, expiresAt: now + KEPT_SECONDS }, {
        ConditionExpression: 'attribute_not_exists(#key) OR #until < :now',
        ExpressionAttributeNames: { '#key': 'key', '#until': 'until' },
        ExpressionAttributeValues: { ':now': now },
      }),
    );
    if (isTaken) return 'taken';
    const address = { TableName: this.database.systemTable, Key: { key: this.key(id) } };
    const { Item } = await this.database.documents.send(new GetCommand({ ...address, ConsistentRead: true }));
    return Item?.isDone === true ? 'done' : 'busy';
  }

  /** Never to be taken again. */
  async complete(id: string): Promise<void> {
    const end = seconds() + KEPT_SECONDS;
    await this.put(id, { until: end, expiresAt: end, isDone: true });
  }

  /** To be taken again by anybody. */
  async giveUp(id: string): Promise<void> {
    const { documents, systemTable } = this.database;
    await documents.send(new DeleteCommand({ TableName: systemTable, Key: { key: this.key(id) } }));
  }

  private put(id: string, item: Record<string, unknown>, condition: object = {}): Promise<unknown> {
    const { documents, systemTable } = this.database;
    return documents.send(new PutCommand({ TableName: systemTable, Item: { key: this.key(id), ...item }, ...condition }));
  }

  private key(id: string): string {
    return `message ${this.queue} ${id}`;
  }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
