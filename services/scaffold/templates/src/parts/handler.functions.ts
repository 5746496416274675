{{imports}}
import type { Handle, Message } from '../parts/messages.js';
import type { Database } from '../services/database.js';

const functions: readonly Handle[] = [{{functions}}];

/**
 * {{purpose}}
 *
 * Calls the functions that the architecture has behind it, one after the other. Where one throws, the message comes again later,
 * for all of them, five times in all.
 */
export async function handle{{capital}}(message: Message, database: Database): Promise<void> {
  for (const run of functions) await run(message, database);
}
