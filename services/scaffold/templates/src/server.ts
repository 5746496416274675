import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createApp } from './app.js';
import { tell } from './command.js';
import { InvalidConfig, readConfig, type Config } from './config.js';
import { drain, httpServer } from './httpServer.js';
import { log, setLogLevel } from './logger.js';
import { Lifecycle } from './middleware/health.js';
import { Refused } from './migration/refused.js';
import { migrateAtStart } from './migration/run.js';
{{importCaches}}{{importTelling}}{{importWorkers}}import { settled } from './services/background.js';
import { Database } from './services/database.js';
import { startTelemetry } from './tracing.js';

/** What requests in progress have left when the server is told to stop. */
const SHUTDOWN_MS = 10_000;

/** How long a server that migrates may look at the database before it listens: platforms wait longer than that for it. */
const LOOKING_MS = 5_000;

async function start(config: Config): Promise<void> {
  setLogLevel(config.logLevel);
  if (config.auth === 'off') log('warn', 'Authentication is OFF: every program on this machine may do everything.');
  const database = new Database(config);
  const telemetry = await startTelemetry(config, database);
  const lifecycle = new Lifecycle();
  const server = httpServer(createApp(config, database, { lifecycle, tracing: telemetry?.requests }), lifecycle);
{{makeWorkers}}
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    log('info', 'stopping', { signal });
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    await drain(server, lifecycle);
    await Promise.all([settled(), migration{{stopWorkers}}]);
{{endTelling}}{{endCaches}}    await telemetry?.stop();
    database.close();
    log('info', 'stopped');
  };
  const migration = config.migrateOnStart ? migrateFirst(database, lifecycle, () => listen(server, config)) : undefined;
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
  if (migration === undefined) listen(server, config);
  await migration;
{{startWorkers}}}

/**
 * Migrate, and listen as soon as nothing stands in the way: one that refuses never does, so that a platform keeps what ran
 * before. Until it is done, only /live is answered. Throws Refused.
 */
async function migrateFirst(database: Database, lifecycle: Lifecycle, open: () => void): Promise<void> {
  let isOpen = false;
  const openOnce = (): void => {
    if (isOpen || lifecycle.stopping) return;
    isOpen = true;
    open();
  };
  const timer = setTimeout(openOnce, LOOKING_MS);
  lifecycle.migrating = true;
  await migrateAtStart(database, lifecycle, openOnce);
  clearTimeout(timer);
  lifecycle.migrating = false;
  openOnce();
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
  if (!(error instanceof InvalidConfig || error instanceof Refused)) throw error;
  tell(error);
  process.exit(1);
}
