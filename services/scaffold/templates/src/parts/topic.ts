import type { Database } from '../../services/database.js';
import { Topic, type TopicPart } from '../topics.js';

/** {{purpose}} */
export const {{variable}}Topic: TopicPart = { name: {{name}} };

/** Publish something, and return the id of the message. */
export function publishTo{{capital}}(database: Database, type: string, data: unknown): Promise<string> {
  return new Topic(database, {{variable}}Topic).publish(type, data);
}
