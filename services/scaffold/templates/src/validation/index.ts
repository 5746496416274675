import type { Bodies } from './types.js';
{{imports}}

/** What clients may send for the records of each table, by its name. */
export const bodies: Readonly<Record<string, Bodies>> = {
{{tables}}
};
