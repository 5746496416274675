import Joi, { type CustomValidator, type NumberSchema, type ObjectSchema, type Schema, type StringSchema } from 'joi';

import { Inexact } from './numbers.js';

const MAX_STRING = 255;
const MIN_PASSWORD = 8;
/** Hashing takes longer the longer the password is. */
const MAX_PASSWORD = 200;
const DEFAULT_SCALE = 2;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T(?!24)\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

interface TextRules {
  readonly values?: readonly string[];
  /** In characters, as people count them: Unicode code points. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** For the whole of it. */
  readonly pattern?: string;
}

/** Both ends are allowed. */
interface Range<Bound> {
  readonly minimum?: Bound;
  readonly maximum?: Bound;
}

export const string = (rules: TextRules = {}) => ruled(Joi.string(), { maxLength: MAX_STRING, ...rules });

/** What can be a key in a path, or a value to filter by: as `string`, and normal as text of bodies is. */
export const keyString = () => string().normalize('NFC');

export const email = (rules: TextRules = {}) => string(rules).email({ tlds: { allow: false } });

export const url = (rules: TextRules = {}) => string(rules).uri({ scheme: ['http', 'https'] });

/** A currency's code of three letters (ISO 4217), as the Unicode CLDR lists them. */
export const currency = (rules: TextRules = {}) =>
  string(rules)
    .valid(...Intl.supportedValuesOf('currency'))
    .messages({ 'any.only': '{#label} must be the code of a currency, such as "EUR"' });

export const text = (rules: TextRules = {}) => {
  const schema = ruled(Joi.string(), rules);
  const mayBeEmpty = !rules.minLength && (rules.pattern === undefined || wholly(rules.pattern).test(''));
  return mayBeEmpty ? schema.allow('') : schema;
};

export const password = (rules: TextRules = {}) =>
  ruled(Joi.string(), { minLength: MIN_PASSWORD, maxLength: MAX_PASSWORD, ...rules });

export const integer = (range: Range<number> = {}) => between(Joi.number().integer(), range);

/** A number of 64 bits that DynamoDB can keep. One that would be rounded is none of a body's (see `Inexact`). */
export const float = (range: Range<number> = {}) =>
  between(Joi.number().unsafe(), range)
    .custom((value: number, { error }) => (isStorable(Math.abs(value)) ? value : error('number.base')))
    .messages({ 'number.base': '{#label} must be a number that can be kept: 0, or of a magnitude from 1e-130 to 9.99e125' });

/** An exact decimal number as text, such as money. Kept with all digits of its scale: equal numbers are equal texts. */
export const decimal = ({ scale = DEFAULT_SCALE, ...range }: Range<string> & { readonly scale?: number } = {}) =>
  Joi.string()
    .custom(asDecimal(scale))
    .custom(within(range, (value) => toUnits(value, scale)))
    .messages({
      'any.invalid': `{#label} must be a decimal number in text, such as "19.99", with at most ${scale} digits after the point`,
    });

export const boolean = () => Joi.boolean();

/** Any JSON but null. */
export const json = () =>
  Joi.any()
    .invalid(null)
    .custom(withoutInexact)
    .messages({ 'number.unsafe': '{#label} holds a number with more digits than can be kept' });

/** A day, as 2025-01-31. */
export const date = (range: Range<string> = {}) =>
  Joi.string()
    .custom(asDate)
    .custom(within(range, (value) => value))
    .messages({ 'any.invalid': '{#label} must be a day such as 2025-01-31' });

/**
 * A moment with its offset from UTC, as 2025-01-31T12:00:00Z. Kept in UTC with milliseconds, so that the order of the
 * texts is that of the moments.
 */
export const dateTime = (range: Range<string> = {}) =>
  Joi.string()
    .custom(asDateTime)
    .custom(within(range, (value) => new Date(value).getTime()))
    .messages({ 'any.invalid': '{#label} must be a moment such as 2025-01-31T12:00:00Z' });

type Fields = Readonly<Record<string, Schema>>;

/** A field that clients do not set, or not all of them: what bodies may have of it is not all that it may be. */
class Restricted {
  constructor(
    readonly value: Schema,
    readonly sent: Schema,
    /** What changes it, where no change of the record does. */
    readonly changedBy?: string,
  ) {}
}

type Rules = Readonly<Record<string, Schema | Restricted>>;

/** What the bodies of requests for a table must look like. */
export interface Bodies {
  readonly create: ObjectSchema;
  readonly replace: ObjectSchema;
  readonly update: ObjectSchema;
  /** What the fields may be, whoever sets them: what a path or a query string may ask for. */
  readonly values: Fields;
}

interface Groups {
  readonly fields?: Rules;
  /** Set when a record is created and never again. */
  readonly fixed?: Rules;
  /** Left as they are by a body that replaces a record without them: secrets, and what clients do not set. */
  readonly kept?: Rules;
}

export function bodies({ fields = {}, fixed = {}, kept = {} }: Groups): Bodies {
  return {
    create: Joi.object(sent({ ...fixed, ...fields, ...kept })),
    replace: Joi.object({ ...each(fixed, never), ...sent(fields), ...optional(sent(kept)) }),
    update: Joi.object({ ...each(fixed, never), ...optional(sent({ ...fields, ...kept })) }).min(1),
    values: optional(each({ ...fixed, ...fields, ...kept }, ({ value }) => value)),
  };
}

function sent(rules: Rules): Fields {
  return each(rules, (rule) => rule.sent);
}

function each(rules: Rules, schema: (rule: Restricted) => Schema): Fields {
  const schemas = Object.entries(rules).map(([name, rule]) => [
    name,
    schema(rule instanceof Restricted ? rule : new Restricted(rule, rule)),
  ]);
  return Object.fromEntries(schemas) as Fields;
}

/** What need not be sent, and has no default then. What must not be sent stays so. */
function optional(fields: Fields): Fields {
  const left = Object.entries(fields).map(([name, field]) => [
    name,
    (isForbidden(field) ? field : field.optional()).prefs({ noDefaults: true }),
  ]);
  return Object.fromEntries(left) as Fields;
}

function isForbidden(field: Schema): boolean {
  const { flags } = field.describe() as { readonly flags?: { readonly presence?: string } };
  return flags?.presence === 'forbidden';
}

const SET_BY_SERVER = { 'any.unknown': '{#label} is set by the server' };

const never = ({ changedBy: change }: Restricted) => {
  const reason = change === undefined ? 'is set when the record is created and never changes' : `is changed by ${change} alone`;
  return Joi.any().forbidden().messages({ 'any.unknown': `{#label} ${reason}: leave it out` });
};

/** A field that is set when a record is created, and changed by something else than changes of the record. */
export const changedBy = (change: string, field: Schema) => new Restricted(field, field, change);

/** A field that the server sets. */
export const readOnly = (field: Schema) => new Restricted(field, field.forbidden().messages(SET_BY_SERVER));

/** A field that the server sets to whoever sends the request. Without authentication there is nobody to set it to. */
export const assigned = (field: Schema) =>
  new Restricted(field, field.when('$isEnforced', { is: true, then: Joi.forbidden() }).messages(SET_BY_SERVER));

/** A field that those alone set whom a grant to a ROLE lets in. */
export const managed = (field: Schema) =>
  new Restricted(
    field,
    field
      .when('$isManager', { is: true, otherwise: Joi.forbidden() })
      .messages({ 'any.unknown': '{#label} is not yours to set' }),
  );

function ruled(schema: StringSchema, { values, minLength, maxLength, pattern }: TextRules): StringSchema {
  let result = schema;
  if (values !== undefined) result = result.valid(...values);
  if (pattern !== undefined) {
    result = result
      .pattern(wholly(pattern), { name: pattern })
      .messages({ 'string.pattern.name': '{#label} must match the pattern {#name} as a whole' });
  }
  return result.custom(ofLength(minLength, maxLength)).messages({
    'string.min': `{#label} must have at least ${minLength} characters`,
    'string.max': `{#label} must have at most ${maxLength} characters`,
  });
}

function wholly(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'u');
}

function ofLength(minLength = 0, maxLength = Infinity): CustomValidator<string> {
  return (value, { error }) => {
    const length = [...value].length;
    if (length < minLength) return error('string.min');
    return length > maxLength ? error('string.max') : value;
  };
}

function between(schema: NumberSchema, { minimum, maximum }: Range<number>): NumberSchema {
  let result = schema.messages({
    'number.base': '{#label} must be a number of no more digits than can be kept',
    'number.unsafe': '{#label} must be a number of no more digits than can be kept',
  });
  if (minimum !== undefined) result = result.min(minimum);
  return maximum === undefined ? result : result.max(maximum);
}

/** `order` makes of a value what compares as it should. */
function within<Order extends bigint | number | string>(
  { minimum, maximum }: Range<string>,
  order: (value: string) => Order,
): CustomValidator<string> {
  return (value, { message }) => {
    if (minimum !== undefined && order(value) < order(minimum)) return message({ custom: `{#label} must be at least ${minimum}` });
    if (maximum !== undefined && order(value) > order(maximum)) return message({ custom: `{#label} must be at most ${maximum}` });
    return value;
  };
}

function asDecimal(scale: number): CustomValidator<string> {
  const form = new RegExp(`^-?(?:0|[1-9][0-9]{0,14})(?:\\.[0-9]{1,${scale || 1}})?$`);
  return (value, { error }) => {
    if (!form.test(value) || (scale === 0 && value.includes('.'))) return error('any.invalid');
    const [whole = '', fraction = ''] = value.split('.');
    const padded = scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0')}`;
    return /[1-9]/.test(padded) ? padded : padded.replace('-', '');
  };
}

/** A decimal number as a count of its smallest units. */
function toUnits(value: string, scale: number): bigint {
  const [whole = '', fraction = ''] = value.split('.');
  return BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
}

const withoutInexact: CustomValidator<unknown> = (value, { error }) => (isExact(value) ? value : error('number.unsafe'));

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-data-types */
function isStorable(magnitude: number): boolean {
  return magnitude === 0 || (magnitude >= 1e-130 && magnitude <= 9.99e125);
}

function isExact(value: unknown): boolean {
  if (value instanceof Inexact) return false;
  return typeof value !== 'object' || value === null || Object.values(value).every(isExact);
}

const asDate: CustomValidator<string> = (value, { error }) => (isDay(value) ? value : error('any.invalid'));

const asDateTime: CustomValidator<string> = (value, { error }) => {
  const moment = new Date(value);
  if (!DATE_TIME.test(value) || !isDay(value.slice(0, 10)) || Number.isNaN(moment.getTime())) return error('any.invalid');
  // In UTC it must still be of a year of four digits, since the order of texts is that of moments for those alone.
  const text = moment.toISOString();
  return DATE.test(text.slice(0, 10)) ? text : error('any.invalid');
};

/** JavaScript reads February 30 as March 1. */
function isDay(value: string): boolean {
  const moment = new Date(`${value}T00:00:00Z`);
  return DATE.test(value) && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(value);
}
