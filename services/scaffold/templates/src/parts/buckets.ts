import { createHash } from 'node:crypto';

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NotFound,
  S3Client,
  type CreateBucketCommandInput,
} from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import type { Config } from '../config.js';
import { log } from '../logger.js';
import type { Database } from '../services/database.js';
import { accountOf } from './account.js';
import { call, clientSettings } from './aws.js';

/** A bucket of the architecture. There is one in each file of src/parts/buckets. */
export interface BucketPart {
  /** The bucket is called as tables are, with the number of the account behind: `<prefix><name>-<account>`. */
  readonly name: string;
  readonly settings: (config: Config) => BucketSettings;
}

export interface BucketSettings {
  /** What the bucket is called; undefined means that it follows. */
  readonly bucket: string | undefined;
  /** Of a file. */
  readonly maxBytes: number;
  /** The content types that files may have. */
  readonly types: readonly string[];
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  readonly changed: Date;
}

/** Seconds for which what is presigned can be used. */
export const LIFETIME_SECONDS = 600;

const LONGEST_PREFIX = 36;

/** One bucket: what is in it, and what lets others send an object to it and get one from it. */
export class Bucket {
  private readonly client: S3Client;
  private named: Promise<string> | undefined;

  constructor(
    private readonly database: Database,
    private readonly part: BucketPart,
    private readonly setName?: string,
  ) {
    this.client = client(database);
  }

  /** A form that makes an object with this key, of this type and of exactly so many bytes. */
  async form(key: string, contentType: string, bytes: number): Promise<PresignedPost> {
    return createPresignedPost(this.client, {
      Bucket: await this.name(),
      Key: key,
      Fields: { 'Content-Type': contentType },
      Conditions: [
        ['content-length-range', bytes, bytes],
        ['eq', '$Content-Type', contentType],
      ],
      Expires: LIFETIME_SECONDS,
    });
  }

  /** Where an object is got from, to be kept under this name. */
  async link(key: string, filename: string): Promise<string> {
    const ResponseContentDisposition = `attachment; filename*=UTF-8''${encoded(filename)}`;
    const command = new GetObjectCommand({ Bucket: await this.name(), Key: key, ResponseContentDisposition });
    return getSignedUrl(this.client, command, { expiresIn: LIFETIME_SECONDS });
  }

  /** The objects whose keys begin so, in the order of their keys, from behind a key on. */
  async list(prefix: string, limit: number, after?: string): Promise<{ readonly objects: readonly StoredObject[]; readonly isWhole: boolean }> {
    const input = { Bucket: await this.name(), Prefix: prefix, MaxKeys: limit, StartAfter: after };
    const page = await this.call((options) => this.client.send(new ListObjectsV2Command(input), options));
    const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
      key: Key,
      bytes: Size,
      changed: LastModified,
    }));
    return { objects, isWhole: page.IsTruncated !== true };
  }

  /** Undefined where there is no such object. */
  async contentType(key: string): Promise<string | undefined> {
    const input = { Bucket: await this.name(), Key: key };
    try {
      const head = await this.call((options) => this.client.send(new HeadObjectCommand(input), options));
      return head.ContentType ?? 'application/octet-stream';
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    const input = { Bucket: await this.name(), Key: key };
    await this.call((options) => this.client.send(new DeleteObjectCommand(input), options));
  }

  /** Found out once, at the first use. */
  private async name(): Promise<string> {
    if (this.setName !== undefined) return this.setName;
    this.named ??= bucketName(this.database, this.part).catch((error: unknown) => {
      this.named = undefined;
      throw error;
    });
    return this.named;
  }

  private call<Output>(send: (options: { abortSignal?: AbortSignal }) => Promise<Output>): Promise<Output> {
    return call('The bucket', send);
  }
}

/** For a developer's machine and tests: on AWS, infrastructure/template.json has the buckets. */
export async function createBuckets(database: Database, parts: readonly BucketPart[]): Promise<void> {
  const s3 = client(database);
  const region = await s3.config.region();
  for (const part of parts) {
    const Bucket = await bucketName(database, part);
    await s3.send(new CreateBucketCommand({ Bucket, ...place(region) })).catch(unlessThere);
    log('info', `there is ${Bucket}`);
  }
  s3.destroy();
}

/** With all that is in them. */
export async function deleteBuckets(database: Database, parts: readonly BucketPart[]): Promise<void> {
  const s3 = client(database);
  for (const part of parts) {
    const name = await bucketName(database, part);
    for (const { key } of (await new Bucket(database, part).list('', 1_000)).objects) {
      await s3.send(new DeleteObjectCommand({ Bucket: name, Key: key }));
    }
    await s3.send(new DeleteBucketCommand({ Bucket: name }));
  }
  s3.destroy();
}

function unlessThere(error: Error): void {
  if (error.name !== 'BucketAlreadyOwnedByYou') throw error;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html: us-east-1 is not to be named. */
function place(region: string): Pick<CreateBucketCommandInput, 'CreateBucketConfiguration'> {
  if (region === 'us-east-1') return {};
  const LocationConstraint = region as NonNullable<CreateBucketCommandInput['CreateBucketConfiguration']>['LocationConstraint'];
  return { CreateBucketConfiguration: { LocationConstraint } };
}

async function bucketName(database: Database, { name }: BucketPart): Promise<string> {
  const { number } = await accountOf(database);
  return `${bucketPrefix(database.tableName(''))}${name}-${number}`;
}

/** What S3 accepts of TABLE_PREFIX; BucketPrefix in infrastructure/template.json is the same. */
export function bucketPrefix(tablePrefix: string): string {
  const fitting = tablePrefix.toLowerCase().replace(/[^a-z0-9-]+/g, '-').replace(/^-+/, '');
  if (fitting.length <= LONGEST_PREFIX) return fitting;
  return `${fitting.slice(0, 27)}${createHash('sha256').update(tablePrefix).digest('hex').slice(0, 8)}-`;
}

function client(database: Database): S3Client {
  // An emulator has no address of its own for each bucket.
  return new S3Client({ ...clientSettings(database), forcePathStyle: database.client.config.endpoint !== undefined });
}

/** https://www.rfc-editor.org/rfc/rfc8187#section-3.2.1 */
function encoded(filename: string): string {
  return encodeURIComponent(filename).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
