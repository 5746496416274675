import { tables } from '../models/index.js';
import { resources } from '../routes/index.js';
import type { Input, Key, Table } from '../types/index.js';
import { bodies } from '../validation/index.js';
import { startServer, type Answer, type Server } from './backend.js';
import { bodyOf, make } from './samples.js';

/** A server that lets everybody do everything, for what does not depend on who asks. */
export class Open {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Open> {
    return new Open(await startServer({ AUTH: 'off', JWT_SECRET: '' }));
  }

  get address(): string {
    return this.server.address;
  }

  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.server.send(method, path, body, headers);
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

/** The tables that tests can make many rows of. */
export const roomy: readonly Table[] = resources
  .map(({ table }) => tables[table]!)
  .filter(({ name }) => Object.hasOwn(make, name));

export function pathOf(table: Table): string {
  return resources.find((resource) => resource.table === table.name)!.path;
}

export function keyOf(table: Table, record: Input): Key {
  return record[table.primaryKey] as Key;
}

export function recordPath(table: Table, record: Input): string {
  return `${pathOf(table)}/${encodeURIComponent(String(keyOf(table, record)))}`;
}

/** Make a record, and read it as answers show it. */
export async function createRecord(backend: Open, table: Table, fields: Input = {}): Promise<Input> {
  return (await backend.get(recordPath(table, await make[table.name]!(fields)))).body;
}

/** A valid body with all that it needs, unlike any other. */
export function fullBody(_backend: Open, table: Table): Promise<Input> {
  return bodyOf[table.name]!();
}

/** What a body may hold that replaces a record. */
export function changeable(table: Table, body: Input): Input {
  const rules = bodies[table.name]!.replace.describe().keys as Input;
  return Object.fromEntries(Object.entries(body).filter(([field]) => Object.hasOwn(rules, field)));
}
