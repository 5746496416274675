import type { Listener } from './tellings.js';

/** Nobody is told of changes of records: what queues have, code of yours sends. */
export const listeners: readonly Listener[] = [];
