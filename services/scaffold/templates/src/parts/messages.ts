import { randomUUID } from 'node:crypto';

import Joi from 'joi';

import type { Database } from '../services/database.js';

/** What is sent, in JSON. The same message may come twice, with the same `id`. */
export interface Message<Data = unknown> {
  readonly id: string;
  /** What it is about, such as `orders.created`. */
  readonly type: string;
  /** When that was. */
  readonly at: string;
  readonly data: Data;
}

/** What is done with a message. */
export type Handle = (message: Message, database: Database) => Promise<void>;

const message = Joi.object<Message>({
  id: Joi.string().max(128).required(),
  type: Joi.string()
    .max(256)
    .pattern(/^[A-Za-z0-9_.-]+$/)
    .required(),
  at: Joi.string().isoDate().required(),
  data: Joi.any().required(),
});

/** Throws ValidationError where the type is none. */
export function newMessage<Data>(type: string, data: Data): Message<Data> {
  const made = { id: randomUUID(), type, at: new Date().toISOString(), data };
  Joi.assert(made, message);
  return made;
}

/** Undefined where the text is no message. */
export function readMessage(text: string | undefined): Message | undefined {
  try {
    const read = JSON.parse(text ?? '') as Message;
    return message.validate(read, { convert: false }).error === undefined ? read : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
