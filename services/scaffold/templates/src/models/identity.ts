import type { Teams } from '../types/index.js';

/** Where the members of teams are; undefined means that there are no teams. */
export const teams: Teams | undefined = {{teams}};
