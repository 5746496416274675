import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { withServer, type Answer, type Row } from '../backend.js';
import { nobody, somebody, type Person } from '../people.js';

const TEXT = 'what is in the file, with an ä';
const FILE = { name: 'a note (1) ä.txt', contentType: 'text/plain', bytes: Buffer.byteLength(TEXT) };

async function begin(person: Person, file: Row = FILE): Promise<Row> {
  const answer = await person.post('{{path}}', file);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  assert.equal(answer.headers.get('location'), `{{path}}/${answer.body.id}`);
  return answer.body;
}

async function submit({ upload }: Row, text = TEXT, fields: Row = {}): Promise<number> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...upload.fields, ...fields })) form.append(name, String(value));
  form.append('file', new Blob([text]), 'whatever');
  return (await fetch(upload.url, { method: 'POST', body: form })).status;
}

async function stored(person: Person): Promise<string> {
  const file = await begin(person);
  assert.equal(await submit(file), 204);
  return file.id;
}

function faults(answer: Answer): string[] {
  assert.equal(answer.status, 400);
  return answer.body.error.details.map((detail: Row) => detail.field);
}

describe('files at {{path}}', () => {
  test('are sent, listed, got and deleted by whom they belong to', async () => {
    const person = await somebody();
    const id = await stored(person);

    const [listed] = (await person.get('{{path}}')).body.items;
    const { body } = await person.get(`{{path}}/${id}`);
    const download = await fetch(body.download.url);

    assert.deepEqual([listed.id, listed.name, listed.bytes], [id, FILE.name, FILE.bytes]);
    assert.equal(body.contentType, FILE.contentType);
    assert.equal(await download.text(), TEXT);
    assert.match(download.headers.get('Content-Disposition') ?? '', /^attachment; filename\*=UTF-8''a%20note%20%281%29%20%C3%A4\.txt$/);
    assert.equal((await person.delete(`{{path}}/${id}`)).status, 204);
    assert.equal((await person.get(`{{path}}/${id}`)).status, 404);
    assert.equal((await fetch(body.download.url)).status, 404);
  });

  test('come in pages, the newest first', async () => {
    const person = await somebody();
    const ids = [];
    for (let i = 0; i < 3; i += 1) ids.unshift(await stored(person));

    const first = (await person.get('{{path}}?limit=2')).body;
    const second = (await person.get(`{{path}}?limit=2&cursor=${first.nextCursor}`)).body;

    assert.deepEqual([...first.items, ...second.items].map((file: Row) => file.id), ids);
    assert.equal(first.items.length, 2);
    assert.equal(second.nextCursor, null);
  });

  test('are nobody else’s', async () => {
    const [person, other] = [await somebody(), await somebody()];
    const [id] = [await stored(person), await stored(person)];
    const { nextCursor } = (await person.get('{{path}}?limit=1')).body;

    assert.deepEqual((await other.get('{{path}}')).body.items, []);
    assert.equal((await other.get(`{{path}}/${id}`)).status, 404);
    assert.equal((await other.delete(`{{path}}/${id}`)).status, 404);
    assert.equal((await other.get(`{{path}}?cursor=${nextCursor}`)).status, 400);
    assert.equal((await nobody.get('{{path}}')).status, 401);
    assert.equal((await nobody.post('{{path}}', {})).status, 401);
    assert.equal((await person.get(`{{path}}/${id}`)).status, 200);
  });

  test('are not there until they are sent', async () => {
    const person = await somebody();
    const { id } = await begin(person);

    assert.equal((await person.get(`{{path}}/${id}`)).status, 404);
    assert.equal((await person.get('{{path}}/nothing')).status, 404);
    assert.deepEqual((await person.get('{{path}}')).body.items, []);
  });

  test('are of the size and the type, and in the place, that was asked for', async () => {
    const person = await somebody();
    const file = await begin(person);

    for (const text of ['', `${TEXT}, and more`]) assert.ok((await submit(file, text)) >= 400);
    for (const fields of [{ 'Content-Type': 'text/html' }, { key: 'elsewhere/note.txt' }]) {
      assert.ok((await submit(file, TEXT, fields)) >= 400);
    }
    assert.deepEqual((await person.get('{{path}}')).body.items, []);
  });

  test('have a name, a type and a size that are accepted', async () => {
    const person = await somebody();
    const wrong = { name: '../a', contentType: 'text/html', bytes: 10_000_001 };

    assert.deepEqual(faults(await person.post('{{path}}', wrong)).sort(), ['bytes', 'contentType', 'name']);
    assert.deepEqual(faults(await person.post('{{path}}', { ...FILE, bytes: '1', more: 1 })).sort(), ['bytes', 'more']);
    for (const name of ['.', '..', 'a/b', 'a\\b', 'a\u0000b', 'a ${filename}', 'x'.repeat(201)]) {
      assert.deepEqual(faults(await person.post('{{path}}', { ...FILE, name })), ['name']);
    }
  });

  test('are within the limits that are set', async () => {
    const limits = { {{setting}}_MAX_BYTES: '5', {{setting}}_TYPES: 'image/png, application/pdf' };
    await withServer({ AUTH: 'off', JWT_SECRET: '', ...limits }, async (ask) => {
      const refused = await ask('POST', '{{path}}', { ...FILE, bytes: 6 });
      const accepted = await ask('POST', '{{path}}', { name: 'a.pdf', contentType: 'application/pdf', bytes: 5 });

      assert.deepEqual(faults(refused).sort(), ['bytes', 'contentType']);
      assert.equal(accepted.status, 201);
    });
  });
});
