import Joi from 'joi';

import type { Level } from './logger.js';

export interface Config {
  readonly environment: string;
  readonly host: string;
  readonly port: number;
  /** Undefined means that authentication is off; never so in production. */
  readonly jwtSecret: string | undefined;
  readonly logLevel: Level;
  readonly region: string;
  /** Undefined means AWS itself. */
  readonly endpoint: string | undefined;
  readonly tablePrefix: string;
}

/** The environment does not describe a server that can run. Lists everything wrong with it, and no values. */
export class InvalidConfig extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join(' '));
  }
}

const text = Joi.string().empty('');

const environment = Joi.object({
  NODE_ENV: text.default('development'),
  HOST: text.default('0.0.0.0'),
  PORT: Joi.number().empty('').port().default(3000).messages({ '*': 'PORT must be a port number.' }),
  JWT_SECRET: text.min(32).when('NODE_ENV', { is: 'production', then: Joi.required() }).messages({
    'any.required': 'JWT_SECRET must be set in production.',
    'string.min': 'JWT_SECRET must have at least 32 characters.',
  }),
  LOG_LEVEL: text.valid('info', 'warn', 'error').default('info').messages({
    '*': 'LOG_LEVEL must be info, warn or error.',
  }),
  AWS_REGION: text.default('us-east-1'),
  AWS_ENDPOINT_URL: text.uri({ scheme: ['http', 'https'] }).messages({
    '*': 'AWS_ENDPOINT_URL must be an http or https URL.',
  }),
  TABLE_PREFIX: text
    .pattern(/^[A-Za-z0-9_.-]{2,100}$/)
    .default({{prefix}})
    .messages({ '*': 'TABLE_PREFIX must be 2 to 100 of the characters A-Z, a-z, 0-9, "_", "." and "-".' }),
});

/** Throws InvalidConfig. */
export function readConfig(variables: NodeJS.ProcessEnv): Config {
  const { error, value } = environment.validate(variables, { abortEarly: false, allowUnknown: true });
  if (error) throw new InvalidConfig(error.details.map(({ message }) => message));
  return {
    environment: value.NODE_ENV,
    host: value.HOST,
    port: value.PORT,
    jwtSecret: value.JWT_SECRET,
    logLevel: value.LOG_LEVEL,
    region: value.AWS_REGION,
    endpoint: value.AWS_ENDPOINT_URL,
    tablePrefix: value.TABLE_PREFIX,
  };
}
