import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { runWithin } from '../context.js';
import { Unavailable } from '../errors.js';
import { Passwords } from '../services/passwords.js';
import { Seals } from '../services/seals.js';
import { Turns } from '../services/turns.js';

test('a password is compared with its salted hash, whatever that cost', async () => {
  const cheap = await new Passwords(4).hash('correct horse');
  const dear = new Passwords(5);
  assert.match(cheap, /^scrypt\$16\$8\$3\$/);
  assert.notEqual(await new Passwords(4).hash('correct horse'), cheap);
  assert.equal(await dear.isRight('correct horse', cheap), true);
  assert.equal(await dear.isRight('wrong horse', cheap), false);
  assert.equal(await dear.isRight('correct horse', undefined), false);
});

test('who waits to have a password hashed leaves when their request is over, and when too many wait is sent away', async () => {
  const turns = new Turns(1, 2);
  const { promise: free, resolve: end } = Promise.withResolvers<void>();
  const worked: string[] = [];
  const take = (name: string, { signal }: AbortController) =>
    runWithin({ requestId: name, traceId: undefined, signal }, () => turns.take(() => Promise.resolve(worked.push(name))));
  const gone = new AbortController();

  const first = turns.take(() => free);
  const second = take('second', gone);
  const third = take('third', new AbortController());
  await assert.rejects(take('fourth', new AbortController()), Unavailable);
  gone.abort(new Error('The request is over.'));
  await assert.rejects(second, /The request is over\./);
  const fifth = take('fifth', new AbortController());
  end();
  await Promise.all([first, third, fifth]);

  assert.deepEqual(worked, ['third', 'fifth']);
});

test('what is sealed opens in its place, with its key, and as it was', () => {
  const [old, other] = [{ id: 'old', key: randomBytes(32) }, { id: 'new', key: randomBytes(32) }];
  const sealed = new Seals([old]).seal('open sesame', 'caves.password');
  assert.equal(new Seals([old]).open(sealed, 'caves.password'), 'open sesame');
  assert.equal(new Seals([other, old]).open(sealed, 'caves.password'), 'open sesame');
  assert.match(new Seals([other, old]).seal('open sesame', 'caves.password'), /^new\./);

  assert.throws(() => new Seals([old]).open(sealed, 'caves.name'));
  assert.throws(() => new Seals([other]).open(sealed, 'caves.password'));
  const changed = `${sealed.slice(0, -4)}${sealed.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
  assert.throws(() => new Seals([old]).open(changed, 'caves.password'));
});
