import type { JWTPayload } from 'jose';

import type { Caller } from '../types/index.js';
import type { Database } from './database.js';

type Identify = (claims: JWTPayload & { sub: string }) => Promise<Caller>;

/** Who a token that is valid names. Tokens are somebody else's here, so that what they say of roles counts as it stands. */
export const identifier: (database: Database) => Identify = () => (claims) =>
  Promise.resolve({ id: claims.sub, roles: rolesIn(claims), claims });

function rolesIn({ roles }: JWTPayload): string[] {
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
}
