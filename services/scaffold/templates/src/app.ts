import express, { type Express } from 'express';

import type { Config } from './config.js';
import { NotFound } from './errors.js';
import { authenticate } from './middleware/auth.js';
import { errorHandler } from './middleware/errorHandler.js';
import { logRequests } from './middleware/requestLog.js';
import { resources, routes } from './routes/index.js';
import type { Database } from './services/database.js';

/** Small enough that a record of one request always fits a DynamoDB item (400 KB). */
const BODY_LIMIT = '256kb';

export function createApp(config: Config, database: Database): Express {
  const app = express();
  app.disable('x-powered-by');
  app.enable('case sensitive routing');

  app.use(logRequests);
  app.use(express.json({ limit: BODY_LIMIT }));

  app.get('/', (_request, response) => {
    response.json({ name: {{name}}, resources });
  });
  app.get('/health', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.use(authenticate(config, database), routes(database));

  app.use((request) => {
    throw new NotFound(`There is nothing at ${request.method} ${request.path}.`);
  });
  app.use(errorHandler);
  return app;
}
