{{imports}}

/** Somebody who sends requests, with a token or without. */
export class Person {
  constructor(
    readonly id: {{key}},
    private readonly headers: Record<string, string>,
    /** What the table of users has of them. */
    readonly row: Row = {},
  ) {}

  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return send(method, path, body, { ...this.headers, ...headers });
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.send('POST', path, body);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.send('PUT', path, body);
  }

  patch(path: string, body: unknown): Promise<Answer> {
    return this.send('PATCH', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path);
  }
}

/** Who has no token. */
export const nobody = new Person({{none}}, {});

{{somebody}}

export function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

/** A token that our secret signs, with an end unless the claims say otherwise. */
export function signed(claims: Row, secret = SECRET, algorithm = 'HS256'): Promise<string> {
  const payload = { exp: seconds(3600), ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: algorithm }).sign(new TextEncoder().encode(secret));
}

/** A time as tokens have it. */
export function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow;
}
