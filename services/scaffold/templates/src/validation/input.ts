import { isDeepStrictEqual } from 'node:util';

import type { ObjectSchema } from 'joi';

import { ValidationFailed, VersionChanged } from '../errors.js';
import { validateInput } from '../middleware/validator.js';
import type { Access, Context } from '../services/access.js';
import { VERSION } from '../services/items.js';
import { mergePatch } from '../services/mergePatch.js';
import type { Input, Key, Table } from '../types/index.js';
import type { Bodies } from './types.js';

/**
 * What the bodies of requests make of a table's records. All faults are told at once, those of references included:
 * each method throws ValidationFailed.
 */
export class Inputs {
  constructor(
    private readonly table: Table,
    private readonly bodies: Bodies,
    private readonly access: Access,
  ) {}

  /** With the key that the path has, where the client chooses it there. */
  async toCreate(body: unknown, key?: Key): Promise<Input> {
    const { primaryKey } = this.table;
    if (key === undefined || !isObject(body)) return this.validate(this.bodies.create, body, 'create');
    if (body[primaryKey] !== undefined && body[primaryKey] !== key) {
      throw new ValidationFailed([{ field: primaryKey, message: `"${primaryKey}" must be the key in the path` }]);
    }
    return this.validate(this.bodies.create, { ...body, [primaryKey]: key }, 'create');
  }

  /** What a merge patch changes (RFC 7396); fields of JSON are patched within. */
  async toUpdate(body: unknown, before: Input): Promise<Input> {
    const changes = await this.validate(this.bodies.update, body, 'update', before);
    const fields = Object.entries(changes).map(([field, value]) => {
      const isPatched = this.table.fields[field] === 'JSON' && value !== null;
      return [field, isPatched ? mergePatch(before[field], value) : value];
    });
    return Object.fromEntries(fields) as Input;
  }

  /**
   * What a PUT changes. So that what a GET has answered can be sent back, a member that the client does not set is accepted
   * where it is unchanged, and `_version` is as the header If-Match: throws VersionChanged.
   */
  async toReplace(body: unknown, before: Input): Promise<Input> {
    if (!isObject(body)) return this.validate(this.bodies.replace, body, 'update');
    const { [VERSION]: version, ...sent } = body;
    const isCurrent = version === undefined || version === before[VERSION];
    const refused = refusedMembers(this.bodies.replace, sent, this.access.context(this.table, 'update'));
    const unchanged = refused.filter((field) => !isCurrent || isDeepStrictEqual(sent[field], before[field]));
    const record = await this.validate(this.bodies.replace, without(sent, unchanged), 'update', before);
    if (!isCurrent) throw new VersionChanged();
    return without(record, Object.keys(record).filter((field) => isDeepStrictEqual(record[field], before[field])));
  }

  private async validate(schema: ObjectSchema, input: unknown, action: 'create' | 'update', before: Input = {}): Promise<Input> {
    try {
      return validateInput(schema, input, this.access.context(this.table, action));
    } catch (error) {
      if (!(error instanceof ValidationFailed) || !isObject(input)) throw error;
      const sound = without(input, error.faults.map(({ field }) => field));
      throw new ValidationFailed([...error.faults, ...(await this.access.missingReferences(this.table, before, sound))]);
    }
  }
}

/** The members that clients do not set. */
function refusedMembers(schema: ObjectSchema, input: Input, context: Context): string[] {
  const { error } = schema.validate(input, { abortEarly: false, convert: false, context: { ...context } });
  const unknown = (error?.details ?? []).filter(({ type }) => type === 'object.unknown' || type === 'any.unknown');
  return unknown.filter(({ path }) => path.length === 1).map(({ path }) => String(path[0]));
}

function without(members: Input, names: readonly string[]): Input {
  const taken = new Set(names);
  return Object.fromEntries(Object.entries(members).filter(([name]) => !taken.has(name)));
}

function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
