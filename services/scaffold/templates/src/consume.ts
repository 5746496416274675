/**
 * Takes the messages of all queues to their handlers, and runs functions by the clock, as a process of its own: run it as `npm run consume`, with the settings of
 * the server. The server leaves them alone then, with CONSUMERS=off.
 */
import { tell } from './command.js';
import { InvalidConfig, readConfig, type Config } from './config.js';
import { log, setLogLevel } from './logger.js';
{{importCaches}}{{importTelling}}import { Workers } from './parts/workers.js';
import { settled } from './services/background.js';
import { Database } from './services/database.js';

/** What is being handled has left when the process is told to stop. */
const SHUTDOWN_MS = 10_000;

function start(config: Config): void {
  setLogLevel(config.logLevel);
  const database = new Database(config);
  const workers = new Workers(config, database);
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    log('info', 'stopping', { signal });
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    await workers.stop();
    await settled();
{{endTelling}}{{endCaches}}    database.close();
    log('info', 'stopped');
  };
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
  workers.start();
  log('info', 'consuming');
}

try {
  start(readConfig(process.env));
} catch (error) {
  if (!(error instanceof InvalidConfig)) throw error;
  tell(error);
  process.exit(1);
}
