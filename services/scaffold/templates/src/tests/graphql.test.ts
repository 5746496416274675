import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withServer, type Send } from './backend.js';
import { ask } from './graphqlResource.js';
import { open } from './open.js';

/** The codes with which a query is refused, before anything is read. */
async function refused(query: string): Promise<readonly string[]> {
  const { data, codes } = await ask(poster(open), query);
  assert.equal(data, null);
  return codes;
}

function poster(server: { readonly send: Send }) {
  return { post: (path: string, body: unknown) => server.send('POST', path, body) };
}

test('queries come by POST, one a request', async () => {
  const get = await open.send('GET', '/graphql?query={__typename}');
  const batch = await open.send('POST', '/graphql', [{ query: '{ __typename }' }]);
  const none = await open.send('POST', '/graphql');

  assert.deepEqual([get.status, get.headers.get('Allow')], [405, 'POST, OPTIONS']);
  assert.deepEqual([batch.status, batch.body.error.code], [400, 'BAD_REQUEST']);
  assert.deepEqual([none.status, none.body.error.code], [400, 'BAD_REQUEST']);
});

test('what is no query is refused', async () => {
  assert.deepEqual(await refused('{ {{many}} {'), ['BAD_REQUEST']);
  assert.deepEqual(await refused('{ nothingOfTheSort }'), ['BAD_REQUEST']);
  assert.deepEqual(await refused('query ($limit: Int) { {{many}}(limit: $limit) { nextCursor ...again } } fragment again on Query { ...again }'), [
    'BAD_REQUEST',
    'BAD_REQUEST',
  ]);
});

test('a query that asks for too much is refused', async () => {
  const lists = Array.from({ length: 20 }, (_, number) => `a${number}: {{many}}(limit: 100) { items { {{key}} } }`);
  const aliases = Array.from({ length: 31 }, (_, number) => `a${number}: __typename`);

  assert.deepEqual(await refused(`{ ${lists.join(' ')} }`), ['QUERY_TOO_LARGE']);
  assert.deepEqual(await refused(`{ ${aliases.join(' ')} }`), ['QUERY_TOO_LARGE']);
  assert.deepEqual(await refused(`{ ${'__typename '.repeat(501)} }`), ['QUERY_TOO_LARGE']);
  assert.deepEqual(await refused(`{ ${'__typename '.repeat(2001)} }`), ['BAD_REQUEST']);
});

test('fragments that double are refused at once', async () => {
  const doubling = Array.from({ length: 60 }, (_, number) => `fragment f${number} on Query { ...f${number + 1} ...f${number + 1} }`);
  const query = `{ ...f0 } ${doubling.join(' ')} fragment f60 on Query { __typename }`;

  assert.deepEqual(await refused(query), ['QUERY_TOO_LARGE']);
});
{{deep}}
test('of many faults of a variable the first are told, in short', async () => {
  const query = 'query ($filter: {{type}}Filter) { {{many}}(filter: $filter) { nextCursor } }';
  const filter = Object.fromEntries(Array.from({ length: 5_000 }, (_, number) => [`unknown${number}`, 1]));
  const { body } = await open.send('POST', '/graphql', { query, variables: { filter } });

  assert.equal(body.errors.length, 11);
  for (const { message } of body.errors) assert.ok(message.length <= 500);
});

test('a page is as bounded as by REST', async () => {
  const { data, codes } = await ask(poster(open), '{ {{many}}(limit: 101) { nextCursor } }');
  assert.deepEqual([data, codes], [{ {{many}}: null }, ['VALIDATION_FAILED']]);
});

test('what the schema is, is told to developers, and to nobody in production', async () => {
  const query = '{ __schema { queryType { name } } }';
  assert.deepEqual((await ask(poster(open), query)).data, { __schema: { queryType: { name: 'Query' } } });

  await withServer({ NODE_ENV: 'production', PASSWORD_COST: '15' }, async (send) => {
    const { data, codes } = await ask(poster({ send }), query);
    assert.deepEqual([data, codes], [null, ['BAD_REQUEST', 'BAD_REQUEST']]);

    const close = 'query ($filter: {{type}}Filter) { {{many}}(filter: $filter) { nextCursor } }';
    const answer = await send('POST', '/graphql', { query: close, variables: { filter: { {{created}}s: '' } } });
    assert.match(answer.body.errors[0].message, /is not defined by type "{{type}}Filter"\.$/);
  });
});
