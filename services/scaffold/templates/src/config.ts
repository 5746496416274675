import Joi, { type CustomValidator, type ObjectSchema, type Schema } from 'joi';

import type { Threshold } from './logger.js';
import { tables } from './models/index.js';
import type { SealingKey } from './services/seals.js';

/** Where records are kept: all that a command beside the server needs. */
export interface StorageConfig {
  readonly environment: string;
  readonly region: string;
  /** Undefined means AWS itself. */
  readonly endpoint: string | undefined;
  readonly tablePrefix: string;
  /** Milliseconds that a call of the database may take, its repetition included. */
  readonly databaseTimeout: number;
  /** What the hash of a password costs: its memory is 2 to this power KB, see src/services/passwords.ts. */
  readonly passwordCost: number;
  /** What secrets are sealed with, the newest first. */
  readonly sealingKeys: readonly SealingKey[];
}

export interface Config extends StorageConfig {
  readonly host: string;
  readonly port: number;
  /** Whether the server migrates the database before it is ready. */
  readonly migrateOnStart: boolean;
  /** How tokens are verified: by a secret (HS256), or by the keys of an issuer (RS256, ES256). */
  readonly auth: { readonly secret: string } | { readonly keysUrl: string } | 'off';
  /** What a token's `iss` must be; undefined means anything. */
  readonly issuer: string | undefined;
  /** What a token's `aud` must contain; undefined means anything. */
  readonly audience: string | undefined;
  /** Signs cursors; undefined means that it follows from the secret of tokens, or is made up by each process. */
  readonly signingSecret: string | undefined;
{{mailTypes}}{{graphqlTypes}}{{partTypes}}  readonly logLevel: Threshold;
  /** The origins whose pages may read answers; "*" is all. */
  readonly corsOrigins: readonly string[];
  /** Whose X-Forwarded-For is believed: the nearest so many proxies, or those at addresses. */
  readonly trustProxy: number | readonly string[];
  /** In a minute; 0 is no limit. */
  readonly requestsPerAddress: number;
  readonly requestsPerUser: number;
  /** Milliseconds in which a request is answered, whatever happens. */
  readonly requestTimeout: number;
  /** Milliseconds after which a deletion goes on after the answer. */
  readonly deletionTimeout: number;
  /** What the backend is called in traces. */
  readonly serviceName: string;
  /** Where traces are sent; undefined means nowhere. */
  readonly traces: string | undefined;
}

/** The environment does not describe a server that can run. Lists everything wrong with it, and no values. */
export class InvalidConfig extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join(' '));
  }
}

/** The variable of each setting, and what it must be. */
type Settings<Part> = { readonly [Name in keyof Part]: readonly [variable: string, schema: Schema] };
type Values = Readonly<Record<string, unknown>>;

/** What is set by platforms that put one proxy before every server: Heroku, Railway, Render, Vercel and AWS ECS. */
const PROXIED = ['DYNO', 'RAILWAY_ENVIRONMENT', 'RENDER', 'VERCEL', 'ECS_CONTAINER_METADATA_URI_V4'];

/** Where people work on the backend. Under any other name it serves others, whatever that is called and how it is spelt. */
const WORKSHOPS = ['development', 'test'];

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

const text = Joi.string().empty('');

const number = (least: number, most: number) =>
  Joi.number()
    .empty('')
    .integer()
    .min(least)
    .max(most)
    .messages({ '*': `{#label} must be a whole number from ${least} to ${most}.` });

/** A URL that leads somewhere. */
const uri = (...scheme: string[]) =>
  text.uri({ scheme }).custom((value: string, { error }) => (URL.canParse(value) && new URL(value).host !== '' ? value : error('any.invalid')));

const url = () => uri('http', 'https').messages({ '*': '{#label} must be an http or https URL.' });

/** A list in one text, with commas between. */
const list = (isItem: (item: string) => boolean) => {
  const split: CustomValidator<string, string[]> = (value, { error }) => {
    const items = value.split(',').map((item) => item.trim());
    return items.every(isItem) ? items : error('any.invalid');
  };
  return text.custom(split);
};

const isOrigin = (item: string): boolean => item === '*' || (URL.canParse(item) && new URL(item).origin === item);

const isProxy = (item: string): boolean =>
  ['loopback', 'linklocal', 'uniquelocal'].includes(item) || network.validate(item).error === undefined;

/** An address, or a network of them, of which that of all addresses says nothing. */
const network = Joi.string()
  .ip({ version: ['ipv4', 'ipv6'], cidr: 'optional' })
  .pattern(/\/0+$/, { invert: true });

const SEALING_KEY = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/;

/** Whether there is anything to seal. */
const seals = Object.values(tables).some(({ secrecy }) => Object.values(secrecy).includes('SEALED'));

const toSealingKeys: CustomValidator<string, SealingKey[]> = (value, { error }) => {
  const parts = value.split(',').map((part) => SEALING_KEY.exec(part.trim()));
  if (!parts.every((part) => part !== null)) return error('any.invalid');
  if (new Set(parts.map(([, id]) => id)).size < parts.length) return error('any.invalid');
  return parts.map(([, id = '', key = '']) => ({ id, key: Buffer.from(key, 'base64') }));
};

const sealingKeys = text
  .custom(toSealingKeys)
  .messages({ '*': '{#label} must be keys as <id>:<32 bytes in base64>, no two with one id, with commas between, the newest first.' });

const STORAGE: Settings<StorageConfig> = {
  environment: ['NODE_ENV', text.default('development')],
  region: [
    'AWS_REGION',
    text
      .pattern(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
      .default('us-east-1')
      .messages({ '*': '{#label} must be a region, such as us-east-1.' }),
  ],
  endpoint: ['AWS_ENDPOINT_URL', url()],
  tablePrefix: [
    'TABLE_PREFIX',
    text
      .pattern(/^[A-Za-z0-9_.-]{2,100}$/)
      .default({{prefix}})
      .messages({ '*': '{#label} must be 2 to 100 of the characters A-Z, a-z, 0-9, "_", "." and "-".' }),
  ],
  databaseTimeout: ['DATABASE_TIMEOUT_MS', number(100, 60_000).default(2_500)],
  passwordCost: [
    'PASSWORD_COST',
    Joi.when('NODE_ENV', { is: 'test', then: number(1, 20), otherwise: number(15, 20) }).default(15),
  ],
  sealingKeys: ['SEALING_KEYS', sealingKeys.default([])],
};

const SERVER: Settings<Omit<Config, keyof StorageConfig | 'auth'>> = {
  host: [
    'HOST',
    text.when('AUTH', {
      is: 'off',
      then: text
        .valid(...LOOPBACK)
        .default('127.0.0.1')
        .messages({ '*': 'AUTH=off lets everybody do everything, so HOST must be 127.0.0.1, ::1 or localhost.' }),
      otherwise: text
        .hostname()
        .default('0.0.0.0')
        .messages({ '*': '{#label} must be an address of this machine, or its name.' }),
    }),
  ],
  port: ['PORT', Joi.number().empty('').port().default(3000).messages({ '*': '{#label} must be a port number.' })],
  migrateOnStart: [
    'MIGRATE_ON_START',
    Joi.boolean().empty('').default(false).messages({ '*': '{#label} must be true or false.' }),
  ],
  issuer: ['JWT_ISSUER', text],
  audience: ['JWT_AUDIENCE', text],
  signingSecret: [
    'SIGNING_SECRET',
    text.min(32).messages({ '*': '{#label} must have at least 32 characters.' }),
  ],
{{mailSettings}}{{graphqlSettings}}{{partSettings}}  logLevel: [
    'LOG_LEVEL',
    text
      .valid('info', 'warn', 'error', 'off')
      .default('info')
      .messages({ '*': '{#label} must be info, warn, error or off.' }),
  ],
  corsOrigins: [
    'CORS_ORIGINS',
    list(isOrigin)
      .default([])
      .messages({ '*': '{#label} must be "*", or origins such as https://app.example.com with commas between.' }),
  ],
  trustProxy: [
    'TRUST_PROXY',
    Joi.alternatives(Joi.number().integer().min(0).max(10), list(isProxy))
      .empty('')
      .default((variables: NodeJS.ProcessEnv) => (PROXIED.some((name) => variables[name] !== undefined) ? 1 : 0))
      .messages({ '*': '{#label} must be a number of proxies up to 10, or their addresses with commas between.' }),
  ],
  requestsPerAddress: ['RATE_LIMIT_PER_ADDRESS', number(0, 1_000_000).default(3_000)],
  requestsPerUser: ['RATE_LIMIT_PER_USER', number(0, 1_000_000).default(1_200)],
  requestTimeout: ['REQUEST_TIMEOUT_MS', number(100, 600_000).default(10_000)],
  deletionTimeout: ['DELETION_TIMEOUT_MS', number(0, 60_000).default(1_500)],
  serviceName: ['OTEL_SERVICE_NAME', text.default({{name}})],
  traces: ['OTEL_EXPORTER_OTLP_ENDPOINT', url()],
};

const AUTHENTICATION = {
  AUTH: text
    .valid('on', 'off')
    .default('on')
    .when('NODE_ENV', { is: text.valid(...WORKSHOPS), otherwise: Joi.invalid('off') })
    .messages({ '*': '{#label} must be on or off, and on where NODE_ENV is neither development nor test.' }),
  JWT_SECRET: text.min(32).messages({ '*': '{#label} must have at least 32 characters.' }),
  JWKS_URL: {{keysUrl}},
};

/** A command beside the server seals nothing, but the server may have to. */
const SEALING = seals ? { SEALING_KEYS: sealingKeys.required() } : {};

const environment = Joi.object<Values>({ ...schemas(STORAGE), ...schemas(SERVER), ...AUTHENTICATION, ...SEALING })
  .when(Joi.object({ AUTH: Joi.valid('off').required() }).unknown(), {
    otherwise: Joi.object().xor('JWT_SECRET', 'JWKS_URL'),
  })
  .messages({
    'object.missing': 'Set JWT_SECRET (at least 32 characters){{orKeys}}; AUTH=off is for your own machine alone.',
    'object.xor': 'Set JWT_SECRET or JWKS_URL, not both.',
  });

/** What must be known to nobody else. */
const SECRETS = ['JWT_SECRET', 'SIGNING_SECRET', 'SEALING_KEYS'];

/** Of so many characters that are made by chance, so many are different but once in millions of times. */
const [LEAST, LEAST_DIFFERENT] = [32, 8];

/** Throws InvalidConfig. */
export function readConfig(variables: NodeJS.ProcessEnv): Config {
  const values = validate(environment, variables, isReachable(variables) ? guessable(variables) : []);
  return { ...settings(STORAGE, values), ...settings(SERVER, values), auth: toAuth(values) };
}

/** Throws InvalidConfig. */
export function readStorageConfig(variables: NodeJS.ProcessEnv): StorageConfig {
  return settings(STORAGE, validate(Joi.object(schemas(STORAGE)), variables));
}

function schemas<Part>(part: Settings<Part>): Record<string, Schema> {
  return Object.fromEntries(Object.values<readonly [string, Schema]>(part));
}

/** Whether others than this machine's own programs may reach the server; in production they may, whatever stands before it. */
function isReachable({ NODE_ENV, HOST, AUTH }: NodeJS.ProcessEnv): boolean {
  return isInProduction(NODE_ENV) || !LOOPBACK.includes(HOST || (AUTH === 'off' ? '127.0.0.1' : ''));
}

/** Whether others than those who work on the backend use it. */
export function isInProduction(environment: string | undefined): boolean {
  return !WORKSHOPS.includes(environment || 'development');
}

/** The fault of secrets that are made of few characters, or say the same over and over, as examples do. */
function guessable(variables: NodeJS.ProcessEnv): string[] {
  const keys = (name: string) => variables[name]?.split(',').map((part) => part.replace(/^.*:/u, '')) ?? [];
  const names = SECRETS.filter((name) => keys(name).some((key) => key.length >= LEAST && isRepetitive(key)));
  return names.length === 0 ? [] : [`${names.join(' and ')} can be guessed: make a new one with \`openssl rand -base64 32\`.`];
}

function isRepetitive(key: string): boolean {
  const pieces = Array.from({ length: key.length - 3 }, (_, start) => key.slice(start, start + 4));
  return new Set(key).size < LEAST_DIFFERENT || new Set(pieces).size < 0.75 * pieces.length;
}

/** Throws InvalidConfig, with the other faults too. */
function validate(schema: ObjectSchema<Values>, variables: NodeJS.ProcessEnv, others: readonly string[] = []): Values {
  const result = schema.validate(variables, {
    abortEarly: false,
    allowUnknown: true,
    errors: { wrap: { label: false } },
  });
  const faults = [...new Set([...(result.error?.details.map(({ message }) => message) ?? []), ...others])];
  if (faults.length > 0) throw new InvalidConfig(faults);
  return result.value as Values;
}

/** What the schemas made of a part's variables: that they are of its types is what the schemas say. */
function settings<Part>(part: Settings<Part>, values: Values): Part {
  const named = Object.entries<readonly [string, Schema]>(part).map(([name, [variable]]) => [name, values[variable]]);
  return Object.fromEntries(named) as Part;
}

function toAuth({ AUTH, JWT_SECRET, JWKS_URL }: Values): Config['auth'] {
  if (AUTH === 'off') return 'off';
  return typeof JWT_SECRET === 'string' ? { secret: JWT_SECRET } : { keysUrl: String(JWKS_URL) };
}
