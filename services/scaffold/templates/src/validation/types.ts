import Joi, { type CustomValidator, type ObjectSchema, type Schema } from 'joi';

const MAX_STRING = 2_000;
/** DynamoDB keys hold 2048 bytes, a character takes up to four. */
const MAX_KEY = 500;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

export const string = () => Joi.string().max(MAX_STRING);

/** A string that identifies or groups records: a primary key, a reference, an indexed field. */
export const keyString = () => Joi.string().max(MAX_KEY);

export const email = () => keyString().email({ tlds: { allow: false } });

export const text = () => Joi.string().allow('');

export const integer = () => Joi.number().integer();

export const float = () => Joi.number();

/** An exact decimal number as text, such as money. */
export const decimal = () =>
  Joi.string()
    .pattern(/^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,2})?$/)
    .messages({ 'string.pattern.base': '{#label} must be a decimal number in text, such as "19.99"' });

export const boolean = () => Joi.boolean();

/** Any JSON but null. */
export const json = () => Joi.any().invalid(null);

/** A day, as 2025-01-31. */
export const date = () =>
  Joi.string().custom(asDate).messages({ 'any.invalid': '{#label} must be a day such as 2025-01-31' });

/**
 * A moment with its offset from UTC, as 2025-01-31T12:00:00Z. Kept in UTC with milliseconds, so that the order of the
 * texts is that of the moments.
 */
export const dateTime = () =>
  Joi.string().custom(asDateTime).messages({ 'any.invalid': '{#label} must be a moment such as 2025-01-31T12:00:00Z' });

type Fields = Readonly<Record<string, Schema>>;

/** What the bodies of requests for a table must look like. */
export interface Bodies {
  readonly create: ObjectSchema;
  readonly replace: ObjectSchema;
  readonly update: ObjectSchema;
}

/** `fixed` are fields that are set when a record is created and never again. */
export function bodies(fields: Fields, fixed: Fields = {}): Bodies {
  const optional = Object.entries(fields).map(([name, field]) => [name, field.optional()]);
  return {
    create: Joi.object({ ...fixed, ...fields }),
    replace: Joi.object({ ...fields }),
    update: Joi.object(Object.fromEntries(optional)).prefs({ noDefaults: true }).min(1),
  };
}

/** A field that the server sets, such as a record's owner. Without authentication there is nobody to set it to. */
export const assigned = (field: Schema) =>
  field
    .when('$isEnforced', { is: true, then: Joi.forbidden() })
    .messages({ 'any.unknown': '{#label} is set by the server' });

const asDate: CustomValidator<string> = (value, { error }) => (isDay(value) ? value : error('any.invalid'));

const asDateTime: CustomValidator<string> = (value, { error }) => {
  const moment = new Date(value);
  const isMoment = DATE_TIME.test(value) && isDay(value.slice(0, 10)) && !Number.isNaN(moment.getTime());
  return isMoment ? moment.toISOString() : error('any.invalid');
};

/** JavaScript reads February 30 as March 1. */
function isDay(value: string): boolean {
  const moment = new Date(`${value}T00:00:00Z`);
  return DATE.test(value) && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(value);
}
