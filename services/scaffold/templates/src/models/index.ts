import type { Table } from '../types/index.js';
{{imports}}

/** Every table, by name. */
export const tables: Readonly<Record<string, Table>> = {
{{tables}}
};
