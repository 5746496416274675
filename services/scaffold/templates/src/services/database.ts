import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';

import { isInProduction, type StorageConfig } from '../config.js';
import { currentContext } from '../context.js';
import { Passwords } from './passwords.js';
import { Seals } from './seals.js';

/** Holds what no record is made of: claims on unique values, and the last number given to each numbered table. */
const SYSTEM_TABLE = 'system-records';

/** Holds what refers to each record, and the deletions that are under way. */
const REFERENCES_TABLE = 'system-references';

/** Of a call of the database. The second attempt begins within a tenth of a second of the first one's end. */
const ATTEMPTS = 2;

/** The connection to DynamoDB, and what its tables are called. */
export class Database {
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
  readonly systemTable: string;
  readonly referencesTable: string;
  readonly passwords: Passwords;
  readonly seals: Seals;

  constructor(private readonly config: StorageConfig) {
    this.client = new DynamoDBClient(clientConfig(config));
    this.client.middlewareStack.add((next) => (call) => inTime(config.databaseTimeout, () => next(call)), {
      step: 'initialize',
      name: 'inTime',
    });
    this.documents = DynamoDBDocumentClient.from(this.client, {
      // Numbers are those that JavaScript has, of any magnitude: a body with one that it would round is refused before.
      marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true, allowImpreciseNumbers: true },
      unmarshallOptions: { wrapNumbers: Number },
    });
    this.systemTable = this.tableName(SYSTEM_TABLE);
    this.referencesTable = this.tableName(REFERENCES_TABLE);
    this.passwords = new Passwords(config.passwordCost);
    this.seals = new Seals(config.sealingKeys);
  }

  tableName(name: string): string {
    return `${this.config.tablePrefix}${name}`;
  }

  /** Throws what keeps the database from serving requests: no connection, no tables, no permission. */
  async check(): Promise<void> {
    await this.documents.send(new GetCommand({ TableName: this.systemTable, Key: { key: 'ready' } }));
  }

  close(): void {
    this.client.destroy();
  }
}

/** Throws a TimeoutError when the work takes longer, and what ended the request at hand when that has no more time. */
async function inTime<Output>(milliseconds: number, work: () => Promise<Output>): Promise<Output> {
  const request = currentContext()?.signal;
  request?.throwIfAborted();
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DOMException('The database did not answer in time.', 'TimeoutError'));
  }, milliseconds);
  const end = (): void => {
    late.abort(request?.reason);
  };
  request?.addEventListener('abort', end);
  try {
    return await Promise.race([work(), rejection(late.signal)]);
  } finally {
    clearTimeout(timer);
    request?.removeEventListener('abort', end);
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

function clientConfig({ region, endpoint, environment, databaseTimeout }: StorageConfig): DynamoDBClientConfig {
  const attempt = Math.floor(databaseTimeout / (ATTEMPTS + 0.1));
  const client: DynamoDBClientConfig = {
    region,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: attempt, requestTimeout: attempt, throwOnRequestTimeout: true },
  };
  if (endpoint === undefined) return client;
  if (isInProduction(environment) || process.env.AWS_ACCESS_KEY_ID) return { ...client, endpoint };
  // An emulator accepts any credentials, but the SDK insists on having some.
  return { ...client, endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}
