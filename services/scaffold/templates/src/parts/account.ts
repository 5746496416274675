import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

import type { Database } from '../services/database.js';
import { call, clientSettings } from './aws.js';

/** Whose AWS account the backend works in, by its credentials. */
export interface Account {
  readonly number: string;
  /** `aws`, or that of another cloud of AWS, as the ARNs there have it. */
  readonly partition: string;
}

export async function accountOf(database: Database): Promise<Account> {
  const sts = new STSClient(clientSettings(database));
  try {
    const { Account = '', Arn = '' } = await call('AWS', (options) => sts.send(new GetCallerIdentityCommand({}), options));
    return { number: Account, partition: Arn.split(':')[1] ?? 'aws' };
  } finally {
    sts.destroy();
  }
}
