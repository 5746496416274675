import type { Router } from 'express';

import { {{variable}}Table, type {{type}} } from '../models/{{file}}.js';
import type { Services } from '../services/index.js';
import { {{variable}}Bodies } from '../validation/{{file}}.js';
import { crud } from './crud.js';

export function {{variable}}Routes(services: Services): Router {
  return crud<{{type}}>(services, {{variable}}Table, {{variable}}Bodies);
}
