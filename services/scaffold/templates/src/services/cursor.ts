import { timingSafeEqual } from 'node:crypto';

import { HttpError } from '../errors.js';
import type { Key } from '../types/index.js';
import type { Signer } from './signer.js';

/** Where a list goes on: at this value of the field that it is sorted by, and in each of its parts after an item. */
export interface Position {
  readonly value?: Key;
  /** The primary keys of the last items looked at, with their values, by the name of the part. */
  readonly parts: Readonly<Record<string, readonly [value: Key, key: Key]>>;
}

/**
 * The text of a position, for clients to hand back. It is signed for one list as one caller sees it, so nobody can make
 * one that starts elsewhere. `list` says which list that is, with all that chooses its records and their order.
 */
export function writeCursor(signer: Signer, position: Position, list: unknown): string {
  const text = Buffer.from(JSON.stringify(position)).toString('base64url');
  return `${text}.${signer.sign('cursor', [list, text]).toString('base64url')}`;
}

/** Throws HttpError where the cursor was not written for this list. */
export function readCursor(signer: Signer, cursor: string, list: unknown): Position {
  const [text = '', signature = ''] = cursor.split('.');
  const given = Buffer.from(signature, 'base64url');
  const right = signer.sign('cursor', [list, text]);
  if (given.length !== right.length || !timingSafeEqual(given, right)) {
    throw new HttpError(400, 'INVALID_CURSOR', 'The cursor is not one of this list.');
  }
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as Position;
}
