/**
 * Creates the tables of infrastructure/template.json where a deployment by CloudFormation is too much: on a developer's
 * machine and in tests. Run it as `npm run tables`.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type CreateTableCommandInput,
  type TimeToLiveSpecification,
} from '@aws-sdk/client-dynamodb';

import { command } from './command.js';
import { log } from './logger.js';
{{importParts}}import type { Database } from './services/database.js';

const TEMPLATE = new URL('../infrastructure/template.json', import.meta.url);
const MAX_WAIT_SECONDS = 120;

interface TableProperties extends Omit<CreateTableCommandInput, 'TableName'> {
  readonly TableName: { readonly 'Fn::Sub': string };
  readonly TimeToLiveSpecification?: TimeToLiveSpecification;
}

interface Template {
  readonly Resources: Readonly<Record<string, { {{partsType}}readonly Properties: TableProperties }>>;
}

/** A table as it is created, and by which attribute its items expire. Protection and backups are for AWS. */
interface Plan {
  readonly input: CreateTableCommandInput & { readonly TableName: string };
  readonly expiry: TimeToLiveSpecification | undefined;
}

/** Create the tables that are not there yet, and wait until all are. */
export async function createTables(database: Database): Promise<void> {
  await create(database, await plans(database));{{createParts}}
}

/** Those that hold no records. */
export async function createSystemTables(database: Database): Promise<void> {
  const names = [database.systemTable, database.referencesTable];
  await create(database, (await plans(database)).filter(({ input }) => names.includes(input.TableName)));
}

async function create(database: Database, tables: readonly Plan[]): Promise<void> {
  for (const { input, expiry } of tables) {
    await createTable(database, input);
    await waitUntilTableExists({ client: database.client, minDelay: 1, maxWaitTime: MAX_WAIT_SECONDS }, input);
    if (expiry !== undefined) await expire(database, input.TableName, expiry);
  }
}

/** The tables as they are to be created. */
export async function tableInputs(database: Database): Promise<Plan['input'][]> {
  return (await plans(database)).map(({ input }) => input);
}

export async function deleteTables(database: Database): Promise<void> {
  for (const { input } of await plans(database)) {
    await database.client.send(new DeleteTableCommand(input));
  }{{deleteParts}}
}

async function createTable(database: Database, input: Plan['input']): Promise<void> {
  try {
    await database.client.send(new CreateTableCommand(input));
    log('info', `created ${input.TableName}`);
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    log('info', `${input.TableName} exists`);
  }
}

async function expire(database: Database, table: string, expiry: TimeToLiveSpecification): Promise<void> {
  const { TimeToLiveDescription } = await database.client.send(new DescribeTimeToLiveCommand({ TableName: table }));
  if (TimeToLiveDescription?.AttributeName === expiry.AttributeName) return;
  await database.client.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification: expiry }));
}

async function plans(database: Database): Promise<Plan[]> {
  const template = JSON.parse(await readFile(TEMPLATE, 'utf8')) as Template;
  return Object.values(template.Resources){{onlyTables}}.map(({ Properties }) => ({
    input: {
      TableName: Properties.TableName['Fn::Sub'].replace('${TablePrefix}', database.tableName('')),
      AttributeDefinitions: Properties.AttributeDefinitions,
      KeySchema: Properties.KeySchema,
      GlobalSecondaryIndexes: Properties.GlobalSecondaryIndexes,
      BillingMode: Properties.BillingMode,
    },
    expiry: Properties.TimeToLiveSpecification,
  }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await command(createTables);
}
