import { log } from '../logger.js';
{{imports}}import type { Message } from '../parts/messages.js';

/**
 * {{purpose}}
 *
 * Do here what a message asks for{{what}}; a second parameter
 * gets the database. What throws comes again later, five times in all; what returns is done, and comes again at most where the
 * process is killed just then.
 */
export function handle{{capital}}(message: Message{{type}}): Promise<void> {
  log('info', 'a message came', { queue: {{name}}, id: message.id, type: message.type });
  return Promise.resolve();
}
