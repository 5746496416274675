import { Router } from 'express';

import type { Database } from '../services/database.js';
{{imports}}

/** Where the records of each table are. */
export const resources: readonly { readonly table: string; readonly path: string }[] = [
{{resources}}
];

export function routes(database: Database): Router {
  const router = Router({ caseSensitive: true });
{{mounts}}
  return router;
}
