import { Unavailable } from '../errors.js';

/** Lets a few tasks run at once and a bounded number wait, where each costs much time or memory. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly mostWaiting: number,
  ) {}

  /** Throws Unavailable when too many wait already. */
  async take<Result>(task: () => Promise<Result>): Promise<Result> {
    await this.enter();
    try {
      return await task();
    } finally {
      this.leave();
    }
  }

  private async enter(): Promise<void> {
    if (this.running < this.atOnce) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= this.mostWaiting) throw new Unavailable('Too much is asked for at once. Try again.');
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Whoever waited longest takes the place. */
  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }
}
