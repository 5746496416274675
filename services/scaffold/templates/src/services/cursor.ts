import { HttpError } from '../errors.js';
import type { Key } from '../types/index.js';

/** The key of the item after which a page starts. */
export type Position = Record<string, Key>;

export function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** `names` are the attributes that a position in the listed index has. */
export function decodeCursor(cursor: string, names: readonly string[]): Position {
  const position = parse(cursor);
  const isValid =
    Object.keys(position).length === names.length &&
    names.every((name) => typeof position[name] === 'string' || typeof position[name] === 'number');
  if (!isValid) throw new HttpError(400, 'INVALID_CURSOR', 'The cursor is not one of this list.');
  return position as Position;
}

function parse(cursor: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    return {};
  }
}
