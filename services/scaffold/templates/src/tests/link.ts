import assert from 'node:assert/strict';

import { count, type Row } from './backend.js';
import { open } from './open.js';
import type { Person } from './people.js';
import type { Resource } from './resource.js';

interface Names {
  /** Below the path of a record, those that it is linked to. */
  readonly path: string;
  /** The same from the other side. */
  readonly back: string;
  /** The table of links. */
  readonly through: string;
}

/** The links of one table's records to those of another. Each method does something and asserts all that has to come of it. */
export class Link {
  constructor(
    private readonly own: Resource,
    private readonly other: Resource,
    private readonly names: Names,
  ) {}

  /** Link two records with nobody asked. */
  async openly(record: Row, other: Row): Promise<void> {
    assert.equal((await open.send('PUT', this.at(record, other))).status, 204);
  }

  /** Link two records and end it. Each is the same, once or twice, and seen from both sides. */
  async make(person: Person, record: Row, other: Row): Promise<void> {
    const before = await count(this.names.through);
    for (const [method, links] of [['PUT', 1], ['DELETE', 0]] as const) {
      for (const time of ['first', 'second']) {
        const answer = await person.send(method, this.at(record, other));

        assert.equal(answer.status, 204, JSON.stringify(answer.body));
        assert.equal(await count(this.names.through), before + links, `${method} the ${time} time`);
        await this.own.listBelow(person, record, this.names.path, this.other, other, links === 1);
        await this.other.listBelow(person, other, this.names.back, this.own, record, links === 1);
      }
    }
  }

  /** Whoever may not link two records may not end it either. */
  async refuse(person: Person, record: Row, other: Row, status: number): Promise<void> {
    const before = await count(this.names.through);
    for (const method of ['PUT', 'DELETE']) {
      const answer = await person.send(method, this.at(record, other));

      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal(await count(this.names.through), before);
    }
  }

  private at(record: Row, other: Row): string {
    return `${this.own.at(record)}/${this.names.path}/${this.other.keyOf(other)}`;
  }
}
