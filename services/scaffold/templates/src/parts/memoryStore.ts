import type { Store } from './caches.js';

interface Entry {
  readonly text: string;
  readonly end: number;
}

/** Keeps a bounded number of texts in the memory of the process. */
export class MemoryStore implements Store {
  /** Those that were used last come last. */
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly most: number) {}

  get(key: string): Promise<string | undefined> {
    const entry = this.entries.get(key);
    this.entries.delete(key);
    if (entry === undefined || entry.end <= performance.now()) return Promise.resolve(undefined);
    this.entries.set(key, entry);
    return Promise.resolve(entry.text);
  }

  set(key: string, text: string, seconds: number): Promise<void> {
    this.entries.delete(key);
    this.entries.set(key, { text, end: performance.now() + seconds * 1000 });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.most) break;
      this.entries.delete(oldest);
    }
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.entries.delete(key);
    return Promise.resolve();
  }
}
