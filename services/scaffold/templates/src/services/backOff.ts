import { setTimeout as sleep } from 'node:timers/promises';

const SHORTEST_MS = 10;

/** Wait before the next attempt: longer each time, and a random part of it so that rivals do not meet again. */
export async function backOff(attempt: number): Promise<void> {
  await sleep(Math.random() * SHORTEST_MS * 2 ** attempt);
}
