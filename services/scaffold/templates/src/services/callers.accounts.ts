import type { JWTPayload } from 'jose';

import { Unauthenticated } from '../errors.js';
import { accounts } from '../models/identity.js';
import type { Caller } from '../types/index.js';
import { accountsTable, isOpenTo, keyOfAccount } from './accounts.js';
import type { Database } from './database.js';
import { readRecord } from './reading.js';
import { Sessions } from './sessions.js';

/**
 * Who a token that is valid names: a user whose session is open. Both are read for each request, so that a sign-out, a new
 * password, another role and a deletion count at once, not when the token ends. Throws Unauthenticated.
 */
export function identifier(database: Database): (claims: JWTPayload & { sub: string }) => Promise<Caller> {
  const sessions = new Sessions(database);
  return async (claims) => {
    const user = keyOfAccount(claims.sub);
    const [session, record] = await Promise.all([
      sessions.find(user, String(claims.sid)),
      readRecord(database, accountsTable, user),
    ]);
    if (session === undefined || !isOpenTo(session, record)) throw new Unauthenticated('The session has ended. Sign in again.');
    const role = accounts.role === undefined ? undefined : record[accounts.role];
    return { id: claims.sub, roles: typeof role === 'string' ? [role] : [], claims };
  };
}
