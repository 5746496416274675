import express, { type Express, type RequestHandler } from 'express';

import type { Config } from './config.js';
import { NotFound } from './errors.js';
import { authenticate } from './middleware/auth.js';
import { readBody } from './middleware/body.js';
import { errorHandler } from './middleware/errorHandler.js';
import { headers } from './middleware/headers.js';
import { Lifecycle, health } from './middleware/health.js';
import { limitPerAddress, limitPerUser } from './middleware/rateLimit.js';
import { requestContext } from './middleware/requestContext.js';
import { onlyMethods, requireHost, requireJsonAccepted } from './middleware/methods.js';
import { logRequests } from './middleware/requestLog.js';
import { openApi } from './routes/openapi.js';
import { requireMigrated } from './migration/gate.js';
import { resources, routes } from './routes/index.js';
import type { Database } from './services/database.js';
import { Signer } from './services/signer.js';

interface Surroundings {
  readonly lifecycle?: Lifecycle;
  /** Undefined where requests are not traced. */
  readonly tracing?: RequestHandler | undefined;
}

export function createApp(config: Config, database: Database, surroundings: Surroundings = {}): Express {
  const { lifecycle = new Lifecycle(), tracing } = surroundings;
  const app = express();
  app.disable('x-powered-by');
  app.enable('case sensitive routing');
  app.set('trust proxy', config.trustProxy);

  if (tracing !== undefined) app.use(tracing);
  app.use(requestContext(config.requestTimeout), headers(config.corsOrigins));
  app.use(health(database, lifecycle));
  app.use(logRequests, limitPerAddress(config.requestsPerAddress), requireHost, requireJsonAccepted);

  app
    .route('/')
    .get((_request, response) => {
      response.json({ name: {{name}}, {{index}} });
    })
    .all(onlyMethods('GET'));
  app.use(openApi());
  app.use(authenticate(config, database), limitPerUser(config.requestsPerUser));
  app.use(requireMigrated(database, lifecycle), readBody, routes({ config, database, signer: new Signer(config) }));

  app.use((request) => {
    throw new NotFound(`There is nothing at ${request.method} ${request.path}.`);
  });
  app.use(errorHandler);
  return app;
}
