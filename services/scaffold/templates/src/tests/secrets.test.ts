import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { GetCommand } from '@aws-sdk/lib-dynamodb';

import { readStorageConfig } from '../config.js';
import { tables } from '../models/index.js';
import { resources } from '../routes/index.js';
import { Database } from '../services/database.js';
import { Passwords } from '../services/passwords.js';
import { readRecord } from '../services/reading.js';
import { Seals } from '../services/seals.js';
import { hashOf, unsealed } from '../services/secrets.js';
import type { Input, Key } from '../types/index.js';
import { Backend, SEALING_KEYS } from './backend.js';
import { fullBody, keyOf, pathOf, recordPath } from './samples.js';

let backend: Backend;
let database: Database;

before(async () => {
  backend = await Backend.start();
  database = new Database(readStorageConfig({ ...process.env, TABLE_PREFIX: backend.prefix, SEALING_KEYS }));
});

after(async () => {
  database.close();
  await backend.stop();
});

for (const { table: name } of resources) {
  const table = tables[name]!;
  for (const [field, secrecy] of Object.entries(table.secrecy)) {
    test(`${name}.${field} is ${secrecy}, and no answer shows it`, async () => {
      const secret = `very secret ${randomBytes(8).toString('hex')}`;
      const body = { ...(await fullBody(backend, table)), [field]: secret };
      const created = await backend.send('POST', pathOf(table), body);
      assert.equal(created.status, 201, JSON.stringify(created.body));
      const path = recordPath(table, created.body as Input);
      const key = keyOf(table, created.body as Input);
      const answers = [
        created,
        await backend.get(path),
        await backend.get(pathOf(table)),
        await backend.send('PATCH', path, { [field]: secret }),
        await backend.send('POST', pathOf(table), { ...body, [field]: 7 }),
      ];

      for (const { body: shown, headers } of answers) {
        assert.doesNotMatch(JSON.stringify(shown), /very secret|scrypt\$/);
        assert.doesNotMatch(headers.get('etag') ?? '', /very secret/);
      }
      for (const { body: record } of answers.slice(0, 2)) assert.ok(!Object.hasOwn(record as Input, field));
      assert.doesNotMatch(JSON.stringify(await stored(name, table.primaryKey, key)), /very secret/);
      const record = (await readRecord(database, table, key))!;
      if (secrecy === 'HASHED') assert.ok(await database.passwords.isRight(secret, hashOf(record, field)));
      else assert.equal(unsealed(database, table, record, field), secret);
    });
  }
}

async function stored(table: string, primaryKey: string, key: Key): Promise<unknown> {
  const { Item } = await database.documents.send(
    new GetCommand({ TableName: database.tableName(table), Key: { [primaryKey]: key }, ConsistentRead: true }),
  );
  return Item;
}

test('a password is compared with its salted hash, whatever that cost', async () => {
  const cheap = await new Passwords(4).hash('correct horse');
  const dear = new Passwords(5);
  assert.match(cheap, /^scrypt\$16\$8\$3\$/);
  assert.notEqual(await new Passwords(4).hash('correct horse'), cheap);
  assert.equal(await dear.isRight('correct horse', cheap), true);
  assert.equal(await dear.isRight('wrong horse', cheap), false);
  assert.equal(await dear.isRight('correct horse', undefined), false);
});

test('what is sealed opens in its place, with its key, and as it was', () => {
  const [old, other] = [{ id: 'old', key: randomBytes(32) }, { id: 'new', key: randomBytes(32) }];
  const sealed = new Seals([old]).seal('open sesame', 'caves.password');
  assert.equal(new Seals([old]).open(sealed, 'caves.password'), 'open sesame');
  assert.equal(new Seals([other, old]).open(sealed, 'caves.password'), 'open sesame');
  assert.match(new Seals([other, old]).seal('open sesame', 'caves.password'), /^new\./);

  assert.throws(() => new Seals([old]).open(sealed, 'caves.name'));
  assert.throws(() => new Seals([other]).open(sealed, 'caves.password'));
  const changed = `${sealed.slice(0, -4)}${sealed.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
  assert.throws(() => new Seals([old]).open(changed, 'caves.password'));
});
