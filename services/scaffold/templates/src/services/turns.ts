import { currentContext } from '../context.js';
import { Unavailable } from '../errors.js';

/** Lets a few tasks run at once and a bounded number wait, where each costs much time or memory. */
export class Turns {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly atOnce: number,
    private readonly mostWaiting: number,
  ) {}

  /** Throws Unavailable when too many wait already, and what ended the request at hand where it ends while it waits. */
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
    if (this.waiting.size >= this.mostWaiting) throw new Unavailable('Too much is asked for at once. Try again.');
    await this.turn(currentContext()?.signal);
  }

  private async turn(request: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      this.waiting.delete(resolve);
      reject(request?.reason as Error);
    };
    request?.throwIfAborted();
    request?.addEventListener('abort', giveUp);
    this.waiting.add(resolve);
    try {
      await promise;
    } finally {
      request?.removeEventListener('abort', giveUp);
    }
  }

  /** Whoever waited longest takes the place. */
  private leave(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.running -= 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
