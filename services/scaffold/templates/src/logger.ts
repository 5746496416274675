const LEVELS = ['info', 'warn', 'error'] as const;

export type Level = (typeof LEVELS)[number];

let threshold: Level = 'info';

/** Log nothing less severe than `level` from now on. */
export function setLogLevel(level: Level): void {
  threshold = level;
}

/** Write one line of JSON to stdout. */
export function log(level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(threshold)) return;
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
}
