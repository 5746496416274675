{{imports}}
import type { Schedule } from './clock.js';

/** What runs by the clock. */
export const schedules: readonly Schedule[] = [
{{schedules}}
];
