import assert from 'node:assert/strict';

import { stored, type Row } from './backend.js';
import type { Person } from './people.js';

interface Names {
  readonly table: string;
  readonly key: string;
  /** The type of its key, such as ID. */
  readonly keyType: string;
  readonly type: string;
  readonly one: string;
  readonly many: string;
  readonly fields: readonly string[];
}

/** What somebody is answered: `codes` are those of its errors. */
export interface Result {
  readonly data: Row | null;
  readonly codes: readonly string[];
}

export async function ask(person: Pick<Person, 'post'>, query: string, variables: Row = {}): Promise<Result> {
  const { status, body } = await person.post('/graphql', { query, variables });
  assert.equal(status, 200, JSON.stringify(body));
  return { data: body.data ?? null, codes: (body.errors ?? []).map(({ extensions }: Row) => extensions.code as string) };
}

/** The records of a table as people meet them by GraphQL. Each method does something and asserts all that has to come of it. */
export class GraphqlResource {
  constructor(private readonly names: Names) {}

  /** The answer shows what is expected; only what the server chose is taken from the answer itself. */
  async create(person: Person, input: Row, expected: (shown: Row) => Row): Promise<Row> {
    const { type } = this.names;
    const record = await this.answered(
      person,
      `mutation ($input: ${type}Create!) { record: create${type}(input: $input) ${this.selection} }`,
      { input },
    );

    assert.deepEqual(record, expected(record));
    return record;
  }

  async read(person: Person, record: Row): Promise<void> {
    const { many, key } = this.names;
    assert.deepEqual(await this.answered(person, this.reading, this.idOf(record)), record);

    const page = await this.answered(person, `{ record: ${many}(limit: 100) { items ${this.selection} } }`);
    assert.deepEqual(page.items.find((item: Row) => item[key] === record[key]), record);
  }

  /** A change at another version is refused, and one at this shows. */
  async change(person: Person, record: Row, input: Row): Promise<void> {
    const before = await this.stored(record);
    const stale = await ask(person, this.changing, { ...this.idOf(record), input, ifMatch: '"another"' });
    assert.deepEqual([stale.codes, await this.stored(record)], [['VERSION_CHANGED'], before]);

    const changed = await this.answered(person, this.changing, { ...this.idOf(record), input });
    assert.deepEqual({ ...changed, ...input, _version: 2 }, changed);
    assert.equal((await this.stored(record))?._version, 2);
  }

  /** What a query and its variables put together is no deeper than a body may be. */
  async refuseDepth(person: Person, record: Row, field: string): Promise<void> {
    const { key, keyType, type } = this.names;
    const [open, close] = ['['.repeat(40), ']'.repeat(40)];
    const change = `record: update${type}(id: $id, input: { ${field}: ${open}$inner${close} }) { ${key} }`;
    const query = `mutation ($id: ${keyType}!, $inner: JSON) { ${change} }`;
    const before = await this.stored(record);
    const refused = await ask(person, query, { ...this.idOf(record), inner: JSON.parse(`${open}${close}`) });

    assert.deepEqual(refused, { data: null, codes: ['MALFORMED_JSON'] });
    assert.deepEqual(await this.stored(record), before);
    assert.deepEqual((await ask(person, query, { ...this.idOf(record), inner: 1 })).codes, []);
  }

  async delete(person: Person, record: Row): Promise<void> {
    assert.deepEqual(await ask(person, this.deleting, this.idOf(record)), { data: { record: true }, codes: [] });
    assert.equal(await this.stored(record), undefined);
  }

  /** What is refused, with which code, changes nothing. */
  async refuse(person: Person, record: Row, codes: { read?: string; update?: readonly [Row, string]; delete?: string }): Promise<void> {
    const before = await this.stored(record);
    const id = this.idOf(record);
    const { read, update, delete: deletion } = codes;

    if (read !== undefined) assert.deepEqual(await ask(person, this.reading, id), { data: { record: null }, codes: [read] });
    if (update !== undefined) {
      const [input, code] = update;
      assert.deepEqual(await ask(person, this.changing, { ...id, input }), { data: null, codes: [code] });
    }
    if (deletion !== undefined) assert.deepEqual(await ask(person, this.deleting, id), { data: null, codes: [deletion] });
    assert.deepEqual(await this.stored(record), before);
  }

  private get selection(): string {
    return `{ ${this.names.fields.join(' ')} }`;
  }

  private get reading(): string {
    const { one, keyType } = this.names;
    return `query ($id: ${keyType}!) { record: ${one}(id: $id) ${this.selection} }`;
  }

  private get changing(): string {
    const { type, keyType } = this.names;
    const variables = `($id: ${keyType}!, $input: ${type}Patch!, $ifMatch: String)`;
    return `mutation ${variables} { record: update${type}(id: $id, input: $input, ifMatch: $ifMatch) ${this.selection} }`;
  }

  private get deleting(): string {
    const { type, keyType } = this.names;
    return `mutation ($id: ${keyType}!) { record: delete${type}(id: $id) }`;
  }

  private async answered(person: Person, query: string, variables?: Row): Promise<Row> {
    const { data, codes } = await ask(person, query, variables);
    assert.deepEqual(codes, []);
    return data!.record as Row;
  }

  private idOf(record: Row): Row {
    return { id: record[this.names.key] };
  }

  private stored(record: Row): Promise<Row | undefined> {
    return stored(this.names.table, { [this.names.key]: record[this.names.key] });
  }
}
