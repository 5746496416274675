import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Attempts } from '../services/attempts.js';
import { database, run, {{seed}}startServer, stored, type Answer, type Row, type Server } from './backend.js';
import { MailServer } from './mailServer.js';
{{imports}}

const PASSWORD = 'correct horse battery staple';

let backend: Server;
let mails: MailServer;

before(async () => {
  mails = await MailServer.start();
  backend = await startServer({ SMTP_URL: mails.url, MAIL_FROM: 'backend@example.com' });
});

after(async () => {
  await backend.stop();
  await mails.stop();
});

/** What somebody sends to sign up, with a login of their own. */
function newcomer(): Row {
  return {{newcomer}};
}

interface Person {
  readonly login: string;
  readonly tokens: { readonly accessToken: string; readonly refreshToken: string };
  readonly user: Row;
}

{{signUp}}  return { login: body.{{login}} as string, tokens: answer.body, user: answer.body.user };
}

async function signIn(name: string, secret: string): Promise<Answer> {
  return post('/auth/sign-in', { {{login}}: name, password: secret });
}

function post(path: string, body?: unknown, token?: string): Promise<Answer> {
  return backend.send('POST', path, body, headers(token));
}

function get(path: string, token?: string): Promise<Answer> {
  return backend.send('GET', path, undefined, headers(token));
}

function headers(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

async function me(token: string): Promise<number> {
  return (await get('/auth/user', token)).status;
}

describe('accounts', () => {
  test('mails are from somebody', async () => {
    for (const MAIL_FROM of ['', 'two words', 'one@example.com, two@example.com', 'Shop <shop>']) {
      await assert.rejects(startServer({ SMTP_URL: mails.url, MAIL_FROM }), /^Error: MAIL_FROM must be /);
    }
    await (await startServer({ SMTP_URL: mails.url, MAIL_FROM: '"Shop, Inc." <shop@example.com>' })).stop();
  });

  test('whoever signs up is signed in, and no answer shows the password', async () => {
    const { login: name, tokens, user } = await signUp();
    assert.equal(user.{{login}}, name);

    const answers = [user, await get('/auth/user', tokens.accessToken), (await signIn(name, PASSWORD)).body];

    for (const answer of answers) {
      assert.doesNotMatch(JSON.stringify(answer), /horse|scrypt/);
      assert.ok(!Object.hasOwn((answer as Answer).body ?? answer, '{{password}}'));
    }
  });

{{noSignUp}}  test('whoever runs the server makes accounts, and is told the password once', async () => {
    const body = newcomer();
    const make = () => run('account', body.{{login}} as string, {{role}}JSON.stringify(body));
    const { isDone, said } = await make();
    assert.ok(isDone, said);

    const answer = await signIn(body.{{login}} as string, said.trim().split('\n').at(-1)!);
    assert.equal(answer.status, 200);
{{hasRole}}    const again = await make();
    assert.equal(again.isDone, false);
    assert.equal(again.said.trim().split('\n').length, 1);
  });

  test('a wrong password and an unknown login are answered alike', async () => {
    const { login: name } = await signUp();
    const wrong = await signIn(name, `${PASSWORD}!`);
    const unknown = await signIn(`un${name}`, PASSWORD);
    assert.equal(wrong.status, 401);
    assert.equal(unknown.status, 401);
    const [first, second] = [wrong.body.error, unknown.body.error];
    assert.deepEqual({ ...first, requestId: undefined }, { ...second, requestId: undefined });
  });

  test('passwords cannot be tried out', async () => {
    const { login: name } = await signUp();
    for (let attempt = 1; attempt <= 10; attempt += 1) assert.equal((await signIn(name, 'a wrong password')).status, 401);
    const answer = await signIn(name, PASSWORD);
    assert.equal(answer.status, 429);
    assert.match(answer.headers.get('retry-after')!, /^[1-9]\d*$/);
  });

  test('of sign-ins the wrong ones count, and a right one takes back itself alone', async () => {
    const attempts = new Attempts(database);
    const server = await startServer({ TRUST_PROXY: '1' });
    const from = (address: string, name: string, secret: string) =>
      server.send('POST', '/auth/sign-in', { {{login}}: name, password: secret }, { 'X-Forwarded-For': address });
    for (const isOfAddress of [true, false]) {
      const { login: name } = await signUp();
      const wrong = () => attempts.count('sign-in', [isOfAddress ? '192.0.2.7' : name], 100);
      await Promise.all(Array.from({ length: 99 }, wrong));

      const statuses = [];
      for (const secret of [PASSWORD, PASSWORD, 'a wrong password', PASSWORD]) {
        statuses.push((await from(isOfAddress ? '192.0.2.7' : '192.0.2.8', name, secret)).status);
      }
      assert.deepEqual(statuses, [200, 200, 401, 429]);
    }
    await server.stop();
  });

  test('whoever tries from one address keeps nobody out who comes from another', async () => {
    const { login: name } = await signUp();
    const server = await startServer({ TRUST_PROXY: '1' });
    const from = (address: string, secret: string) =>
      server.send('POST', '/auth/sign-in', { {{login}}: name, password: secret }, { 'X-Forwarded-For': address });
    for (let attempt = 1; attempt <= 101; attempt += 1) await from('192.0.2.9', 'a wrong password');
    assert.equal((await from('192.0.2.9', PASSWORD)).status, 429);
    assert.equal((await from('192.0.2.10', PASSWORD)).status, 200);
    await server.stop();
  });

  test('a refresh token is good once; sent again, it ends the session', async () => {
    const { tokens } = await signUp();
    const refreshed = await post('/auth/refresh', { refreshToken: tokens.refreshToken });
    assert.equal(refreshed.status, 200);
    assert.equal(await me(refreshed.body.accessToken), 200);

    assert.equal((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status, 401);

    assert.equal(await me(refreshed.body.accessToken), 401);
    assert.equal((await post('/auth/refresh', { refreshToken: refreshed.body.refreshToken })).status, 401);
    for (const refreshToken of ['', 'x', 'a.b.c', `${'a'.repeat(2_000)}.b.c`]) {
      assert.ok([400, 401].includes((await post('/auth/refresh', { refreshToken })).status));
    }
  });

  test('a refresh token that is old ends the session, however often it was renewed since', async () => {
    const { tokens } = await signUp();
    let newest = tokens;
    for (let time = 1; time <= 3; time += 1) newest = (await post('/auth/refresh', { refreshToken: newest.refreshToken })).body;
    assert.equal(await me(newest.accessToken), 200);

    assert.equal((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status, 401);

    assert.equal(await me(newest.accessToken), 401);
    assert.equal((await post('/auth/refresh', { refreshToken: newest.refreshToken })).status, 401);
  });

  test('sessions are listed and ended, one or all', async () => {
    const { login: name, tokens } = await signUp();
    const second = (await signIn(name, PASSWORD)).body;
    const third = (await signIn(name, PASSWORD)).body;
    const listed = await get('/auth/sessions', third.accessToken);
    assert.equal(listed.body.items.length, 3);
    assert.deepEqual(listed.body.items.filter(({ isCurrent }: Row) => isCurrent).length, 1);
    assert.doesNotMatch(JSON.stringify(listed.body), /hash|previous/);

    assert.equal((await post('/auth/sign-out', undefined, tokens.accessToken)).status, 204);
    assert.deepEqual([await me(tokens.accessToken), await me(second.accessToken)], [401, 200]);
    const [{ id }] = listed.body.items.filter(({ isCurrent }: Row) => isCurrent);
    assert.equal((await backend.send('DELETE', `/auth/sessions/${id}`, undefined, headers(second.accessToken))).status, 204);
    assert.equal(await me(third.accessToken), 401);
    assert.equal((await post('/auth/sign-out-everywhere', undefined, second.accessToken)).status, 204);
    assert.equal(await me(second.accessToken), 401);
  });

  test('of a user who signs in again and again, the sessions used last are kept', async () => {
    const { login: name, tokens } = await signUp();
    let newest = tokens;
    for (let time = 1; time <= 20; time += 1) newest = (await signIn(name, PASSWORD)).body;

    assert.equal((await get('/auth/sessions', newest.accessToken)).body.items.length, 20);
    assert.equal(await me(tokens.accessToken), 401);
  });

  test('nobody sees or ends the sessions of others', async () => {
    const [alice, bob] = [await signUp(), await signUp()];
    const [{ id }] = (await get('/auth/sessions', alice.tokens.accessToken)).body.items;

    const answer = await backend.send('DELETE', `/auth/sessions/${id}`, undefined, headers(bob.tokens.accessToken));

    assert.equal(answer.status, 404);
    assert.equal(await me(alice.tokens.accessToken), 200);
    assert.equal((await get('/auth/sessions')).status, 401);
  });

  test('a new password needs the current one, and ends all other sessions', async () => {
    const { login: name, tokens } = await signUp();
    const other = (await signIn(name, PASSWORD)).body;
    const change = (current: string, next: string) => post('/auth/password', { current, password: next }, tokens.accessToken);
    assert.equal((await change('not the current one', 'another long password')).status, 403);
    assert.equal((await change(PASSWORD, 'short')).status, 400);

    assert.equal((await change(PASSWORD, 'another long password')).status, 204);

    assert.deepEqual([await me(tokens.accessToken), await me(other.accessToken)], [200, 401]);
    assert.equal((await signIn(name, PASSWORD)).status, 401);
    assert.equal((await signIn(name, 'another long password')).status, 200);
  });

{{identifiers}}{{resets}}  test('the tokens of a deleted account are worthless', async () => {
    const { user, tokens } = await signUp();
    const open = await startServer({ AUTH: 'off', JWT_SECRET: '' });
    const deletion = await open.send('DELETE', `{{path}}/${user.{{key}}}`);
    await open.stop();

    assert.equal(deletion.status, 204);
    assert.equal(await me(tokens.accessToken), 401);
    assert.equal((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status, 401);
  });

  test('of a password, a hash is kept, and that one is of it', async () => {
    const { user } = await signUp();
    const item = await stored('{{table}}', { {{key}}: user.{{key}} });

    assert.doesNotMatch(JSON.stringify(item), /horse/);
    assert.notEqual(item?.{{password}}, (await stored('{{table}}', { {{key}}: (await signUp()).user.{{key}} }))?.{{password}});
  });
});
