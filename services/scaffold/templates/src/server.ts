import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createApp } from './app.js';
import { InvalidConfig, readConfig, type Config } from './config.js';
import { drain, httpServer } from './httpServer.js';
import { log, setLogLevel } from './logger.js';
import { Lifecycle } from './middleware/health.js';
import { settled } from './services/background.js';
import { Database } from './services/database.js';
import { startTelemetry } from './tracing.js';

/** What requests in progress have left when the server is told to stop. */
const SHUTDOWN_MS = 10_000;

async function start(config: Config): Promise<void> {
  setLogLevel(config.logLevel);
  if (config.auth === 'off') log('warn', 'Authentication is OFF: every program on this machine may do everything.');
  const database = new Database(config);
  const telemetry = await startTelemetry(config, database);
  const lifecycle = new Lifecycle();
  const server = httpServer(createApp(config, database, { lifecycle, tracing: telemetry?.requests }), lifecycle);

  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    log('info', 'stopping', { signal });
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    await drain(server, lifecycle);
    await settled();
    await telemetry?.stop();
    database.close();
    log('info', 'stopped');
  };
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
  listen(server, config);
}

function listen(server: Server, { host, port, environment }: Config): void {
  server.once('error', (error) => {
    log('error', `Cannot listen: ${error.message}`);
    process.exit(1);
  });
  server.listen(port, host, () => {
    const { port: actual } = server.address() as AddressInfo;
    log('info', `listening on http://${host}:${actual}`, { environment });
  });
}

try {
  await start(readConfig(process.env));
} catch (error) {
  if (!(error instanceof InvalidConfig)) throw error;
  error.faults.forEach((fault) => {
    log('error', fault);
  });
  process.exitCode = 1;
}
