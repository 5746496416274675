import { Queue, type QueuePart } from './queues.js';
{{imports}}
import type { Listener } from './tellings.js';

/** Who is told of which changes of records, as the architecture says. */
export const listeners: readonly Listener[] = [
{{listeners}}
];

function queue(part: QueuePart): Pick<Listener, 'name' | 'send'> {
  return { name: part.name, send: (database, message) => new Queue(database, part).sendMessage(message) };
}
