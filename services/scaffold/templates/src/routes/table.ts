import type { Router } from 'express';

import { {{variable}}Table, type {{type}} } from '../models/{{file}}.js';
import type { Database } from '../services/database.js';
import { {{variable}}Bodies } from '../validation/{{file}}.js';
import { crud } from './crud.js';

export function {{variable}}Routes(database: Database): Router {
  return crud<{{type}}>(database, {{variable}}Table, {{variable}}Bodies);
}
