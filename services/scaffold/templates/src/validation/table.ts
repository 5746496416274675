import { {{imports}} } from './types.js';

/** What clients may send for a record of `{{name}}`. */
export const {{variable}}Bodies = bodies({{fields}});
