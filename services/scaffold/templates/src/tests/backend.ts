import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import { createApp } from '../app.js';
import { readConfig, type Config } from '../config.js';
import { drain, httpServer } from '../httpServer.js';
import { setLogLevel } from '../logger.js';
import { Lifecycle } from '../middleware/health.js';
import { settled } from '../services/background.js';
import { Database } from '../services/database.js';
import { createTables, deleteTables } from '../tables.js';
import { startTelemetry } from '../tracing.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Whatever it is, the tests assert it.
  readonly body: any;
}

/** What the environment of the tests may say of authentication, and each test decides. */
const UNSET = { AUTH: '', HOST: '', JWT_SECRET: '', JWKS_URL: '', JWT_ISSUER: '', JWT_AUDIENCE: '' };

/** What secrets are sealed with. */
export const SEALING_KEYS = `test:${Buffer.alloc(32, 7).toString('base64')}`;

/** No limits that tests, or a slow machine, would reach; and passwords whose hashes are made fast. */
const UNLIMITED = {
  PASSWORD_COST: '4',
  SEALING_KEYS,
  LOG_LEVEL: 'error',
  RATE_LIMIT_PER_ADDRESS: '0',
  RATE_LIMIT_PER_USER: '0',
  REQUEST_TIMEOUT_MS: '60000',
  DATABASE_TIMEOUT_MS: '30000',
};

/** A backend that listens on a free port. */
export class Backend {
  private constructor(
    private readonly address: string,
    /** Of the names of its tables. */
    readonly prefix: string,
    readonly stop: () => Promise<void>,
  ) {}

  /** With tables of its own, which are deleted when it stops. Without a way to verify tokens, authentication is off. */
  static async start(variables: NodeJS.ProcessEnv = {}): Promise<Backend> {
    if (!process.env.AWS_ENDPOINT_URL) {
      throw new Error('Set AWS_ENDPOINT_URL to a DynamoDB emulator: the tests create and delete tables.');
    }
    const config = settings({ TABLE_PREFIX: `test-${randomUUID().slice(0, 8)}-`, ...variables });
    setLogLevel(config.logLevel);
    const database = new Database(config);
    await createTables(database);
    return Backend.serve(config, database, () => deleteTables(database));
  }

  /** Without tables, or without a database at all. What it logs of that is not shown. */
  static async startBare(variables: NodeJS.ProcessEnv): Promise<Backend> {
    const config = settings({ LOG_LEVEL: 'off', ...variables });
    return Backend.serve(config, new Database(config), () => Promise.resolve());
  }

  private static async serve(config: Config, database: Database, clean: () => Promise<void>): Promise<Backend> {
    setLogLevel(config.logLevel);
    const telemetry = await startTelemetry(config, database);
    const lifecycle = new Lifecycle();
    const server = httpServer(createApp(config, database, { lifecycle, tracing: telemetry?.requests }), lifecycle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new Backend(`http://127.0.0.1:${port}`, config.tablePrefix, async () => {
      await drain(server, lifecycle);
      await settled();
      await telemetry?.stop();
      await clean();
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

function settings(variables: NodeJS.ProcessEnv): Config {
  const AUTH = variables.JWT_SECRET || variables.JWKS_URL ? 'on' : 'off';
  return readConfig({ ...process.env, ...UNSET, ...UNLIMITED, NODE_ENV: 'test', AUTH, ...variables });
}
