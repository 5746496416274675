import type { Config } from './config.js';
import type { Database } from './services/database.js';
import type { Telemetry } from './telemetry.js';

/** Undefined where traces are sent nowhere: then nothing of OpenTelemetry is loaded. */
export async function startTelemetry(config: Config, database: Database): Promise<Telemetry | undefined> {
  if (config.traces === undefined) return undefined;
  const { Telemetry } = await import('./telemetry.js');
  return new Telemetry(config.traces, config.serviceName, database);
}
