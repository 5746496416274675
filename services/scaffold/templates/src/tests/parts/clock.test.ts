import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { setLogLevel } from '../../logger.js';
import { Clock, nextTime, type Schedule } from '../../parts/clock.js';
import { database } from '../backend.js';

const at = (moment: string): number => Date.parse(moment);

function scheduled(run: () => Promise<void>): Schedule {
  return { name: `tests-${randomUUID()}`, every: 60, offset: 0, run };
}

describe('the clock', () => {
  test('knows when it is time', () => {
    const next = (every: number, offset: number, after: string): string =>
      new Date(nextTime({ ...scheduled(() => Promise.resolve()), every, offset }, at(after))).toISOString();

    assert.equal(next(15, 0, '2026-03-01T10:07:30Z'), '2026-03-01T10:15:00.000Z');
    assert.equal(next(15, 0, '2026-03-01T10:15:00Z'), '2026-03-01T10:30:00.000Z');
    assert.equal(next(1440, 150, '2026-03-01T02:29:59Z'), '2026-03-01T02:30:00.000Z');
    assert.equal(next(1440, 150, '2026-03-01T02:30:00Z'), '2026-03-02T02:30:00.000Z');
    assert.equal(next(10_080, 4 * 1440, '2026-03-01T00:00:00Z'), '2026-03-02T00:00:00.000Z');
  });

  test('lets a function run once for a time, in one process of several', async () => {
    let runs = 0;
    const schedule = scheduled(() => {
      runs += 1;
      return Promise.resolve();
    });
    const clocks = [1, 2, 3].map(() => new Clock(database, [schedule]));

    await Promise.all(clocks.map((clock) => clock.run(schedule, 1_000)));
    assert.equal(runs, 1);
    await Promise.all(clocks.map((clock) => clock.run(schedule, 2_000)));
    assert.equal(runs, 2);
  });

  test('lets a function run that has failed before, and none while it runs', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let runs = 0;
    const schedule = scheduled(() => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error('no')) : promise;
    });
    const clock = new Clock(database, [schedule]);

    setLogLevel('off');
    await clock.run(schedule, 1_000);
    setLogLevel('error');
    const long = clock.run(schedule, 2_000);
    while (runs < 2) await new Promise((next) => setImmediate(next));
    await clock.run(schedule, 3_000);
    assert.equal(runs, 2);

    resolve();
    await long;
    await clock.run(schedule, 4_000);
    assert.equal(runs, 3);
  });
});
