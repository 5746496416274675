import { Router } from 'express';

{{imports}}

/** Where the records of each table are. */
export const resources: readonly { readonly table: string; readonly path: string }[] = [
{{resources}}
];

export function routes(services: Services): Router {
  const router = Router({ caseSensitive: true });
{{mounts}}
  return router;
}
