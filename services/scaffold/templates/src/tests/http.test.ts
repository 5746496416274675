import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Answer, Row } from './backend.js';
{{imports}}
import { open } from './open.js';
import { Resource } from './resource.js';

/** What is said here of one table holds for all. */
{{resource}}

/** A valid body, unlike any other, where nobody is asked. */
{{newBody}}

/** A record, as answers show it. */
async function newRecord(): Promise<Row> {
  return (await get(records.at(await {{make}}()))).body;
}

function get(path: string, headers?: Record<string, string>): Promise<Answer> {
  return open.send('GET', path, undefined, headers);
}

async function raw(method: string, path: string, body: string, type: string): Promise<[number, string]> {
  const answer = await open.send(method, path, body, { 'Content-Type': type });
  return [answer.status, answer.body.error?.code];
}

test('a method that is not there is a 405, which says what is', async () => {
  const list = await open.send('DELETE', '{{path}}');
  const record = await open.send('POST', '{{path}}/1');

  assert.deepEqual([list.status, list.headers.get('allow')], [405, 'GET, POST, HEAD, OPTIONS']);
  assert.deepEqual([record.status, record.headers.get('allow')], [405, 'GET, PATCH, PUT, DELETE, HEAD, OPTIONS']);
});

test('OPTIONS says what is possible', async () => {
  const answer = await open.send('OPTIONS', '{{path}}');
  assert.deepEqual([answer.status, answer.headers.get('allow')], [204, 'GET, POST, HEAD, OPTIONS']);
});

test('HEAD answers as GET does, without a body', async () => {
  const record = await newRecord();
  const read = await get(records.at(record));
  const head = await open.send('HEAD', records.at(record));

  assert.deepEqual([head.status, head.body], [200, undefined]);
  assert.equal(head.headers.get('etag'), read.headers.get('etag'));
});

test('answers are JSON, and a client that takes none gets a 406', async () => {
  assert.equal((await get('{{path}}', { Accept: 'text/html' })).status, 406);
  assert.equal((await get('{{path}}', { Accept: 'text/html, */*;q=0.1' })).status, 200);
});

test('a body that is not JSON by its type is a 415', async () => {
  const refused = [415, 'UNSUPPORTED_MEDIA_TYPE'];
  assert.deepEqual(await raw('POST', '{{path}}', '{}', 'text/plain'), refused);
  assert.deepEqual(await raw('POST', '{{path}}', '{}', 'application/json; charset=latin1'), refused);
  assert.deepEqual(await raw('POST', '{{path}}', '{}', 'application/merge-patch+json'), refused);
  assert.deepEqual(await raw('PATCH', '{{path}}/1', '{}', 'application/xml'), refused);
});

test('a body that cannot be kept as it is written is refused', async () => {
  const path = '{{path}}';
  const [open, close] = ['['.repeat(65), ']'.repeat(65)];
  assert.deepEqual(await raw('POST', path, `${open}${close}`, 'application/json'), [400, 'MALFORMED_JSON']);
  assert.deepEqual(await raw('POST', path, `"${open}"`, 'application/json'), [400, 'VALIDATION_FAILED']);
  assert.deepEqual(await raw('POST', path, '{"a":"\\ud800"}', 'application/json'), [400, 'VALIDATION_FAILED']);
  assert.deepEqual(await raw('POST', path, '{"a":"\\u0000"}', 'application/json'), [400, 'VALIDATION_FAILED']);
  const marked = `{"a":"a${'\u0301'.repeat(31)}"}`;
  assert.deepEqual(await raw('POST', path, marked, 'application/json'), [400, 'VALIDATION_FAILED']);
  assert.deepEqual(await raw('POST', path, '{"a":1,}', 'application/json'), [400, 'MALFORMED_JSON']);
  assert.deepEqual(await raw('POST', path, '{"a":1,"\\u0061":1}', 'application/json'), [400, 'MALFORMED_JSON']);
});

test('of many faults the first are told, and how many more there are', async () => {
  const body = { ...(await newBody()), ...Object.fromEntries(Array.from({ length: 150 }, (_, number) => [`unknown${number}`, 1])) };
  const { status, body: answer } = await open.send('POST', '{{path}}', body);

  assert.equal(status, 400);
  assert.equal(answer.error.details.length, 100);
  assert.match(answer.error.message, /; and 50 more\.$/);
});

test('what a GET answers can be PUT back; what the server sets cannot be changed so', async () => {
  const record = await newRecord();
  const path = records.at(record);

  const same = await open.send('PUT', path, record);
  const forged = await open.send('PUT', path, { ...same.body, {{created}}: '2001-01-01T00:00:00.000Z' });
  const outdated = await open.send('PUT', path, record);

  assert.equal(same.status, 200, JSON.stringify(same.body));
  assert.equal(same.body.{{created}}, record.{{created}});
  assert.equal(forged.status, 400);
  assert.deepEqual(forged.body.error.details.map(({ field }: Row) => field), ['{{created}}']);
  assert.equal(outdated.status, 412);
  assert.deepEqual((await get(path)).body, same.body);
});

test('a record that has not changed is a 304', async () => {
  const path = records.at(await newRecord());
  const tag = (await get(path)).headers.get('etag')!;

  assert.equal((await get(path, { 'If-None-Match': tag })).status, 304);
  assert.equal((await get(path, { 'If-None-Match': '"another"' })).status, 200);
});

test('If-Match takes lists of tags, of which a weak one is none', async () => {
  const record = await newRecord();
  const path = records.at(record);
  const tag = (await get(path)).headers.get('etag')!;
  const remove = async (header: string) => (await open.send('DELETE', path, undefined, { 'If-Match': header })).status;

  assert.equal(await remove(`W/${tag}`), 412);
  assert.equal(await remove('"another", "one"'), 412);
  assert.equal(await remove('no tag'), 400);
  assert.equal((await get(path)).status, 200);
  assert.equal(await remove(`"another", ${tag}`), 204);
});

test('an Idempotency-Key creates one record, however often and at once it is sent', async () => {
  const body = await newBody();
  const send = (headers: Record<string, string>) => open.send('POST', '{{path}}', body, headers);
  const key = { 'Idempotency-Key': '"8e03978e-40d5"' };

  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => send(key)));
  const later = await send(key);
  const changed = await open.send('POST', '{{path}}', await newBody(), key);

  assert.deepEqual(answers.map(({ status }) => status), [201, 201, 201, 201, 201], JSON.stringify(answers));
  assert.equal(new Set([...answers, later].map(({ body: record }) => records.keyOf(record))).size, 1);
  assert.deepEqual(later.body, answers[0]!.body);
  assert.equal(later.headers.get('location'), records.at(later.body));
  assert.deepEqual([changed.status, changed.body.error.code], [422, 'IDEMPOTENCY_KEY_REUSED']);
  assert.equal((await send({ 'Idempotency-Key': 'two words' })).status, 400);
});

test('parameters that are unknown or given twice are refused', async () => {
  const path = records.at(await newRecord());
  assert.equal((await get(`${path}?surprise=1`)).status, 400);
  assert.equal((await get('{{path}}?limit=1&limit=2')).status, 400);
  assert.equal((await open.send('DELETE', `${path}?surprise=1`)).status, 400);
  assert.equal((await get(path)).status, 200);
});

test('the document of the API is served, and has a path for every table', async () => {
  const { status, body } = await get('/openapi.json');
  assert.deepEqual([status, body.openapi], [200, '3.1.0']);
  for (const path of {{paths}}) {
    assert.ok(body.paths[path].post.responses['201'], path);
  }
});

test('what is nowhere is not found, and no stack is shown', async () => {
  const answer = await get('/nowhere/at/all');

  assert.equal(answer.status, 404);
  assert.equal(answer.body.error.code, 'NOT_FOUND');
  assert.doesNotMatch(JSON.stringify(answer.body), /stack|node_modules|[.]js:/);
});
