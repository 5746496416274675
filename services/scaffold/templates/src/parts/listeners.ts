{{imports}}
import type { Listener } from './tellings.js';

/** Who is told of which changes of records, as the architecture says. */
export const listeners: readonly Listener[] = [
{{listeners}}
];
{{senders}}
