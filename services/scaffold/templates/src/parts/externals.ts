import { setTimeout as sleep } from 'node:timers/promises';

import type { Config } from '../config.js';
import { currentContext } from '../context.js';
import { Unavailable } from '../errors.js';

/** A service of somebody else. There is one in each file of src/parts/externals. */
export interface ExternalPart {
  /** As people call it. */
  readonly name: string;
  readonly settings: (config: Config) => ExternalSettings;
}

export interface ExternalSettings {
  /** Below it is all that is called; undefined where nothing is set. */
  readonly baseUrl: string | undefined;
  /** Sent as `Authorization: Bearer`; undefined means nothing is. */
  readonly token: string | undefined;
  /** Milliseconds in which an answer must be whole. */
  readonly timeout: number;
}

export interface Call {
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Idempotency-Key`: the service does once what it gets twice, so that a POST is repeated, too. */
  readonly idempotencyKey?: string;
}

export interface ExternalAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What can be sent twice without doing more: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 */
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];
/** What may be otherwise in a moment. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];
const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_TRIES = 3;
const MOST_REDIRECTS = 3;
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
const MOST_BYTES = 5_000_000;

/** Calls a service of somebody else, which may be slow, away, or not what it seems. */
export class External {
  constructor(
    private readonly part: ExternalPart,
    private readonly settings: ExternalSettings,
  ) {}

  /**
   * Ask it something, at a path below its base URL, and return what it answers with whatever status. What can be repeated is
   * tried three times. Throws Unavailable where it is not set, can't be reached, takes too long or leads elsewhere.
   */
  async call(method: string, path: string, call: Call = {}): Promise<ExternalAnswer> {
    const url = this.locate(path, call.query);
    const isRepeatable = IDEMPOTENT.includes(method) || call.idempotencyKey !== undefined;
    for (let tries = 1; ; tries += 1) {
      const isLast = tries === MOST_TRIES || !isRepeatable;
      const answer = await this.attempt(method, url, call, isLast);
      if (answer !== undefined && (isLast || !PASSING.includes(answer.status))) return answer;
      await sleep(pause(tries, answer?.headers.get('Retry-After')), undefined, { signal: currentContext()?.signal });
    }
  }

  /** What it answers to a GET, read as JSON. Throws as `call`, and Unavailable where it is none or an error. */
  async getJson(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const { status, text } = await this.call('GET', path, { query, headers: { Accept: 'application/json' } });
    if (status < 200 || status > 299) throw this.away(`answers ${status}`);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw this.away('does not answer with JSON');
    }
  }

  /** Undefined where there was no answer, and another try may bring one. */
  private async attempt(method: string, url: URL, call: Call, isLast: boolean): Promise<ExternalAnswer | undefined> {
    const request = currentContext()?.signal;
    const time = AbortSignal.timeout(this.settings.timeout);
    const signal = request === undefined ? time : AbortSignal.any([time, request]);
    try {
      return await this.follow(method, url, call, signal);
    } catch (error) {
      request?.throwIfAborted();
      if (error instanceof Unavailable) throw error;
      if (isLast) throw this.away(time.aborted ? 'does not answer in time' : 'can not be reached');
      return undefined;
    }
  }

  /** Redirects are followed where they lead to the same server, and change nothing. */
  private async follow(method: string, url: URL, call: Call, signal: AbortSignal): Promise<ExternalAnswer> {
    let place = url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const response = await fetch(place, { method, ...this.content(call), redirect: 'manual', signal });
      const location = REDIRECTS.includes(response.status) ? response.headers.get('Location') : null;
      if (location === null) return { status: response.status, headers: response.headers, text: await this.read(response) };
      await response.body?.cancel();
      place = new URL(location, place);
      if (place.origin !== url.origin || !['GET', 'HEAD'].includes(method)) throw this.away('leads elsewhere');
    }
    throw this.away('leads around in circles');
  }

  private content({ body, headers, idempotencyKey }: Call): RequestInit {
    const { token } = this.settings;
    return {
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
  }

  /** Throws Unavailable where there is more than anybody wants in memory. */
  private async read(response: Response): Promise<string> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      bytes += (part as Uint8Array).length;
      if (bytes > MOST_BYTES) throw this.away('answers with too much');
      parts.push(part);
    }
    return Buffer.concat(parts).toString();
  }

  /** Throws where a path leads out of what is below the base URL. */
  private locate(path: string, query: Readonly<Record<string, string>> = {}): URL {
    const { baseUrl } = this.settings;
    if (baseUrl === undefined) throw this.away('is not set up');
    const base = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
    const url = new URL(`./${path.replace(/^\/+/, '')}`, base);
    if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) throw new Error(`${path} is not below ${base}.`);
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
    return url;
  }

  private away(why: string): Unavailable {
    return new Unavailable(`${this.part.name} ${why}.`);
  }
}

/** Longer each time, never the same for two, and as long as the service says where that is not too long. */
function pause(tries: number, retryAfter: string | null | undefined): number {
  const asked = Number(retryAfter ?? 0) * 1000;
  const own = PAUSE_MS * 2 ** (tries - 1) * (0.5 + Math.random() / 2);
  return Math.min(Math.max(own, Number.isFinite(asked) ? asked : 0), LONGEST_PAUSE_MS);
}
