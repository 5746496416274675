import { Conflict, VersionChanged } from '../errors.js';
import type { Input, Key, Table } from '../types/index.js';
import { Inputs } from '../validation/input.js';
import type { Bodies } from '../validation/types.js';
import type { Access } from './access.js';
import { deleteRecord } from './deletion.js';
import type { Precondition } from './etag.js';
import { once, type Idempotency } from './idempotency.js';
import type { Services } from './index.js';
import { firstMembership } from './owners.js';
import { Repository } from './repository.js';

/**
 * What a caller does with the records of a table: what they send is validated, the policy is asked, and the database
 * changed. A body is what a request has of it, of any kind.
 */
export class Records<Row extends object> {
  private readonly repository: Repository<Row>;

  constructor(
    private readonly services: Services,
    private readonly table: Table,
    private readonly bodies: Bodies,
  ) {
    this.repository = new Repository(services.database, table);
  }

  async create(access: Access, body: unknown, idempotency?: Idempotency): Promise<Row> {
    const input = await this.inputs(access).toCreate(body);
    return once(idempotency, async (note) => {
      const owning = await firstMembership(this.services.database, this.table, access.caller);
      return this.repository.create(await access.toCreate(this.table, input), (made) => [...note(made), ...owning(made as Input)]);
    });
  }

  /** Create the record with a key that the client chooses, unless there is one: then this throws VersionChanged. */
  async createAt(access: Access, key: Key, body: unknown): Promise<Row> {
    const isThere = () => new VersionChanged('There is a record with this key.');
    if (await this.repository.exists(key)) throw isThere();
    const input = await this.inputs(access).toCreate(body, key);
    const owning = await firstMembership(this.services.database, this.table, access.caller);
    const record = await access.toCreate(this.table, input);
    try {
      return await this.repository.create(record, (made) => owning(made as Input));
    } catch (error) {
      // Somebody else has created it in the meantime.
      throw error instanceof Conflict && (await this.repository.exists(key)) ? isThere() : error;
    }
  }

  async read(access: Access, key: Key): Promise<Row> {
    const record = await this.repository.find(key);
    await access.toRead(this.table, record);
    return record;
  }

  async update(access: Access, key: Key, body: unknown, expected?: Precondition): Promise<Row> {
    return this.change(access, key, (before) => this.inputs(access).toUpdate(body, before), expected);
  }

  async replace(access: Access, key: Key, body: unknown, expected?: Precondition): Promise<Row> {
    return this.change(access, key, (before) => this.inputs(access).toReplace(body, before), expected);
  }

  /** Whether all of it is done: see `deleteRecord`. */
  async remove(access: Access, key: Key, expected?: Precondition): Promise<boolean> {
    const permit = (record: Input) => access.toDelete(this.table, record);
    return deleteRecord(this.services, this.table, key, permit, expected);
  }

  private change(
    access: Access,
    key: Key,
    changes: (before: Input) => Promise<Input>,
    expected: Precondition | undefined,
  ): Promise<Row> {
    return this.repository.update(
      key,
      async (before) => {
        await access.toRead(this.table, before);
        return access.toUpdate(this.table, before, await changes(before));
      },
      expected,
    );
  }

  private inputs(access: Access): Inputs {
    return new Inputs(this.table, this.bodies, access);
  }
}
