import { HttpError } from '../errors.js';
import { log } from '../logger.js';

const LEFT = 'a deletion is left to the next sweep';
const REFUSED = 'a deletion that was accepted is refused after all, and its record stays';
const SERVER_ERROR = 500;

const running = new Set<Promise<void>>();

/** Go on with something after the answer. What fails is logged; `npm run sweep` finishes what is left. */
export function goOn(task: Promise<unknown>): void {
  const entry: Promise<void> = task
    .then(() => undefined)
    .catch((error: unknown) => log('warn', isRefusal(error) ? REFUSED : LEFT, { error: String(error) }))
    .finally(() => running.delete(entry));
  running.add(entry);
}

/** Wait until nothing goes on. */
export async function settled(): Promise<void> {
  while (running.size > 0) await Promise.all(running);
}

function isRefusal(error: unknown): boolean {
  return error instanceof HttpError && error.status < SERVER_ERROR;
}
