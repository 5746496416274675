import { GetCommand } from '@aws-sdk/lib-dynamodb';

import { HttpError } from '../errors.js';
import type { Caller } from '../types/index.js';
import type { Database } from './database.js';
import type { Services } from './index.js';
import type { Step } from './transaction.js';

const KEPT_MS = 24 * 60 * 60 * 1000;
const KEY = /^(?:"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x7e]{1,255}))$/;

/** A request that creates something: who sends it, where to, and with what. */
interface Sent {
  readonly caller: Caller | undefined;
  readonly place: string;
  readonly body: unknown;
}

/** The request with this key has created its record in the meantime. */
class CreatedMeanwhile extends Error {}

/**
 * One request that creates a record at most once, however often it is sent within a day: the header Idempotency-Key
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/). What was created is noted in the
 * transaction that creates it, so there is never a record without its note, nor a note without its record.
 */
export class Idempotency {
  private constructor(
    private readonly database: Database,
    private readonly key: string,
    private readonly fingerprint: string,
  ) {}

  /** Undefined without the header. A key is its caller's, and for one place, such as a path. */
  static of({ database, signer }: Services, header: string | undefined, { caller, place, body }: Sent): Idempotency | undefined {
    if (header === undefined) return undefined;
    const [, quoted, bare] = header.match(KEY) ?? [];
    const key = quoted ?? bare;
    if (key === undefined) throw new HttpError(400, 'BAD_REQUEST', 'Idempotency-Key must be 1 to 255 visible characters.');
    // Signed, since bodies may have passwords, which a plain hash would let whoever reads the table guess.
    const digest = (purpose: string, value: unknown) => signer.sign(purpose, value).toString('base64url');
    const name = digest('idempotency key', [caller?.id ?? null, place, key]);
    return new Idempotency(database, `idempotency ${name}`, digest('idempotent body', body ?? null));
  }

  /** The record that an earlier request with the key created, as it was then. Throws HttpError where that had another body. */
  async earlier(): Promise<object | undefined> {
    const { Item } = await this.database.documents.send(
      new GetCommand({ TableName: this.database.systemTable, Key: { key: this.key }, ConsistentRead: true }),
    );
    if (Item === undefined || Item.expiresAt <= nowInSeconds()) return undefined;
    if (Item.fingerprint !== this.fingerprint) {
      throw new HttpError(422, 'IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for a request with another body.');
    }
    return JSON.parse(String(Item.record)) as object;
  }

  /** The step that notes what is created. Its refusal is CreatedMeanwhile. */
  note(record: object): Step {
    return {
      write: {
        Put: {
          TableName: this.database.systemTable,
          Item: {
            key: this.key,
            fingerprint: this.fingerprint,
            record: JSON.stringify(record),
            expiresAt: nowInSeconds() + KEPT_MS / 1000,
          },
          ConditionExpression: 'attribute_not_exists(#key) OR #expiresAt <= :now',
          ExpressionAttributeNames: { '#key': 'key', '#expiresAt': 'expiresAt' },
          ExpressionAttributeValues: { ':now': nowInSeconds() },
        },
      },
      refusal: () => new CreatedMeanwhile(),
    };
  }
}

/** What `create` creates, or an earlier request with the same key has created. `create` gets the steps to commit with it. */
export async function once<Row extends object>(
  idempotency: Idempotency | undefined,
  create: (note: (record: object) => Step[]) => Promise<Row>,
): Promise<Row> {
  if (idempotency === undefined) return create(() => []);
  const earlier = await idempotency.earlier();
  if (earlier !== undefined) return earlier as Row;
  try {
    return await create((record) => [idempotency.note(record)]);
  } catch (error) {
    if (!(error instanceof CreatedMeanwhile)) throw error;
    return (await idempotency.earlier()) as Row;
  }
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
