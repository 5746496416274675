import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { Passwords } from '../services/passwords.js';
import { Seals } from '../services/seals.js';

test('a password is compared with its salted hash, whatever that cost', async () => {
  const cheap = await new Passwords(4).hash('correct horse');
  const dear = new Passwords(5);
  assert.match(cheap, /^scrypt\$16\$8\$3\$/);
  assert.notEqual(await new Passwords(4).hash('correct horse'), cheap);
  assert.equal(await dear.isRight('correct horse', cheap), true);
  assert.equal(await dear.isRight('wrong horse', cheap), false);
  assert.equal(await dear.isRight('correct horse', undefined), false);
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
