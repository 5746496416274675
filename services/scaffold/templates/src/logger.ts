import { currentContext } from './context.js';

const LEVELS = ['info', 'warn', 'error'] as const;
const SECRET = /authorization|cookie|password|passwd|secret|token|api_?key/i;
const BEARER = /\b(Bearer|Basic)\s+[^\s"',]+/gi;

export type Level = (typeof LEVELS)[number];
export type Threshold = Level | 'off';

let threshold: Threshold = 'info';

/** Log nothing less severe than `level` from now on. */
export function setLogLevel(level: Threshold): void {
  threshold = level;
}

/** Write one line of JSON to stdout, with the ids of the request at hand. What is named like a secret is left out. */
export function log(level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  if (threshold === 'off' || LEVELS.indexOf(level) < LEVELS.indexOf(threshold)) return;
  const { requestId, traceId } = currentContext() ?? {};
  const line = { time: new Date().toISOString(), level, message, ...fields, requestId, traceId };
  process.stdout.write(`${JSON.stringify(line, withoutSecrets)}\n`);
}

function withoutSecrets(name: string, value: unknown): unknown {
  if (SECRET.test(name)) return '[hidden]';
  return typeof value === 'string' ? value.replace(BEARER, '$1 [hidden]') : value;
}
