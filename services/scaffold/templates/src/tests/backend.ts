import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { GetCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';

import { createApp } from '../app.js';
import { readConfig, type Config } from '../config.js';
import { drain, httpServer } from '../httpServer.js';
import { setLogLevel } from '../logger.js';
import { Lifecycle } from '../middleware/health.js';
import { checkMigrated } from '../migration/gate.js';
import { tables } from '../models/index.js';
import { settled } from '../services/background.js';
import { Database } from '../services/database.js';
import { Repository } from '../services/repository.js';
import { createTables, deleteTables } from '../tables.js';
import { startTelemetry } from '../tracing.js';

/** What an answer shows of a record, or what a request says of one: the tests say what has to be in it. */
export type Row = Record<string, any>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

export type Send = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

export const SECRET = 'a secret of the tests, of more than thirty-two characters';

/** What secrets are sealed with. */
export const SEALING_KEYS = `test:${Buffer.from(SECRET.slice(0, 32)).toString('base64')}`;

const PATIENCE_MS = 20_000;

/** None that tests, or a slow machine, would reach; and passwords whose hashes are made fast. */
const LIMITS = {
  PASSWORD_COST: '4',
  LOG_LEVEL: 'error',
  RATE_LIMIT_PER_ADDRESS: '0',
  RATE_LIMIT_PER_USER: '0',
  REQUEST_TIMEOUT_MS: '60000',
  DATABASE_TIMEOUT_MS: '30000',
  DELETION_TIMEOUT_MS: '30000',
{{restApi}}} as const;

const prefix = `test-${randomUUID().slice(0, 8)}-`;

export let database: Database;
let stop: (() => Promise<void>) | undefined;

/** Ask the backend that all tests share. A body that is text is sent as it is, another as JSON. */
export let send: Send;

const ready = start();

before(async () => {
  try {
    await ready;
  } catch (error) {
    // The runner says of a test only that it was cancelled.
    console.error(error);
    throw error;
  }
});

after(async () => {
  // A run in which no test has the title that is asked for comes here at once.
  await Promise.allSettled([ready]);
  await stop?.();
  await deleteTables(database);
  database.close();
});

async function start(): Promise<void> {
  if (!process.env.AWS_ENDPOINT_URL) {
    throw new Error('Set AWS_ENDPOINT_URL to a DynamoDB emulator: the tests create and delete tables.');
  }
  // Servers of tests are also told that they are in production, where a backend makes up no credentials.
  process.env.AWS_ACCESS_KEY_ID ??= {{emulatorKey}};
  process.env.AWS_SECRET_ACCESS_KEY ??= {{emulatorKey}};
  setLogLevel(LIMITS.LOG_LEVEL);
  const config = settings();
  database = new Database(config);
  await createTables(database);
  // Notes what the database is like, while it is empty.
  await checkMigrated(database);
  ({ send, stop } = await serve(config, database));
}

/** A server that listens. */
export interface Server {
  readonly address: string;
  readonly send: Send;
  readonly stop: () => Promise<void>;
}

/** Start another server beside the one that all tests share; it uses the same tables, unless told of others. */
export async function startServer(variables: NodeJS.ProcessEnv): Promise<Server> {
  await ready;
  const config = settings(variables);
  const other = new Database(config);
  const server = await serve(config, other);
  return {
    address: server.address,
    send: server.send,
    stop: async () => {
      await server.stop();
      other.close();
    },
  };
}

/** The same for as long as it is used, with its own level of logs. */
export async function withServer(variables: NodeJS.ProcessEnv, use: (send: Send) => Promise<void>): Promise<void> {
  const server = await startServer(variables);
  setLogLevel(settings(variables).logLevel);
  try {
    await use(server.send);
  } finally {
    setLogLevel(LIMITS.LOG_LEVEL);
    await server.stop();
  }
}

/** Put a record into a table as it is, without asking who may: what tests begin with. */
export async function seed(table: string, row: Row): Promise<Row> {
  return new Repository<Row>(database, tables[table]!).create(row);
}

/** The item that is stored, or undefined. */
export async function stored(table: string, key: Row): Promise<Row | undefined> {
  const TableName = database.tableName(table);
  return (await database.documents.send(new GetCommand({ TableName, Key: key, ConsistentRead: true }))).Item;
}

/** How many records a table has. */
export async function count(table: string): Promise<number> {
  let total = 0;
  let from: Row | undefined;
  do {
    const TableName = database.tableName(table);
    const page = await database.documents.send(
      new ScanCommand({ TableName, Select: 'COUNT', ConsistentRead: true, ExclusiveStartKey: from }),
    );
    total += page.Count ?? 0;
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return total;
}

/** How often the work asks the database that all tests share. */
export async function callsOf(work: () => Promise<void>): Promise<number> {
  let calls = 0;
  const { middlewareStack } = database.documents;
  middlewareStack.add(
    (next) => (call) => {
      calls += 1;
      return next(call);
    },
    { step: 'initialize', name: 'counting' },
  );
  try {
    await work();
  } finally {
    middlewareStack.remove('counting');
  }
  return calls;
}

/** Run a command beside the server, on the tables of the tests: whether it did what it should, and what it says. */
export async function run(name: string, ...args: readonly string[]): Promise<{ readonly isDone: boolean; readonly said: string }> {
  const { PASSWORD_COST } = LIMITS;
  const env = { ...process.env, NODE_ENV: 'test', TABLE_PREFIX: prefix, SEALING_KEYS, PASSWORD_COST };
  return new Promise((resolve) => {
    execFile(process.execPath, [fileURLToPath(new URL(`../${name}.js`, import.meta.url)), ...args], { env }, (error, said) => {
      resolve({ isDone: error === null, said });
    });
  });
}

/** What the environment of the tests says of AWS counts, and nothing that it says of tokens. */
function settings(variables: NodeJS.ProcessEnv = {}): Config {
  const unset = { HOST: '', AUTH: '', JWKS_URL: '', JWT_ISSUER: '', JWT_AUDIENCE: '' };
  const own = { NODE_ENV: 'test', TABLE_PREFIX: prefix, JWT_SECRET: SECRET, SEALING_KEYS };
  return readConfig({ ...process.env, ...unset, ...LIMITS, ...own, ...variables });
}

async function serve(config: Config, storage: Database): Promise<Server> {
  const telemetry = await startTelemetry(config, storage);
  const lifecycle = new Lifecycle();
  const server = httpServer(createApp(config, storage, { lifecycle, tracing: telemetry?.requests }), lifecycle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    send: (method, path, body, headers) => ask(`${address}${path}`, method, body, headers),
    stop: async () => {
      await drain(server, lifecycle);
      await settled();
      await telemetry?.stop();
    },
  };
}

async function ask(url: string, method: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}
