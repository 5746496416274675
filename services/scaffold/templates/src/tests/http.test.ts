import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Input, Table } from '../types/index.js';
import { Open, changeable, createRecord, fullBody, keyOf, pathOf, recordPath, roomy } from './open.js';

const all = roomy;
/** A table whose records can be created by anybody, and changed. */
const table = all.find((one) => one.generatesKeys && Object.keys(one.secrecy).length === 0) ?? all[0]!;

let backend: Open;

before(async () => {
  backend = await Open.start();
});

after(() => backend.stop());

async function raw(method: string, path: string, body: string | Buffer, type: string): Promise<[number, string]> {
  const answer = await backend.send(method, path, body.toString(), { 'Content-Type': type });
  return [answer.status, answer.body.error?.code];
}

test('a method that is not there is a 405, which says what is', async () => {
  const list = await backend.send('DELETE', pathOf(table));
  const record = await backend.send('POST', `${pathOf(table)}/1`);

  assert.deepEqual([list.status, list.headers.get('allow')], [405, 'GET, POST, HEAD, OPTIONS']);
  assert.deepEqual([record.status, record.headers.get('allow')], [405, 'GET, PATCH, PUT, DELETE, HEAD, OPTIONS']);
});

test('OPTIONS says what is possible', async () => {
  const answer = await backend.send('OPTIONS', pathOf(table));
  assert.deepEqual([answer.status, answer.headers.get('allow')], [204, 'GET, POST, HEAD, OPTIONS']);
});

test('HEAD answers as GET does, without a body', async () => {
  const record = await createRecord(backend, table);
  const read = await backend.get(recordPath(table, record));
  const head = await backend.send('HEAD', recordPath(table, record));

  assert.deepEqual([head.status, head.body], [200, undefined]);
  assert.equal(head.headers.get('etag'), read.headers.get('etag'));
});

test('answers are JSON, and a client that takes none gets a 406', async () => {
  assert.equal((await backend.get(pathOf(table), { Accept: 'text/html' })).status, 406);
  assert.equal((await backend.get(pathOf(table), { Accept: 'text/html, */*;q=0.1' })).status, 200);
});

test('a body that is not JSON by its type is a 415', async () => {
  const refused = [415, 'UNSUPPORTED_MEDIA_TYPE'];
  assert.deepEqual(await raw('POST', pathOf(table), '{}', 'text/plain'), refused);
  assert.deepEqual(await raw('POST', pathOf(table), '{}', 'application/json; charset=latin1'), refused);
  assert.deepEqual(await raw('POST', pathOf(table), '{}', 'application/merge-patch+json'), refused);
  assert.deepEqual(await raw('PATCH', `${pathOf(table)}/1`, '{}', 'application/xml'), refused);
});

test('a body that cannot be kept as it is written is refused', async () => {
  const path = pathOf(table);
  const [open, close] = ['['.repeat(65), ']'.repeat(65)];
  assert.deepEqual(await raw('POST', path, `${open}${close}`, 'application/json'), [400, 'MALFORMED_JSON']);
  assert.deepEqual(await raw('POST', path, `"${open}"`, 'application/json'), [400, 'VALIDATION_FAILED']);
  assert.deepEqual(await raw('POST', path, '{"a":"\\ud800"}', 'application/json'), [400, 'VALIDATION_FAILED']);
  assert.deepEqual(await raw('POST', path, '{"a":"\\u0000"}', 'application/json'), [400, 'VALIDATION_FAILED']);
  assert.deepEqual(await raw('POST', path, '{"a":1,}', 'application/json'), [400, 'MALFORMED_JSON']);
});

test('what a GET answers can be PUT back; what the server sets cannot be changed so', async () => {
  const record = await createRecord(backend, table);
  const path = recordPath(table, record);
  const { created } = table.timestamps;

  const same = await backend.send('PUT', path, record);
  const forged = await backend.send('PUT', path, { ...same.body, [created]: '2001-01-01T00:00:00.000Z' });
  const outdated = await backend.send('PUT', path, record);

  assert.equal(same.status, 200, JSON.stringify(same.body));
  assert.equal(same.body[created], record[created]);
  assert.equal(forged.status, 400);
  assert.deepEqual(forged.body.error.details.map(({ field }: Input) => field), [created]);
  assert.equal(outdated.status, 412);
  assert.deepEqual((await backend.get(path)).body, same.body);
});

test('a record that has not changed is a 304', async () => {
  const path = recordPath(table, await createRecord(backend, table));
  const tag = (await backend.get(path)).headers.get('etag')!;

  assert.equal((await backend.get(path, { 'If-None-Match': tag })).status, 304);
  assert.equal((await backend.get(path, { 'If-None-Match': '"another"' })).status, 200);
});

test('If-Match takes lists of tags, of which a weak one is none', async () => {
  const record = await createRecord(backend, table);
  const path = recordPath(table, record);
  const tag = (await backend.get(path)).headers.get('etag')!;
  const remove = async (header: string) => (await backend.send('DELETE', path, undefined, { 'If-Match': header })).status;

  assert.equal(await remove(`W/${tag}`), 412);
  assert.equal(await remove('"another", "one"'), 412);
  assert.equal(await remove('no tag'), 400);
  assert.equal((await backend.get(path)).status, 200);
  assert.equal(await remove(`"another", ${tag}`), 204);
});

test('an Idempotency-Key creates one record, however often and at once it is sent', async () => {
  const body = await fullBody(backend, table);
  const send = (headers: Record<string, string>) => backend.send('POST', pathOf(table), body, headers);
  const key = { 'Idempotency-Key': '"8e03978e-40d5"' };

  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => send(key)));
  const later = await send(key);
  const changed = await backend.send('POST', pathOf(table), await fullBody(backend, table), key);

  assert.deepEqual(answers.map(({ status }) => status), [201, 201, 201, 201, 201], JSON.stringify(answers));
  assert.equal(new Set([...answers, later].map(({ body: record }) => keyOf(table, record))).size, 1);
  assert.deepEqual(later.body, answers[0]!.body);
  assert.equal(later.headers.get('location'), recordPath(table, later.body));
  assert.deepEqual([changed.status, changed.body.error.code], [422, 'IDEMPOTENCY_KEY_REUSED']);
  assert.equal((await send({ 'Idempotency-Key': 'two words' })).status, 400);
});

test('parameters that are unknown or given twice are refused', async () => {
  const { path } = { path: recordPath(table, await createRecord(backend, table)) };
  assert.equal((await backend.get(`${path}?surprise=1`)).status, 400);
  assert.equal((await backend.get(`${pathOf(table)}?limit=1&limit=2`)).status, 400);
  assert.equal((await backend.send('DELETE', `${path}?surprise=1`)).status, 400);
  assert.equal((await backend.get(path)).status, 200);
});

for (const chosen of all.filter((one) => !one.generatesKeys && one.references.length === 0)) {
  test(`a key of ${chosen.name} that is used again revives no tag`, async () => {
    const body = await fullBody(backend, chosen);
    const first = await backend.send('POST', pathOf(chosen), body);
    const path = recordPath(chosen, first.body);
    await backend.send('DELETE', path);
    await backend.send('POST', pathOf(chosen), body);

    const late = await backend.send('DELETE', path, undefined, { 'If-Match': first.headers.get('etag')! });

    assert.deepEqual([late.status, (await backend.get(path)).status], [412, 200]);
  });

  test(`a PUT with If-None-Match: * creates a record of ${chosen.name} once`, async () => {
    const body = await fullBody(backend, chosen);
    const path = recordPath(chosen, body);
    const put = async () => (await backend.send('PUT', path, changeable(chosen, body), { 'If-None-Match': '*' })).status;

    assert.equal((await backend.send('PUT', path, changeable(chosen, body))).status, 404);
    assert.deepEqual([await put(), await put()], [201, 412]);
    assert.equal((await backend.get(path)).body._version, 1);
  });
}

test('the document of the API is served, and has a path for every table', async () => {
  const { status, body } = await backend.get('/openapi.json');
  assert.deepEqual([status, body.openapi], [200, '3.1.0']);
  for (const one of all satisfies readonly Table[]) assert.ok(body.paths[pathOf(one)].post.responses['201'], one.name);
});

test('what is nowhere is not found, and no stack is shown', async () => {
  const answer = await backend.get('/nowhere/at/all');

  assert.equal(answer.status, 404);
  assert.equal(answer.body.error.code, 'NOT_FOUND');
  assert.doesNotMatch(JSON.stringify(answer.body), /stack|node_modules|[.]js:/);
});
