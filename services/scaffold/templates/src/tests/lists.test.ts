import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { tables } from '../models/index.js';
import { make } from './samples.js';
import type { Input } from '../types/index.js';
import { Open, createRecord, keyOf, pathOf, recordPath, roomy } from './open.js';

let backend: Open;

before(async () => {
  backend = await Open.start();
});

after(() => backend.stop());

/** Of many tables, these show what the code for all of them does. */
const MOST = 8;

for (const table of roomy.slice(0, MOST)) {
  const path = pathOf(table);
  const { created } = table.timestamps;
  const keys = (answer: { readonly body: { readonly items: Input[] } }) => answer.body.items.map((item) => keyOf(table, item));

  describe(`the list of ${table.name}`, () => {
    test('pages in both directions have every record once', async () => {
      const { [created]: moment } = await createRecord(backend, table);
      for (let i = 0; i < 2; i += 1) await createRecord(backend, table);
      const since = `${created}[gte]=${encodeURIComponent(String(moment))}`;
      const whole = keys(await backend.get(`${path}?limit=100&${since}`));

      for (const [sort, expected] of [[`-${created}`, whole], [created, whole.toReversed()]] as const) {
        const listed: unknown[] = [];
        for (let cursor: string | null = ''; cursor !== null; ) {
          const answer = await backend.get(`${path}?limit=2&${since}&sort=${sort}${cursor && `&cursor=${cursor}`}`);
          assert.equal(answer.status, 200, JSON.stringify(answer.body));
          listed.push(...keys(answer));
          cursor = answer.body.nextCursor;
        }
        assert.equal(new Set(listed).size, listed.length);
        assert.deepEqual(new Set(listed), new Set(expected));
      }
    });

    test('a cursor is good for its own list alone', async () => {
      for (let i = 0; i < 2; i += 1) await createRecord(backend, table);
      const { nextCursor } = (await backend.get(`${path}?limit=1`)).body;
      const [text, signature] = nextCursor.split('.');
      const forged = Buffer.from(Buffer.from(text, 'base64url').toString().replace('{', '{ ')).toString('base64url');

      for (const query of [`sort=${created}&cursor=${nextCursor}`, `cursor=${forged}.${signature}`, `cursor=${text}`]) {
        const answer = await backend.get(`${path}?limit=1&${query}`);
        assert.deepEqual([answer.status, answer.body.error.code], [400, 'INVALID_CURSOR'], query);
      }
    });

    test('a range of time is asked for, and counted', async () => {
      const record = await createRecord(backend, table);
      const moment = encodeURIComponent(String(record[created]));

      const since = await backend.get(`${path}?${created}[gte]=${moment}&count=true`);
      const later = await backend.get(`${path}?${created}[gt]=${moment}&${created}[lt]=${moment}&count=true`);

      assert.ok(keys(since).includes(keyOf(table, record)));
      assert.deepEqual(since.body.total, { value: since.body.items.length, relation: 'eq' });
      assert.deepEqual(later.body, { items: [], nextCursor: null, total: { value: 0, relation: 'eq' } });
    });

    for (const [field] of table.unique.filter((fields) => fields.length === 1)) {
      test(`a record is found by its ${field} at once`, { skip: Object.hasOwn(table.secrecy, field!) }, async () => {
        await createRecord(backend, table);
        const record = await createRecord(backend, table);
        if (record[field!] === null) return;

        const answer = await backend.get(`${path}?${new URLSearchParams({ [field!]: String(record[field!]) })}`);

        assert.deepEqual(answer.body, { items: [record], nextCursor: null });
      });
    }

    for (const { field, table: name, expansion } of table.references.filter(({ nullable }) => !nullable)) {
      test(`the record that ${field} refers to comes along as ${expansion}`, async () => {
        const record = await createRecord(backend, table);
        const target = tables[name]!;
        const parent = await backend.get(recordPath(target, { [target.primaryKey]: record[field] }));

        const one = await backend.get(`${recordPath(table, record)}?expand=${expansion}`);
        const list = await backend.get(`${path}?limit=1&expand=${expansion}`);

        assert.deepEqual(one.body[expansion], parent.body);
        assert.deepEqual(list.body.items[0][expansion][target.primaryKey], list.body.items[0][field]);
        assert.equal((await backend.get(`${path}?expand=surprise`)).status, 400);
      });
    }

    for (const { path: list, table: name, field } of table.children.filter(({ table: child }) => Object.hasOwn(make, child))) {
      test(`what refers to a record by ${field} is at ${list}`, async () => {
        const child = tables[name]!;
        const parent = await createRecord(backend, table);
        const record = await createRecord(backend, child, { [field]: keyOf(table, parent) });
        await createRecord(backend, child);

        const answer = await backend.get(`${recordPath(table, parent)}/${list}`);

        assert.deepEqual(answer.body.items.map((item: Input) => keyOf(child, item)), [keyOf(child, record)]);
        assert.equal((await backend.get(`${path}/999999999/${list}`)).status, 404);
      });
    }
  });
}
