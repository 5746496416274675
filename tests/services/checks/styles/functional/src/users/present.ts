import { omit } from 'lodash';
import type { User } from './store';

const SHOWN = ['id', 'email', 'role'] as const;

export const present = (user: User): object => Object.fromEntries(SHOWN.map((name) => [name, user[name]]));
export const presentAll = (users: readonly User[]): object[] => users.map((user) => omit(user, ['password']));
