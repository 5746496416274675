import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { client } from './database.js';

export async function putRow<Row extends object>(table: string, row: Row): Promise<Row> {
  await client.send(new PutCommand({ TableName: table, Item: row }));
  return row;
}

export async function changeRow(table: string, id: string, changes: Record<string, unknown>, version?: string): Promise<object> {
  const names = Object.keys(changes);
  const { Attributes = {} } = await client.send(new UpdateCommand({
    TableName: table,
    Key: { id },
    UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
    ConditionExpression: version && 'version = :version',
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(Object.entries(changes).map(([name, value]) => [`:${name}`, value])),
    ReturnValues: 'ALL_NEW',
  }));
  return Attributes;
}
