import { runOutside } from '../context.js';
import { log } from '../logger.js';
import type { Database } from '../services/database.js';
import type { Input, Table } from '../types/index.js';
import { listeners } from './listeners.js';
import { newMessage, type Message } from './messages.js';

/** What has become of a record. */
export type Change = 'created' | 'updated' | 'deleted';

/** What is told of changes of records. */
export interface Listener {
  readonly name: string;
  readonly table: string;
  readonly changes: readonly Change[];
  readonly send: (database: Database, message: Message) => Promise<void>;
}

const underWay = new Set<Promise<void>>();

/**
 * Tell of a change that is committed to whom the architecture sends it, without anybody's waiting for it. What fails to be
 * sent is logged, and lost.
 */
export function tell(database: Database, table: Table, change: Change, record: Input): void {
  for (const listener of listeners) {
    if (listener.table !== table.name || !listener.changes.includes(change)) continue;
    const message = newMessage(`${table.name}.${change}`, shown(table, record));
    runOutside(() => {
      follow(listener.send(database, message), listener, message);
    });
  }
}

/** Wait until all is sent. */
export async function told(): Promise<void> {
  while (underWay.size > 0) await Promise.all(underWay);
}

function follow(sending: Promise<void>, { name }: Listener, { id, type }: Message): void {
  const entry: Promise<void> = sending
    .catch((error: unknown) => log('error', 'a message was not sent', { to: name, id, type, error: String(error) }))
    .finally(() => underWay.delete(entry));
  underWay.add(entry);
}

/** A record as answers show it: without its secrets. */
function shown({ secrecy }: Table, record: Input): Input {
  return Object.fromEntries(Object.entries(record).filter(([field]) => secrecy[field] === undefined));
}
