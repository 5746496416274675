import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { teams } from '../models/identity.js';
import { tables } from '../models/index.js';
import { Database } from '../services/database.js';
import { firstMembership, keepAnOwner } from '../services/owners.js';
import { membershipsBy } from '../services/memberships.js';
import { Repository } from '../services/repository.js';
import { readStorageConfig } from '../config.js';
import type { Input, Key } from '../types/index.js';
import { Backend } from './backend.js';
import { bodies } from '../validation/index.js';
import { createRecord, fullBody, keyOf, recordPath } from './samples.js';

const { table: name, memberships, user, team, role, ownerRole } = teams!;
const teamsTable = tables[name]!;
const membershipsTable = tables[memberships]!;
const users = membershipsTable.references.find(({ field }) => field === user)?.table;

let backend: Backend;
let database: Database;

before(async () => {
  backend = await Backend.start();
  database = new Database(readStorageConfig({ ...process.env, TABLE_PREFIX: backend.prefix }));
});

after(async () => {
  database.close();
  await backend.stop();
});

async function newUser(): Promise<Key> {
  return users === undefined ? `somebody${Math.random()}` : keyOf(tables[users]!, await createRecord(backend, tables[users]!));
}

/** A team as somebody makes it who is signed in. */
async function newTeam(owner: Key): Promise<Input> {
  const caller = { id: String(owner), roles: [], claims: {} };
  const beside = await firstMembership(database, teamsTable, caller);
  return new Repository<Input>(database, teamsTable).create(await fullBody(backend, teamsTable), beside);
}

async function members(made: Input): Promise<Input[]> {
  const found: Input[] = [];
  for await (const membership of membershipsBy(database, team, keyOf(teamsTable, made))) found.push(membership);
  return found;
}

function join(made: Input, fields: Input): Promise<Input> {
  return createRecord(backend, membershipsTable, { [team]: keyOf(teamsTable, made), ...fields });
}

test('whoever makes a team is in it, and owns it', async () => {
  const owner = await newUser();
  const [membership, ...others] = await members(await newTeam(owner));
  assert.deepEqual(others, []);
  assert.equal(membership![user], owner);
  if (role !== undefined && ownerRole !== undefined) assert.equal(membership![role], ownerRole);
});

const skip = role === undefined || ownerRole === undefined;

test('a team keeps its last owner', { skip }, async () => {
  const made = await newTeam(await newUser());
  const [membership] = await members(made);
  const path = recordPath(membershipsTable, membership!);
  assert.equal((await backend.send('DELETE', path)).status, 409);
  assert.equal((await backend.send('PATCH', path, { [role!]: lesserRole() })).status, 409);
  assert.deepEqual((await members(made)).map((one) => one[role!]), [ownerRole]);
});

test('of two owners who leave at once, one stays', { skip }, async () => {
  for (let run = 0; run < 5; run += 1) {
    const made = await newTeam(await newUser());
    const second = await join(made, { [user]: await newUser(), [role!]: ownerRole });
    const [first] = (await members(made)).filter((one) => one[membershipsTable.primaryKey] !== keyOf(membershipsTable, second));

    const answers = await Promise.all(
      [first!, second].map((one) => backend.send('DELETE', recordPath(membershipsTable, one))),
    );

    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 409]);
    assert.equal((await members(made)).length, 1);
  }
});

test('an account is not deleted that is the last owner of a team', { skip: skip || users === undefined }, async () => {
  const owner = await newUser();
  const made = await newTeam(owner);
  const accounts = tables[users!]!;
  const path = recordPath(accounts, { [accounts.primaryKey]: owner });

  assert.equal((await backend.send('DELETE', path)).status, 409);

  assert.equal((await backend.get(path)).status, 200);
  assert.equal((await members(made)).length, 1);
});

test('nothing keeps a member who owns nothing', { skip }, async () => {
  const member = { [team]: 'a team', [role!]: `not ${ownerRole}` };
  assert.deepEqual(await keepAnOwner(database, membershipsTable, member), []);
});

/** A role that memberships can have beside the owner's. */
function lesserRole(): string {
  const { allow = [] } = bodies[memberships]!.create.extract(role!).describe() as { readonly allow?: readonly unknown[] };
  const values = allow.filter((value) => typeof value === 'string' && value !== '');
  return (values.length === 0 ? ['member'] : values).find((value) => value !== ownerRole) as string;
}
