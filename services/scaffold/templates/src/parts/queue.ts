import type { Database } from '../../services/database.js';
import { Queue, type QueuePart } from '../queues.js';

/** {{purpose}} */
export const {{variable}}Queue: QueuePart = { name: {{name}} };

/** Put something into the queue, and return the id of the message. What becomes of it, src/handlers/{{variable}}.ts says. */
export function sendTo{{capital}}(database: Database, type: string, data: unknown): Promise<string> {
  return new Queue(database, {{variable}}Queue).send(type, data);
}
