/**
 * Creates the tables of infrastructure/template.json where a deployment by CloudFormation is too much: on a developer's
 * machine and in tests. Run it as `npm run tables`.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import {
  CreateTableCommand,
  DeleteTableCommand,
  ResourceInUseException,
  waitUntilTableExists,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';

import { readStorageConfig } from './config.js';
import { log } from './logger.js';
import { Database } from './services/database.js';

const TEMPLATE = new URL('../infrastructure/template.json', import.meta.url);
const MAX_WAIT_SECONDS = 120;

interface TableProperties extends Omit<CreateTableCommandInput, 'TableName'> {
  readonly TableName: { readonly 'Fn::Sub': string };
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Properties: TableProperties }>>;
}

/** Create the tables that are not there yet, and wait until all are. */
export async function createTables(database: Database): Promise<void> {
  for (const input of await tablesOf(database)) {
    await createTable(database, input);
    await waitUntilTableExists({ client: database.client, minDelay: 1, maxWaitTime: MAX_WAIT_SECONDS }, input);
  }
}

export async function deleteTables(database: Database): Promise<void> {
  for (const { TableName } of await tablesOf(database)) {
    await database.client.send(new DeleteTableCommand({ TableName }));
  }
}

async function createTable(database: Database, input: CreateTableCommandInput): Promise<void> {
  try {
    await database.client.send(new CreateTableCommand(input));
    log('info', `created ${input.TableName}`);
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    log('info', `${input.TableName} exists`);
  }
}

async function tablesOf(database: Database): Promise<CreateTableCommandInput[]> {
  const template = JSON.parse(await readFile(TEMPLATE, 'utf8')) as Template;
  return Object.values(template.Resources).map(({ Properties }) => ({
    ...Properties,
    TableName: Properties.TableName['Fn::Sub'].replace('${TablePrefix}', database.tableName('')),
  }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const database = new Database(readStorageConfig(process.env));
  await createTables(database);
  database.close();
}
