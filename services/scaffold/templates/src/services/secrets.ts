import type { Input, Secrecy, Table } from '../types/index.js';
import type { Database } from './database.js';
import { SECRET } from './items.js';

/**
 * The input with its secrets hashed or sealed, and where no answer shows them: in a record, a secret field is kept by a
 * symbol, which copies of the record have and JSON leaves out.
 */
export async function protect(database: Database, table: Table, input: Input): Promise<Input> {
  const record: Input = { ...input };
  for (const [field, secrecy] of Object.entries(table.secrecy)) {
    if (!Object.hasOwn(input, field)) continue;
    Reflect.deleteProperty(record, field);
    Reflect.set(record, SECRET(field), await kept(database, table, field, secrecy, input[field]));
  }
  return record;
}

async function kept(
  database: Database,
  table: Table,
  field: string,
  secrecy: Secrecy,
  value: unknown,
): Promise<string | null> {
  if (typeof value !== 'string') return null;
  return secrecy === 'HASHED' ? database.passwords.hash(value) : database.seals.seal(value, placeOf(table, field));
}

/** The hash of a HASHED field, undefined where it has none. */
export function hashOf(record: Input, field: string): string | undefined {
  return (Reflect.get(record, SECRET(field)) as string | null | undefined) ?? undefined;
}

/** What a SEALED field holds, for the server's own use. */
export function unsealed(database: Database, table: Table, record: Input, field: string): string | undefined {
  const sealed = hashOf(record, field);
  return sealed === undefined ? undefined : database.seals.open(sealed, placeOf(table, field));
}

function placeOf({ name }: Table, field: string): string {
  return `${name}.${field}`;
}
