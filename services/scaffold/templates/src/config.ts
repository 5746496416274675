import Joi, { type ObjectSchema } from 'joi';

import type { Level } from './logger.js';

/** Where records are kept: all that a command beside the server needs. */
export interface StorageConfig {
  readonly environment: string;
  readonly region: string;
  /** Undefined means AWS itself. */
  readonly endpoint: string | undefined;
  readonly tablePrefix: string;
}

export interface Config extends StorageConfig {
  readonly host: string;
  readonly port: number;
  /** How tokens are verified: by a secret (HS256), or by the keys of an issuer (RS256, ES256). */
  readonly auth: { readonly secret: string } | { readonly keysUrl: string } | 'off';
  /** What a token's `iss` must be; undefined means anything. */
  readonly issuer: string | undefined;
  /** What a token's `aud` must contain; undefined means anything. */
  readonly audience: string | undefined;
  readonly logLevel: Level;
}

/** The environment does not describe a server that can run. Lists everything wrong with it, and no values. */
export class InvalidConfig extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join(' '));
  }
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

const text = Joi.string().empty('');

const storage = {
  NODE_ENV: text.default('development'),
  AWS_REGION: text.default('us-east-1'),
  AWS_ENDPOINT_URL: text.uri({ scheme: ['http', 'https'] }).messages({
    '*': 'AWS_ENDPOINT_URL must be an http or https URL.',
  }),
  TABLE_PREFIX: text
    .pattern(/^[A-Za-z0-9_.-]{2,100}$/)
    .default({{prefix}})
    .messages({ '*': 'TABLE_PREFIX must be 2 to 100 of the characters A-Z, a-z, 0-9, "_", "." and "-".' }),
};

const server = {
  HOST: text.when('AUTH', {
    is: 'off',
    then: text.valid(...LOOPBACK).default('127.0.0.1').messages({
      '*': 'AUTH=off lets everybody do everything, so HOST must be 127.0.0.1, ::1 or localhost.',
    }),
    otherwise: text.default('0.0.0.0'),
  }),
  PORT: Joi.number().empty('').port().default(3000).messages({ '*': 'PORT must be a port number.' }),
  LOG_LEVEL: text.valid('info', 'warn', 'error').default('info').messages({
    '*': 'LOG_LEVEL must be info, warn or error.',
  }),
};

const authentication = {
  AUTH: text
    .valid('on', 'off')
    .default('on')
    .when('NODE_ENV', { is: 'production', then: Joi.invalid('off') })
    .messages({ '*': 'AUTH must be on or off, and in production on.' }),
  JWT_SECRET: text.min(32).messages({ '*': 'JWT_SECRET must have at least 32 characters.' }),
  JWKS_URL: text.uri({ scheme: ['http', 'https'] }).messages({ '*': 'JWKS_URL must be an http or https URL.' }),
  JWT_ISSUER: text,
  JWT_AUDIENCE: text,
};

const environment = Joi.object({ ...storage, ...server, ...authentication })
  .when(Joi.object({ AUTH: Joi.valid('off').required() }).unknown(), {
    otherwise: Joi.object().xor('JWT_SECRET', 'JWKS_URL'),
  })
  .messages({
    'object.missing': 'Set JWT_SECRET (at least 32 characters) or JWKS_URL; AUTH=off is for your own machine alone.',
    'object.xor': 'Set JWT_SECRET or JWKS_URL, not both.',
  });

/** Throws InvalidConfig. */
export function readConfig(variables: NodeJS.ProcessEnv): Config {
  const value = validate(environment, variables);
  return {
    ...toStorage(value),
    host: value.HOST,
    port: value.PORT,
    auth: toAuth(value),
    issuer: value.JWT_ISSUER,
    audience: value.JWT_AUDIENCE,
    logLevel: value.LOG_LEVEL,
  };
}

/** Throws InvalidConfig. */
export function readStorageConfig(variables: NodeJS.ProcessEnv): StorageConfig {
  return toStorage(validate(Joi.object(storage), variables));
}

// Joi's values have no types: what each is, the schemas above say.
function validate(schema: ObjectSchema, variables: NodeJS.ProcessEnv): any {
  const { error, value } = schema.validate(variables, { abortEarly: false, allowUnknown: true });
  if (error) throw new InvalidConfig(error.details.map(({ message }) => message));
  return value;
}

function toStorage(value: any): StorageConfig {
  return {
    environment: value.NODE_ENV,
    region: value.AWS_REGION,
    endpoint: value.AWS_ENDPOINT_URL,
    tablePrefix: value.TABLE_PREFIX,
  };
}

function toAuth(value: any): Config['auth'] {
  if (value.AUTH === 'off') return 'off';
  return value.JWT_SECRET ? { secret: value.JWT_SECRET } : { keysUrl: value.JWKS_URL };
}
