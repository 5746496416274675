import { UpdateCommand } from '@aws-sdk/lib-dynamodb';

import type { Database } from '../services/database.js';
import { holds } from '../services/system.js';

/** After which a process that says nothing more is taken to be gone. */
const LEASE_SECONDS = 60;
const RENEWAL_MS = 20_000;
const KEPT_SECONDS = 60 * 24 * 60 * 60;

/** Lets one process at a time do a thing, and each of its times be one's alone: in the backend's own table. */
export class Lease {
  private readonly key: string;

  constructor(
    private readonly database: Database,
    name: string,
  ) {
    this.key = `lease ${name}`;
  }

  /** Do the work, unless this time of it was somebody's already, or an earlier one is still being done. Whether it was done. */
  async during(time: number, work: () => Promise<void>): Promise<boolean> {
    if (!(await this.take(time))) return false;
    const renewal = setInterval(() => void this.extend(time, LEASE_SECONDS).catch(() => undefined), RENEWAL_MS);
    try {
      await work();
    } finally {
      clearInterval(renewal);
      await this.extend(time, 0);
    }
    return true;
  }

  private async take(time: number): Promise<boolean> {
    return holds(
      this.update('SET #time = :time, #until = :until, #expires = :expires', 'attribute_not_exists(#time) OR (#time < :time AND #until < :now)', {
        ':time': time,
        ':now': seconds(),
        ':until': seconds() + LEASE_SECONDS,
        ':expires': seconds() + KEPT_SECONDS,
      }),
    );
  }

  private async extend(time: number, length: number): Promise<void> {
    await holds(this.update('SET #until = :until', '#time = :time', { ':time': time, ':until': seconds() + length - 1 }));
  }

  private update(expression: string, condition: string, values: Record<string, number>): Promise<unknown> {
    const names = { '#time': 'time', '#until': 'until', '#expires': 'expiresAt' };
    const used = Object.entries(names).filter(([place]) => `${expression} ${condition}`.includes(place));
    return this.database.documents.send(
      new UpdateCommand({
        TableName: this.database.systemTable,
        Key: { key: this.key },
        UpdateExpression: expression,
        ConditionExpression: condition,
        ExpressionAttributeNames: Object.fromEntries(used),
        ExpressionAttributeValues: values,
      }),
    );
  }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
