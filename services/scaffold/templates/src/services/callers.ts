import type { JWTPayload } from 'jose';

import type { Caller } from '../types/index.js';
import type { Database } from './database.js';

/** Who a token that is valid names. Tokens are somebody else's here, so that what they say of roles counts as it stands. */
export function identifier(_database: Database): (claims: JWTPayload & { sub: string }) => Promise<Caller> {
  return async (claims) => ({ id: claims.sub, roles: rolesIn(claims), claims });
}

function rolesIn({ roles }: JWTPayload): string[] {
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
}
