import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createApp } from '../app.js';
import { readConfig } from '../config.js';
import { setLogLevel } from '../logger.js';
import { Database } from '../services/database.js';
import { createTables, deleteTables } from '../tables.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Whatever it is, the tests assert it.
  readonly body: any;
}

/** What the environment of the tests may say of authentication, and each test decides. */
const UNSET = { AUTH: '', HOST: '', JWT_SECRET: '', JWKS_URL: '', JWT_ISSUER: '', JWT_AUDIENCE: '' };

/** A backend that listens on a free port and has tables of its own. */
export class Backend {
  private constructor(
    private readonly address: string,
    readonly stop: () => Promise<void>,
  ) {}

  /** Without variables, authentication is off. */
  static async start(variables: NodeJS.ProcessEnv = {}): Promise<Backend> {
    if (!process.env.AWS_ENDPOINT_URL) {
      throw new Error('Set AWS_ENDPOINT_URL to a DynamoDB emulator: the tests create and delete tables.');
    }
    const prefix = `test-${randomUUID().slice(0, 8)}-`;
    const config = readConfig({
      ...process.env,
      ...UNSET,
      NODE_ENV: 'test',
      TABLE_PREFIX: prefix,
      ...(Object.keys(variables).length === 0 ? { AUTH: 'off' } : variables),
    });
    setLogLevel('error');
    const database = new Database(config);
    await createTables(database);

    const server = createServer(createApp(config, database));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Backend(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await deleteTables(database);
      database.close();
    });
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  /** `body` is sent as JSON, or as it is when it is text. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }
}
