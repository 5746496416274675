import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Answer, Row } from './backend.js';
import { open } from './open.js';
import { Resource } from './resource.js';
import { {{make}} } from './samples.js';

/** What is said here of one table holds for all. */
{{resource}}

/** A record, as answers show it. */
async function newRecord(): Promise<Row> {
  return (await get(records.at(await {{make}}()))).body;
}

/** A record that is made in another millisecond than one before it. */
async function newer(before: Row): Promise<Row> {
  const record = await newRecord();
  return record.{{created}} === before.{{created}} ? newer(before) : record;
}

function get(path: string): Promise<Answer> {
  return open.send('GET', path);
}

function keys({ body }: Answer): string[] {
  return body.items.map((item: Row) => records.keyOf(item));
}

describe('a list', () => {
  test('has every record once, by pages in both directions', async () => {
    const made = [await newRecord(), await newRecord(), await newRecord()];
    const since = `{{created}}[gte]=${encodeURIComponent(made[0]!.{{created}})}`;
    const whole = keys(await get(`{{path}}?limit=100&${since}`));
    for (const record of made) assert.ok(whole.includes(records.keyOf(record)));

    for (const [sort, expected] of [['-{{created}}', whole], ['{{created}}', whole.toReversed()]] as const) {
      const listed: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const answer = await get(`{{path}}?limit=2&${since}&sort=${sort}${cursor && `&cursor=${cursor}`}`);
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        listed.push(...keys(answer));
        cursor = answer.body.nextCursor;
      }
      assert.equal(new Set(listed).size, listed.length);
      assert.deepEqual(new Set(listed), new Set(expected));
    }
  });

  test('is in the order that is asked for, newest first unless it is', async () => {
    const first = await newRecord();
    const second = await newer(first);
    const oldestFirst = [first, second, await newer(second)].map((record) => records.keyOf(record));
    const since = `{{created}}[gte]=${encodeURIComponent(first.{{created}})}`;
    const listed = async (query: string) => keys(await get(`{{path}}?${since}${query}`)).filter((key) => oldestFirst.includes(key));

    assert.deepEqual(await listed('&sort={{created}}'), oldestFirst);
    assert.deepEqual(await listed('&sort=-{{created}}'), oldestFirst.toReversed());
    assert.deepEqual(await listed(''), oldestFirst.toReversed());
  });

  test('has a cursor that is good for it alone', async () => {
    for (let i = 0; i < 2; i += 1) await newRecord();
    const { nextCursor } = (await get('{{path}}?limit=1')).body;
    const [text, signature] = nextCursor.split('.');
    const forged = Buffer.from(Buffer.from(text, 'base64url').toString().replace('{', '{ ')).toString('base64url');

    for (const query of [`sort={{created}}&cursor=${nextCursor}`, `cursor=${forged}.${signature}`, `cursor=${text}`]) {
      const answer = await get(`{{path}}?limit=1&${query}`);
      assert.deepEqual([answer.status, answer.body.error.code], [400, 'INVALID_CURSOR'], query);
    }
  });

  test('is of a range of time, and counted', async () => {
    const record = await newRecord();
    const moment = encodeURIComponent(record.{{created}});

    const since = await get(`{{path}}?{{created}}[gte]=${moment}&count=true`);
    const later = await get(`{{path}}?{{created}}[gt]=${moment}&{{created}}[lt]=${moment}&count=true`);

    assert.ok(keys(since).includes(records.keyOf(record)));
    assert.deepEqual(since.body.total, { value: since.body.items.length, relation: 'eq' });
    assert.deepEqual(later.body, { items: [], nextCursor: null, total: { value: 0, relation: 'eq' } });
  });

  test('comes with nothing that its records do not refer to', async () => {
    assert.equal((await get('{{path}}?expand=surprise')).status, 400);
  });
});
