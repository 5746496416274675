/**
 * How deletions are kept while they are under way, in the table `system-references`: one item for each, which alone says
 * how far it is, and one for each record that it takes along.
 */
import { DeleteCommand, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';

import { Conflict } from '../errors.js';
import type { Key } from '../types/index.js';
import type { Database } from './database.js';
import { hashed } from './items.js';
import { holds, itemsUnder } from './system.js';
import type { Step } from './transaction.js';

/** How long a deletion that is being decided may go without a sign of life. */
const LEASE_MS = 30_000;
const SHARDS = '0123456789abcdef';

/**
 * CHECKING: its records are there for everybody, but nothing may be written to them. COMMITTED: all of them are gone, at
 * once, and are being removed. ABORTED, or no item at all: what its records still carry of it means nothing.
 */
export type State = 'CHECKING' | 'COMMITTED' | 'ABORTED';

export interface Deletion {
  readonly id: string;
  readonly table: string;
  readonly key: Key;
  readonly state: State;
  /** When it may be taken for dead, in milliseconds since 1970. */
  readonly until: number;
  /** Whether a client has been told that it goes on after the answer: then it may not be taken back for being late. */
  readonly isAccepted: boolean;
}

/** A record that a deletion takes along. */
export interface Work {
  readonly table: string;
  readonly key: Key;
}

export function isLate({ until, isAccepted }: Deletion): boolean {
  return !isAccepted && until < Date.now();
}

/** The step that begins a deletion. */
export function begun(database: Database, id: string, { table, key }: Work): Step {
  const deletion = { id, table, key, state: 'CHECKING', until: Date.now() + LEASE_MS, isAccepted: false };
  return {
    write: { Put: { TableName: database.referencesTable, Item: { ...placeOf(id), ...deletion } } },
    refusal: () => new Error('unreachable'),
  };
}

/** The step that holds only while a deletion is being decided, and says that somebody is at it. */
export function stillChecking(database: Database, id: string): Step {
  return {
    write: {
      Update: {
        TableName: database.referencesTable,
        Key: placeOf(id),
        UpdateExpression: 'SET #until = :until',
        ConditionExpression: '#state = :state',
        ExpressionAttributeNames: { '#until': 'until', '#state': 'state' },
        ExpressionAttributeValues: { ':until': Date.now() + LEASE_MS, ':state': 'CHECKING' },
      },
    },
    refusal: () => new Conflict('The deletion took too long and was taken back. Try again.'),
  };
}

export function workAdded(database: Database, id: string, work: Work): Step {
  return {
    write: { Put: { TableName: database.referencesTable, Item: { ...workPlace(id, work), ...work } } },
    refusal: () => new Error('unreachable'),
  };
}

export function workDone(database: Database, id: string, work: Work): Step {
  return {
    write: { Delete: { TableName: database.referencesTable, Key: workPlace(id, work) } },
    refusal: () => new Error('unreachable'),
  };
}

export async function findDeletion(database: Database, id: string): Promise<Deletion | undefined> {
  const { Item } = await database.documents.send(
    new GetCommand({ TableName: database.referencesTable, Key: placeOf(id), ConsistentRead: true }),
  );
  return Item as Deletion | undefined;
}

/** Move a deletion from one state to the next. False when it is no longer in the first. */
export async function advance(database: Database, id: string, from: State, to: State): Promise<boolean> {
  return holds(
    database.documents.send(
      new UpdateCommand({
        TableName: database.referencesTable,
        Key: placeOf(id),
        UpdateExpression: 'SET #state = :to',
        ConditionExpression: '#state = :from',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':from': from, ':to': to },
      }),
    ),
  );
}

/** Note that a client was told that the deletion goes on. False when it is decided. */
export async function accept(database: Database, id: string): Promise<boolean> {
  return holds(
    database.documents.send(
      new UpdateCommand({
        TableName: database.referencesTable,
        Key: placeOf(id),
        UpdateExpression: 'SET #isAccepted = :true',
        ConditionExpression: '#state = :state',
        ExpressionAttributeNames: { '#isAccepted': 'isAccepted', '#state': 'state' },
        ExpressionAttributeValues: { ':true': true, ':state': 'CHECKING' },
      }),
    ),
  );
}

/** Take a deletion over from whoever left it. False when somebody else has, or it is decided. */
export async function takeOver(database: Database, { id, until }: Deletion): Promise<boolean> {
  return holds(
    database.documents.send(
      new UpdateCommand({
        TableName: database.referencesTable,
        Key: placeOf(id),
        UpdateExpression: 'SET #until = :next',
        ConditionExpression: '#state = :state AND #until = :until',
        ExpressionAttributeNames: { '#until': 'until', '#state': 'state' },
        ExpressionAttributeValues: { ':next': Date.now() + LEASE_MS, ':until': until, ':state': 'CHECKING' },
      }),
    ),
  );
}

/** Forget a deletion that has nothing left to do. */
export async function forget(database: Database, id: string): Promise<void> {
  await database.documents.send(new DeleteCommand({ TableName: database.referencesTable, Key: placeOf(id) }));
}

export async function forgetWork(database: Database, id: string, work: Work): Promise<void> {
  await database.documents.send(new DeleteCommand({ TableName: database.referencesTable, Key: workPlace(id, work) }));
}

/** The records that a deletion has taken along and that are not removed yet, in pages. */
export async function* workOf(database: Database, id: string): AsyncGenerator<Work> {
  for await (const page of itemsUnder(database, workOfDeletion(id))) yield* page as unknown as Work[];
}

/** Every deletion that is under way. */
export async function* deletions(database: Database): AsyncGenerator<Deletion> {
  for (const shard of SHARDS) {
    for await (const page of itemsUnder(database, shardOf(shard))) yield* page as unknown as Deletion[];
  }
}

function placeOf(id: string) {
  return { parent: shardOf(id[0]!), child: id };
}

/** No table's name begins so. */
function shardOf(digit: string): string {
  return `~deletions ${digit}`;
}

function workOfDeletion(id: string): string {
  return `~deletion ${id}`;
}

function workPlace(id: string, { table, key }: Work) {
  return { parent: workOfDeletion(id), child: `${table} ${hashed(key)}` };
}
