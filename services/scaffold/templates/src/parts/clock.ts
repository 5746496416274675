import { log } from '../logger.js';
import type { Database } from '../services/database.js';
import { Lease } from './leases.js';
import { newMessage, type Message } from './messages.js';

/** A function and its times: `offset` minutes after the beginning of Unix time, and again after each `every` minutes, in UTC. */
export interface Schedule {
  readonly name: string;
  readonly every: number;
  readonly offset: number;
  run(message: Message, database: Database): Promise<void>;
}

const MINUTE_MS = 60_000;
/** Node's timers take no more. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Runs functions when it is time, each time in one process of all. */
export class Clock {
  private readonly timers = new Map<Schedule, NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly schedules: readonly Schedule[],
  ) {}

  start(): void {
    for (const schedule of this.schedules) this.wait(schedule, Date.now());
  }

  /** What runs, runs to its end. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.running);
  }

  /** Run a function for a time, in milliseconds since 1970, unless another process does. What fails is logged, and not made up for. */
  async run(schedule: Schedule, time: number): Promise<void> {
    const message = newMessage(`clock.${schedule.name}`, { time: new Date(time).toISOString() });
    try {
      await new Lease(this.database, `clock ${schedule.name}`).during(time, () => schedule.run(message, this.database));
    } catch (error) {
      log('error', 'a function has failed', { function: schedule.name, error: error instanceof Error ? error.stack : String(error) });
    }
  }

  private wait(schedule: Schedule, after: number): void {
    const time = nextTime(schedule, after);
    const left = Math.min(time - Date.now(), LONGEST_WAIT_MS);
    const timer = setTimeout(() => {
      if (this.isStopping) return;
      if (Date.now() < time) return this.wait(schedule, after);
      this.follow(this.run(schedule, time));
      this.wait(schedule, time);
    }, left);
    this.timers.set(schedule, timer);
  }

  private follow(run: Promise<void>): void {
    const entry: Promise<void> = run.finally(() => this.running.delete(entry));
    this.running.add(entry);
  }
}

/** The first time of a function after a moment, both in milliseconds since 1970. */
export function nextTime({ every, offset }: Schedule, after: number): number {
  const times = Math.floor((after / MINUTE_MS - offset) / every) + 1;
  return (times * every + offset) * MINUTE_MS;
}
