import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { tables } from '../models/index.js';
import { resources } from '../routes/index.js';
import type { Input } from '../types/index.js';
import { Backend } from './backend.js';
import { changeable, createRecord, fullBody, keyOf, pathOf, plainBody, recordPath, shown } from './samples.js';

let backend: Backend;

before(async () => {
  backend = await Backend.start();
});

after(() => backend.stop());

for (const { table: name } of resources) {
  const table = tables[name]!;
  const path = pathOf(table);
  const settable = Object.keys(plainBody(table));
  const changeableFields = Object.keys(changeable(table, shown(table, plainBody(table))));

  describe(table.name, () => {
    test('a record is created, read, changed, listed and deleted', async () => {
      const replacement = changeable(table, await fullBody(backend, table));
      const body = await fullBody(backend, table);

      const created = await backend.send('POST', path, body);
      assert.equal(created.status, 201, JSON.stringify(created.body));
      assert.deepEqual({ ...created.body, ...shown(table, body) }, created.body);
      assert.equal(created.body._version, 1);
      assert.equal(created.headers.get('location'), recordPath(table, created.body));

      const read = await backend.get(recordPath(table, created.body));
      assert.equal(read.status, 200);
      assert.deepEqual(read.body, created.body);

      const replaced = await backend.send('PUT', recordPath(table, created.body), replacement);
      assert.equal(replaced.status, 200, JSON.stringify(replaced.body));
      assert.deepEqual({ ...replaced.body, ...shown(table, replacement) }, replaced.body);
      assert.equal(replaced.body._version, 2);

      const listed = await backend.get(`${path}?limit=1`);
      assert.deepEqual(listed.body.items, [replaced.body]);

      const deleted = await backend.send('DELETE', recordPath(table, created.body));
      assert.equal(deleted.status, 204);
      assert.equal((await backend.get(recordPath(table, created.body))).status, 404);
      assert.equal((await backend.send('DELETE', recordPath(table, created.body))).status, 404);
    });

    test('a change leaves the other fields alone', { skip: changeableFields.length === 0 }, async () => {
      const record = await createRecord(backend, table);
      const field = changeableFields[0]!;
      const change = { [field]: plainBody(table)[field] };

      const changed = await backend.send('PATCH', recordPath(table, record), change);

      assert.equal(changed.status, 200, JSON.stringify(changed.body));
      const { updated } = table.timestamps;
      assert.deepEqual(changed.body, { ...record, ...change, _version: 2, [updated]: changed.body[updated] });
    });

    test('values of the wrong type are refused, field by field', async () => {
      const fields = settable.filter((field) => table.fields[field] !== 'JSON');
      const wrong = Object.fromEntries(fields.map((field) => [field, { wrong: true }]));

      const answer = await backend.send('POST', path, { ...(await fullBody(backend, table)), ...wrong, surprise: 1 });

      assert.equal(answer.status, 400);
      assert.equal(answer.body.error.code, 'VALIDATION_FAILED');
      const named = answer.body.error.details.map((detail: Input) => detail.field);
      assert.deepEqual(named.sort(), [...fields, 'surprise'].sort());
    });

    test('a body that is not a JSON object is refused', async () => {
      assert.equal((await backend.send('POST', path, '{"a":')).body.error.code, 'MALFORMED_JSON');
      assert.equal((await backend.send('POST', path, '[]')).body.error.code, 'VALIDATION_FAILED');
    });

    test('a list comes in pages, newest first', async () => {
      const records: Input[] = [];
      for (let i = 0; i < 3; i += 1) records.unshift(await createRecord(backend, table));

      const first = await backend.get(`${path}?limit=2`);
      const second = await backend.get(`${path}?limit=2&cursor=${first.body.nextCursor}`);

      const listed = [...first.body.items, ...second.body.items]
        .slice(0, 3)
        .map((record: Input) => keyOf(table, record));
      assert.deepEqual(new Set(listed), new Set(records.map((record) => keyOf(table, record))));
      assert.equal((await backend.get(`${path}?cursor=nonsense`)).body.error.code, 'INVALID_CURSOR');
      assert.equal((await backend.get(`${path}?limit=0`)).status, 400);
      assert.equal((await backend.get(`${path}?surprise=1`)).status, 400);
    });

    test('a change of an outdated version is refused', { skip: changeableFields.length === 0 }, async () => {
      const record = await createRecord(backend, table);
      const change = () => ({ [changeableFields[0]!]: plainBody(table)[changeableFields[0]!] });
      const { headers: read } = await backend.get(recordPath(table, record));
      const headers = { 'If-Match': `"another", ${read.get('etag')}` };
      assert.equal((await backend.send('PATCH', recordPath(table, record), change(), headers)).status, 200);

      const outdated = await backend.send('PATCH', recordPath(table, record), change(), headers);

      assert.equal(outdated.status, 412);
      assert.equal((await backend.get(recordPath(table, record))).body._version, 2);
    });

    for (const field of table.indexed) {
      test(`a list is filtered by ${field}`, async () => {
        const record = await backend.send('POST', path, await fullBody(backend, table));
        await createRecord(backend, table);

        const filter = new URLSearchParams({ [field]: String(record.body[field]) });
        const listed = (await backend.get(`${path}?${filter}`)).body.items as Record<string, unknown>[];

        assert.deepEqual(listed.find((item) => item[table.primaryKey] === record.body[table.primaryKey]), record.body);
        assert.deepEqual(new Set(listed.map((item) => item[field])), new Set([record.body[field]]));
      });
    }

    for (const fields of table.unique) {
      test(`no two records have the same ${fields.join(' and ')}`, async () => {
        const record = (await backend.send('POST', path, await fullBody(backend, table))).body;
        const same = Object.fromEntries(fields.map((field) => [field, record[field]]));
        const body = { ...(await fullBody(backend, table)), ...same };

        const refused = await backend.send('POST', path, body);
        await backend.send('DELETE', recordPath(table, record));
        const accepted = await Promise.all([1, 2, 3].map(() => backend.send('POST', path, body)));

        assert.equal(refused.status, 409);
        assert.deepEqual(
          refused.body.error.details.map((detail: Input) => detail.field),
          fields,
        );
        assert.deepEqual(accepted.map(({ status }) => status).sort(), [201, 409, 409]);
      });
    }

    for (const { field } of table.references) {
      test(`${field} must refer to a record`, async () => {
        const isNumber = ['INTEGER', 'FLOAT'].includes(table.fields[field]!);
        const body = { ...(await fullBody(backend, table)), [field]: isNumber ? 999_999_999 : 'nobody' };

        const answer = await backend.send('POST', path, body);

        assert.equal(answer.status, 400);
        assert.deepEqual(
          answer.body.error.details.map((detail: Input) => detail.field),
          [field],
        );
      });
    }

    for (const { path: links, table: name, isWritable } of table.links) {
      test(`records are linked to ${name} and unlinked, at ${links}`, { skip: !isWritable }, async () => {
        const [own, other] = [await createRecord(backend, table), await createRecord(backend, tables[name]!)];
        const list = `${recordPath(table, own)}/${links}`;
        const link = `${list}/${encodeURIComponent(String(keyOf(tables[name]!, other)))}`;

        for (const method of ['PUT', 'PUT']) assert.equal((await backend.send(method, link)).status, 204);
        assert.deepEqual((await backend.get(list)).body, { items: [other], nextCursor: null });

        for (const method of ['DELETE', 'DELETE']) assert.equal((await backend.send(method, link)).status, 204);
        assert.deepEqual((await backend.get(list)).body, { items: [], nextCursor: null });
        assert.equal((await backend.get(recordPath(tables[name]!, other))).status, 200);
      });

      test(`what is linked to ${name} at ${links} must exist`, async () => {
        const own = recordPath(table, await createRecord(backend, table));
        const missing = 999_999_999;

        assert.equal((await backend.send('PUT', `${own}/${links}/${missing}`)).status, 404);
        assert.equal((await backend.get(`${pathOf(table)}/${missing}/${links}`)).status, 404);
      });
    }

    for (const { table: name, field, onDelete } of table.dependants.filter(hasRoutes)) {
      test(`deleting a record that ${name} refer to by ${field}: ${onDelete}`, async () => {
        const child = tables[name]!;
        const parent = await createRecord(backend, table);
        const record = await createRecord(backend, child, { [field]: keyOf(table, parent) });

        const { status } = await backend.send('DELETE', recordPath(table, parent));
        const left = await backend.get(recordPath(child, record));

        assert.equal(status, onDelete === 'RESTRICT' ? 409 : 204);
        assert.equal(left.status, onDelete === 'CASCADE' ? 404 : 200);
        if (onDelete === 'SET_NULL') assert.equal(left.body[field], null);
      });
    }
  });
}

/** A table of nothing but links has none. */
function hasRoutes({ table }: { readonly table: string }): boolean {
  return resources.some((resource) => resource.table === table);
}
