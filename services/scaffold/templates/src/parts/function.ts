import { log } from '../logger.js';
import type { Message } from '../parts/messages.js';

/**
 * {{purpose}}
 *
 * Called by {{callers}}; a second parameter gets the database. A message
 * may come twice, and what throws is tried again where it was a message that called.
 */
export function run{{capital}}(message: Message): Promise<void> {
  log('info', 'a function ran', { function: {{name}}, id: message.id, type: message.type });
  return Promise.resolve();
}
