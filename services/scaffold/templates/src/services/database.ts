import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import type { StorageConfig } from '../config.js';

/** Holds what no record is made of: claims on unique values, and the last number given to each numbered table. */
const SYSTEM_TABLE = 'system-records';

/** The connection to DynamoDB, and what its tables are called. */
export class Database {
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
  readonly systemTable: string;

  constructor(private readonly config: StorageConfig) {
    this.client = new DynamoDBClient(clientConfig(config));
    this.documents = DynamoDBDocumentClient.from(this.client, {
      marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true },
    });
    this.systemTable = this.tableName(SYSTEM_TABLE);
  }

  tableName(name: string): string {
    return `${this.config.tablePrefix}${name}`;
  }

  close(): void {
    this.client.destroy();
  }
}

function clientConfig({ region, endpoint, environment }: StorageConfig): DynamoDBClientConfig {
  if (endpoint === undefined) return { region };
  if (environment === 'production' || process.env.AWS_ACCESS_KEY_ID) return { region, endpoint };
  // An emulator accepts any credentials, but the SDK insists on having some.
  return { region, endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}
