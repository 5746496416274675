import { createHash, randomBytes } from 'node:crypto';

import { NotFound, Unauthenticated } from '../errors.js';
import type { Access } from '../services/access.js';
import { readCursor, writeCursor } from '../services/cursor.js';
import type { Services } from '../services/index.js';
import type { Page } from '../types/index.js';
import { Bucket, LIFETIME_SECONDS, type BucketPart, type StoredObject } from './buckets.js';

/** A file as lists show it. */
export interface FileEntry {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly createdAt: string;
}

/** Where the file can be got from, for a while. */
interface Download {
  readonly url: string;
  readonly expiresAt: string;
}

/** Where a file is to be sent: the fields of a form, to which the file comes last, as the field `file`. */
interface Upload {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

const ID = /^[0-9a-f]{32}$/;
const TIME_DIGITS = 12;
const LATEST = 16 ** TIME_DIGITS - 1;
const LONGEST_OWNER = 300;

/** Where nobody is asked who they are, files are everybody's; no user has this name here. */
const EVERYBODY = '_';

/** The files in a bucket. Their keys are `<owner>/<id>/<name>`, so that everybody comes to their own alone. */
export class Files {
  private readonly bucket: Bucket;

  constructor(
    private readonly services: Services,
    private readonly part: BucketPart,
  ) {
    this.bucket = new Bucket(services.database, part, part.settings(services.config).bucket);
  }

  /** Throws Unauthenticated, as all of these do. */
  requireCaller(access: Access): void {
    owner(access);
  }

  /** A file to be: it is there once it has been sent. */
  async begin(access: Access, file: { name: string; contentType: string; bytes: number }): Promise<{ id: string; upload: Upload }> {
    const id = newId();
    const { url, fields } = await this.bucket.form(`${owner(access)}/${id}/${file.name}`, file.contentType, file.bytes);
    return { id, upload: { url, fields, expiresAt: inAWhile() } };
  }

  /** Those that were begun last come first. */
  async page(access: Access, limit: number, cursor?: string): Promise<Page<FileEntry>> {
    const { signer } = this.services;
    const prefix = `${owner(access)}/`;
    const list = ['files', this.part.name, prefix];
    const after = cursor === undefined ? undefined : String(readCursor(signer, cursor, list).value);
    const { objects, isWhole } = await this.bucket.list(prefix, limit, after);
    const last = objects.at(-1);
    const nextCursor = isWhole || last === undefined ? null : writeCursor(signer, { value: last.key, parts: {} }, list);
    return { items: objects.map(toEntry), nextCursor };
  }

  /** Throws NotFound, too. */
  async find(access: Access, id: string): Promise<FileEntry & { readonly contentType: string; readonly download: Download }> {
    const object = await this.object(access, id);
    const entry = toEntry(object);
    const contentType = await this.bucket.contentType(object.key);
    if (contentType === undefined) throw missing(id);
    const url = await this.bucket.link(object.key, entry.name);
    return { ...entry, contentType, download: { url, expiresAt: inAWhile() } };
  }

  /** Throws NotFound, too. */
  async delete(access: Access, id: string): Promise<void> {
    await this.bucket.delete((await this.object(access, id)).key);
  }

  private async object(access: Access, id: string): Promise<StoredObject> {
    const prefix = `${owner(access)}/${id}/`;
    const { objects } = ID.test(id) ? await this.bucket.list(prefix, 1) : { objects: [] };
    const [object] = objects;
    if (object === undefined) throw missing(id);
    return object;
  }
}

/** Ids of later files come first in the order of keys, which is the one that buckets list in. */
function newId(): string {
  const left = (LATEST - Date.now()).toString(16).padStart(TIME_DIGITS, '0');
  return `${left}${randomBytes(10).toString('hex')}`;
}

/** What the caller's keys begin with: their id, in letters that no part of a path has a meaning for. */
function owner({ caller, isEnforced }: Access): string {
  if (!isEnforced) return EVERYBODY;
  if (caller === undefined) throw new Unauthenticated('This needs a token: send it in "Authorization: Bearer <token>".');
  const written = caller.id.replace(/[^A-Za-z0-9-]/gu, (letter) => Buffer.from(letter).toString('hex').replace(/../g, '_$&'));
  return written.length <= LONGEST_OWNER ? written : `__${createHash('sha256').update(caller.id).digest('hex')}`;
}

function toEntry({ key, bytes, changed }: StoredObject): FileEntry {
  const [, id = '', name = ''] = key.split('/');
  return { id, name, bytes, createdAt: changed.toISOString() };
}

function missing(id: string): NotFound {
  return new NotFound(`There is no file "${id}".`);
}

function inAWhile(): string {
  return new Date(Date.now() + LIFETIME_SECONDS * 1000).toISOString();
}
