import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { comesTo, conflicting, faulty, keysOf, shows, type Expected, type Outcome } from './answers.js';
import { count, stored, type Row } from './backend.js';
import { somebody, type Person } from './people.js';

/** What requests of somebody for one record come to. Where `change` is missing, there is nothing to change. */
interface May {
  readonly read: number;
  readonly change?: Outcome;
  readonly delete: number;
}

interface Names {
  readonly table: string;
  readonly path: string;
  readonly key: string;
  /** The field with the time of the last change. */
  readonly updated: string;
}

/** The records of a table as people meet them. Each method does something and asserts all that has to come of it. */
export class Resource {
  constructor(private readonly names: Names) {}

  at(record: Row): string {
    return `${this.names.path}/${this.keyOf(record)}`;
  }

  /** The key of a record as it stands in paths. */
  keyOf(record: Row): string {
    return encodeURIComponent(record[this.names.key]);
  }

  /** What is stored of a record, or undefined. */
  stored(record: Row): Promise<Row | undefined> {
    return stored(this.names.table, { [this.names.key]: record[this.names.key] });
  }

  /** The answer shows what is expected, and where the record is. */
  async create(person: Person, body: Row, expected: Expected): Promise<Row> {
    const answer = await person.post(this.names.path, body);

    shows(answer, 201, expected);
    assert.equal(answer.headers.get('Location'), this.at(answer.body));
    return answer.body;
  }

  /** A record is created at the path of the key that is chosen for it, once. */
  async createAt(person: Person, body: Row): Promise<void> {
    const put = () => person.send('PUT', this.at(body), body, { 'If-None-Match': '*' });
    const answers = await Promise.all([put(), put(), put()]);

    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 412, 412]);
    assert.equal((await put()).status, 412);
    assert.equal((await this.stored(body))?._version, 1);
  }

  /** A record with the key of one that is gone is another, which the tag of that one does not mean. */
  async recreate(person: Person, body: Row): Promise<void> {
    const first = await person.post(this.names.path, body);
    await person.delete(this.at(body));
    const second = await person.post(this.names.path, body);
    assert.equal(second.status, 201, JSON.stringify(second.body));

    const headers = { 'If-Match': first.headers.get('ETag')! };
    assert.equal((await person.send('DELETE', this.at(body), undefined, headers)).status, 412);
    assert.notEqual(await this.stored(body), undefined);
  }

  /** What one person has created with an Idempotency-Key is not answered to another, whose request comes to `outcome`. */
  async createApart(person: Person, another: Person, body: Row, outcome: number): Promise<void> {
    const headers = { 'Idempotency-Key': randomUUID() };
    const create = (who: Person) => who.send('POST', this.names.path, body, headers);
    const [first, same, other] = [await create(person), await create(person), await create(another)];

    assert.deepEqual(same.body, first.body);
    comesTo(other, outcome);
    assert.notEqual(other.body[this.names.key], first.body[this.names.key]);
  }

  /** Neither what is stored nor any answer has a secret in it: "a very secret text", or a hash of it. */
  async hide(person: Person, body: Row, field: string): Promise<void> {
    const creation = await person.post(this.names.path, body);
    assert.equal(creation.status, 201, JSON.stringify(creation.body));
    const at = this.at(creation.body);
    const answers = [
      creation,
      await person.get(at),
      await person.get(this.names.path),
      await person.patch(at, { [field]: 'a very secret text' }),
      await person.post(this.names.path, { ...body, [field]: 7 }),
    ];

    for (const answer of answers) assert.doesNotMatch(JSON.stringify(answer.body), /very secret|scrypt\$/);
    for (const { body: shown } of answers.slice(0, 2)) assert.ok(!Object.hasOwn(shown, field));
    assert.doesNotMatch(JSON.stringify(await this.stored(creation.body)), /very secret/);
  }

  async read(person: Person, record: Row): Promise<void> {
    shows(await person.get(this.at(record)), 200, () => record);
  }

  /** A number stands in a path as it does in answers. */
  async missAliases(person: Person, record: Row): Promise<void> {
    const { path, key } = this.names;
    assert.equal((await person.get(this.at(record))).status, 200);
    for (const alias of [`0${record[key]}`, `${record[key]}.0`, `%2B${record[key]}`, `${record[key]}e0`]) {
      assert.equal((await person.get(`${path}/${alias}`)).status, 404, alias);
    }
  }

  /** What patches add to a field of JSON is bounded by what a PUT may send back. */
  async growNoFurther(person: Person, record: Row, field: string): Promise<void> {
    const grow = (member: string) => person.patch(this.at(record), { [field]: { [member]: 'x'.repeat(150_000) } });
    assert.equal((await grow('first')).status, 200);
    const before = await this.stored(record);
    const answer = await grow('second');

    assert.deepEqual([answer.status, answer.body.error.code], [413, 'BODY_TOO_LARGE']);
    assert.deepEqual(await this.stored(record), before);
  }

  async replace(person: Person, record: Row, body: Row, expected: Expected): Promise<void> {
    shows(await person.put(this.at(record), body), 200, expected);
  }

  /** Change one field after another: each change shows, and from one to the next nothing else does. */
  async change(person: Person, record: Row, values: readonly (readonly [string, unknown])[]): Promise<void> {
    const { updated } = this.names;
    let before: Row | undefined;
    for (const [field, value] of values) {
      const answer = await person.patch(this.at(record), { [field]: value });

      const change = { [field]: value, [updated]: answer.body[updated] };
      assert.equal(answer.status, 200, `${field}: ${JSON.stringify(answer.body)}`);
      shows(answer, 200, (shown) => ({ ...(before ?? shown), ...change, _version: (before?._version ?? 1) + 1 }));
      before = answer.body;
    }
  }

  /** Delete a record, which is gone then: to do it again comes to `outcome`. */
  async delete(person: Person, record: Row, outcome = 404): Promise<void> {
    const answer = await person.delete(this.at(record));

    assert.equal(answer.status, 204, JSON.stringify(answer.body));
    assert.equal(answer.body, undefined);
    assert.equal(await this.stored(record), undefined);
    assert.equal((await person.delete(this.at(record))).status, outcome);
  }

  /** Whoever may not create a record makes none. */
  async tryToCreate(person: Person, body: Row, outcome: Outcome): Promise<void> {
    const before = await count(this.names.table);

    comesTo(await person.post(this.names.path, body), outcome);
    assert.equal(await count(this.names.table), outcome === 201 ? before + 1 : before);
  }

  /** Somebody reads, lists, changes and deletes a record, as far as they may. A list shows what may be read. */
  async allow(person: Person, record: Row, change: Row | undefined, may: May): Promise<void> {
    comesTo(await person.get(this.at(record)), may.read);
    const list = await person.get(this.names.path);
    comesTo(list, [401, 403].includes(may.read) ? may.read : 200);
    const listed = list.status === 200 && keysOf(list.body.items, this.names.key).includes(record[this.names.key]);
    assert.equal(listed, may.read === 200, 'a list shows what may be read');

    if (change !== undefined) await this.tryToChange(person, record, change, may.change!);
    comesTo(await person.delete(this.at(record)), may.delete);
    assert.equal((await this.stored(record)) === undefined, may.delete === 204);
  }

  /** Whoever may change a record does, and who may not leaves it as it is. */
  async tryToChange(person: Person, record: Row, change: Row, outcome: Outcome): Promise<void> {
    const before = await this.stored(record);

    const answer = await person.patch(this.at(record), change);
    comesTo(answer, outcome);
    if (outcome === 200) assert.deepEqual(answer.body, { ...answer.body, ...change });
    else assert.deepEqual(await this.stored(record), before);
  }

  /** A record comes with those that it refers to, as far as they may be read; `paths` and `shown` are by their names. */
  async expand(person: Person, record: Row, paths: Row, shown: Row): Promise<void> {
    const query = `expand=${Object.keys(paths).join(',')}`;
    const one = await person.get(`${this.at(record)}?${query}`);
    const list = await person.get(`${this.names.path}?${query}`);
    const listed = list.body.items.find((item: Row) => this.keyOf(item) === this.keyOf(record));

    for (const [name, path] of Object.entries(paths)) {
      const target = await person.get(path);
      assert.equal(target.status === 200, shown[name], `${name}: ${target.status}`);
      for (const body of [one.body, listed]) assert.deepEqual(body[name], shown[name] ? target.body : null, name);
    }
  }

  /** A list below a record, of others, has this one or not; or it is refused with a status. */
  async listBelow(person: Person, record: Row, path: string, of: Resource, other: Row, outcome: number | boolean) {
    const answer = await person.get(`${this.at(record)}/${path}`);
    comesTo(answer, typeof outcome === 'number' ? outcome : 200);
    if (typeof outcome === 'number') return;

    const matches = answer.body.items.filter((item: Row) => of.keyOf(item) === of.keyOf(other));
    assert.equal(matches.length, outcome ? 1 : 0, JSON.stringify(answer.body));
  }

  /** What is not valid makes no record; the answer names the fields at fault. */
  async refuse(person: Person, body: Row, fields: readonly string[]): Promise<void> {
    const before = await count(this.names.table);

    faulty(await person.post(this.names.path, body), fields);
    assert.equal(await count(this.names.table), before);
  }

  /** What is not valid leaves the record as it is. */
  async refuseChange(person: Person, record: Row, body: Row, fields: readonly string[]): Promise<void> {
    const before = await this.stored(record);

    faulty(await person.patch(this.at(record), body), fields);
    assert.deepEqual(await this.stored(record), before);
  }

  async refuseReplacement(person: Person, record: Row, body: Row, fields: readonly string[]): Promise<void> {
    const before = await this.stored(record);

    faulty(await person.put(this.at(record), body), fields);
    assert.deepEqual(await this.stored(record), before);
  }

  /** Requests that go by the tag of another state of the record leave it as it is. */
  async refuseStale(person: Person, record: Row, bodies: Readonly<Record<string, Row | undefined>>): Promise<void> {
    await this.refuseTag(person, record, bodies, { 'If-Match': '"another"' });
    const tag = (await person.get(this.at(record))).headers.get('ETag');
    if (tag === null) return;
    await this.refuseTag(person, record, bodies, { 'If-None-Match': tag });
    if (!('PATCH' in bodies)) return;

    const change = await person.send('PATCH', this.at(record), bodies.PATCH, { 'If-Match': `"another", ${tag}` });
    assert.equal(change.status, 200, JSON.stringify(change.body));
    assert.notEqual(change.headers.get('ETag'), tag);
    await this.refuseTag(person, record, bodies, { 'If-Match': tag });
  }

  private async refuseTag(person: Person, record: Row, bodies: Readonly<Record<string, Row | undefined>>, headers: Row) {
    const before = await this.stored(record);
    for (const [method, body] of Object.entries(bodies)) {
      const answer = await person.send(method, this.at(record), body, headers);

      assert.equal(answer.status, 412, `${method}: ${JSON.stringify(answer.body)}`);
      assert.deepEqual(await this.stored(record), before, method);
    }
  }

  async refuseDelete(person: Person, record: Row): Promise<void> {
    const before = await this.stored(record);
    const answer = await person.delete(this.at(record));

    assert.equal(answer.status, 409, JSON.stringify(answer.body));
    assert.deepEqual(await this.stored(record), before);
  }

  /** A record that shares with another what is unique is not made; the answer names the fields. */
  async conflict(person: Person, body: Row, fields: readonly string[]): Promise<void> {
    const before = await count(this.names.table);

    conflicting(await person.post(this.names.path, body), fields);
    assert.equal(await count(this.names.table), before);
  }

  async conflictOfChange(person: Person, record: Row, body: Row, fields: readonly string[]): Promise<void> {
    const before = await this.stored(record);

    conflicting(await person.patch(this.at(record), body), fields);
    assert.deepEqual(await this.stored(record), before);
  }

  /** Of records that share what is unique and come at once, one is made. */
  async createOne(person: Person, bodies: readonly Row[]): Promise<void> {
    const before = await count(this.names.table);
    const answers = await Promise.all(bodies.map((body) => person.post(this.names.path, body)));

    const others = bodies.slice(1).map(() => 409);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...others]);
    assert.equal(await count(this.names.table), before + 1);
  }

  /** A list comes in pages, and these, which are the newest, come first. Its cursor is for nobody else. */
  async page(person: Person, newest: readonly Row[]): Promise<void> {
    const { path, key } = this.names;
    const first = await person.get(`${path}?limit=2`);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.equal(first.body.items.length, 2);
    const next = `${path}?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`;
    assert.notEqual((await (await somebody()).get(next)).status, 200);
    const second = await person.get(next);
    assert.equal(second.status, 200, JSON.stringify(second.body));

    const listed = [...first.body.items, ...second.body.items].slice(0, newest.length);
    assert.deepEqual(new Set(keysOf(listed, key)), new Set(keysOf(newest, key)));
  }

  /** The list of what has these values has these records, and no more. */
  async list(person: Person, filter: Row, records: readonly Row[]): Promise<void> {
    const answer = await person.get(`${this.filtered(filter)}&count=true`);

    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual(keysOf(answer.body.items, this.names.key).sort(), keysOf(records, this.names.key).sort());
    assert.deepEqual(answer.body.total, { value: records.length, relation: 'eq' });
    assert.equal(answer.body.nextCursor, null);
  }

  /** The same where other tests have records with the value, too. */
  async listAmongOthers(person: Person, field: string, value: unknown, record: Row): Promise<void> {
    const answer = await person.get(`${this.filtered({ [field]: value })}&limit=100`);

    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual([...new Set(keysOf(answer.body.items, field))], [value]);
    assert.ok(keysOf(answer.body.items, this.names.key).includes(record[this.names.key]));
  }

  /** Of what a list has by a filter, these records are in the order of a field, one way and the other. */
  async order(person: Person, filter: Row, by: string, records: readonly Row[]): Promise<void> {
    const { path, key } = this.names;
    for (const [sort, expected] of [[by, records], [`-${by}`, records.toReversed()]] as const) {
      const answer = await person.get(`${path}?${new URLSearchParams({ ...filter, sort, limit: '100' })}`);

      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const listed = keysOf(answer.body.items, key).filter((each) => keysOf(records, key).includes(each));
      assert.deepEqual(listed, keysOf(expected, key));
    }
  }

  /**
   * Delete a record while one that refers to it is made, some times over: none is left that refers to one that is gone.
   */
  async leaveNoOrphan(person: Person, make: () => Promise<Row>, child: Resource, refer: (record: Row) => Promise<Row>) {
    for (let round = 0; round < 4; round += 1) {
      const record = await make();
      const [referring] = await Promise.all([refer(record).catch(() => undefined), person.delete(this.at(record))]);
      if (referring === undefined || (await this.stored(record)) !== undefined) continue;

      const left = (await child.stored(referring)) ?? {};
      assert.ok(!Object.values(left).includes(record[this.names.key]), 'it refers to a record that is gone');
    }
  }

  private filtered(filter: Row): string {
    return `${this.names.path}?${new URLSearchParams(filter)}`;
  }
}
