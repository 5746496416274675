import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';

import { UnsecuredJWT } from 'jose';

import { InvalidConfig, readConfig } from '../config.js';
import { SEALING_KEYS, SECRET, send } from './backend.js';
import { bearer, seconds, signed, somebody } from './people.js';

describe('tokens', () => {
  test('whoever has a token that is valid is let in', async () => {
    assert.notEqual((await (await somebody()).get('{{path}}')).status, 401);
  });

  for (const [kind, token] of [
    ['signed with another secret', signed({ sub: 'someone' }, `${SECRET}!`)],
    ['signed by another algorithm', signed({ sub: 'someone' }, SECRET, 'HS384')],
    ['expired', signed({ sub: 'someone', exp: seconds(-60) })],
    ['not valid yet', signed({ sub: 'someone', nbf: seconds(60) })],
    ['without a subject', signed({})],
    ['without a name in its subject', signed({ sub: '' })],
    ['without an end', signed({ sub: 'someone', exp: undefined })],
    ['unsigned', new UnsecuredJWT({ sub: 'someone', exp: seconds(60) }).encode()],
    ['nonsense', 'nonsense'],
    ['too long', 'x'.repeat(9_000)],
  ] as const) {
    test(`a token that is ${kind} lets nobody in`, async () => {
      const answer = await send('GET', '{{path}}', undefined, bearer(await token));

      assert.equal(answer.status, 401);
      assert.equal(answer.body.error.code, 'UNAUTHENTICATED');
      assert.equal(answer.headers.get('WWW-Authenticate'), 'Bearer');
    });
  }
});

describe('settings', () => {
  for (const NODE_ENV of ['production', 'Production', 'prod', 'staging', 'development', 'test', '']) {
    test(`the server refuses to start without a way to verify tokens, NODE_ENV being "${NODE_ENV}"`, () => {
      refused({ NODE_ENV }, ['{{keysMissing}}']);
      assert.deepEqual(readConfig({ NODE_ENV, JWT_SECRET: SECRET, SEALING_KEYS }).auth, { secret: SECRET });
    });
  }

  test('there is one way to verify tokens, of which none can choose another', () => {
    assert.throws(() => readConfig({ JWT_SECRET: SECRET, JWKS_URL: 'https://issuer.example/keys', SEALING_KEYS }), InvalidConfig);
    refused({ JWT_SECRET: 'short' }, ['JWT_SECRET must have at least 32 characters.']);
  });

  test('without authentication the server is for this machine alone', () => {
    const loopback = 'AUTH=off lets everybody do everything, so HOST must be 127.0.0.1, ::1 or localhost.';
    assert.equal(readConfig({ AUTH: 'off', SEALING_KEYS }).host, '127.0.0.1');
    assert.equal(readConfig({ AUTH: 'off', HOST: '::1', SEALING_KEYS }).host, '::1');
    refused({ AUTH: 'off', HOST: '0.0.0.0' }, [loopback]);
    refused({ AUTH: 'no', JWT_SECRET: SECRET }, [AUTH_FAULT]);
  });

  for (const NODE_ENV of ['production', 'Production', 'PRODUCTION', 'prod', 'live', 'staging', 'Development', ' test', 'anything']) {
    test(`the server refuses to start without authentication, NODE_ENV being "${NODE_ENV}"`, () => {
      refused({ AUTH: 'off', NODE_ENV }, [AUTH_FAULT]);
      refused({ JWT_SECRET: 'x'.repeat(40), HOST: '127.0.0.1', NODE_ENV }, [guessable('JWT_SECRET')]);
    });
  }

  for (const NODE_ENV of ['development', 'test', '', undefined]) {
    test(`the server starts without authentication, NODE_ENV being "${NODE_ENV}"`, () => {
      assert.equal(readConfig({ AUTH: 'off', NODE_ENV, SEALING_KEYS }).auth, 'off');
    });
  }

  test('a secret that can be guessed is for this machine alone', () => {
    const example = { JWT_SECRET: 'x'.repeat(40), SEALING_KEYS: `example:${Buffer.alloc(32).toString('base64')}` };
    const fault = guessable('JWT_SECRET and SEALING_KEYS');
    assert.deepEqual(readConfig({ ...example, HOST: '127.0.0.1' }).auth, { secret: example.JWT_SECRET });
    for (const environment of [{}, { HOST: '0.0.0.0' }, { HOST: '127.0.0.1', NODE_ENV: 'production' }]) {
      refused({ ...example, ...environment }, [fault]);
    }
    const rotated = `new:${randomBytes(32).toString('base64')},${example.SEALING_KEYS}`;
    refused({ JWT_SECRET: SECRET, SEALING_KEYS: rotated }, [fault.replace('JWT_SECRET and ', '')]);
    for (const JWT_SECRET of [`${'changeme'.repeat(4)}0`, 'your-256-bit-secret-your-256-bit-secret']) {
      refused({ JWT_SECRET }, [fault.replace(/^.* can/, 'JWT_SECRET can')]);
    }
    refused({ JWT_SECRET: SECRET, SIGNING_SECRET: 'abcd'.repeat(8) }, [fault.replace(/^.* can/, 'SIGNING_SECRET can')]);
  });

  for (const [variable, value] of [
    ['AWS_REGION', 'nonsense!'],
    ['AWS_ENDPOINT_URL', 'http://database:99999'],
    ['HOST', 'two words'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://'],
    ['SEALING_KEYS', `${SEALING_KEYS},${SEALING_KEYS}`],
  ] as const) {
    test(`the server refuses to start where ${variable} is what nothing can be done with`, () => {
      const [fault, ...others] = faultsOf({ JWT_SECRET: SECRET, [variable]: value });
      assert.match(fault!, new RegExp(`^${variable} must be `));
      assert.deepEqual(others, []);
    });
  }

  test('everything that is wrong with the environment is named', () => {
    refused({ PORT: 'none', TABLE_PREFIX: '!', MIGRATE_ON_START: 'yes', JWT_SECRET: SECRET }, [
      'MIGRATE_ON_START must be true or false.',
      'PORT must be a port number.',
      'TABLE_PREFIX must be 2 to 100 of the characters A-Z, a-z, 0-9, "_", "." and "-".',
    ]);
  });
});

const AUTH_FAULT = 'AUTH must be on or off, and on where NODE_ENV is neither development nor test.';

function guessable(names: string): string {
  return `${names} can be guessed: make a new one with \`openssl rand -base64 32\`.`;
}

function refused(environment: NodeJS.ProcessEnv, faults: readonly string[]): void {
  assert.deepEqual(faultsOf(environment).sort(), [...faults].sort());
}

function faultsOf(environment: NodeJS.ProcessEnv): string[] {
  try {
    readConfig({ SEALING_KEYS, ...environment });
  } catch (error) {
    if (error instanceof InvalidConfig) return [...error.faults];
    throw error;
  }
  return [];
}
