import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createApp } from './app.js';
import { InvalidConfig, readConfig, type Config } from './config.js';
import { log, setLogLevel } from './logger.js';
import { Database } from './services/database.js';

const SHUTDOWN_MS = 10_000;

function start(config: Config): void {
  setLogLevel(config.logLevel);
  if (config.auth === 'off') log('warn', 'Authentication is OFF: every program on this machine may do everything.');
  const database = new Database(config);
  const server = createServer(createApp(config, database));

  const stop = (signal: NodeJS.Signals): void => {
    log('info', 'stopping', { signal });
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    server.close(() => {
      database.close();
      log('info', 'stopped');
    });
    server.closeIdleConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);

  server.once('error', (error) => {
    log('error', `Cannot listen: ${error.message}`);
    process.exit(1);
  });
  server.listen(config.port, config.host, () => {
    const { port } = server.address() as AddressInfo;
    log('info', `listening on http://${config.host}:${port}`, { environment: config.environment });
  });
}

try {
  start(readConfig(process.env));
} catch (error) {
  if (!(error instanceof InvalidConfig)) throw error;
  error.faults.forEach((fault) => log('error', fault));
  process.exitCode = 1;
}
