import express, { type RequestHandler } from 'express';

import { HttpError, ValidationFailed } from '../errors.js';
import { Inexact } from '../validation/numbers.js';

/** In bytes: small enough that a record of one request always fits a DynamoDB item (400 KB). */
export const MAX_BODY = 262_144;
const MAX_DEPTH = 64;
/**
 * Unicode's Stream-Safe Text Format has no more marks in a row: to put more into their order takes quadratic time.
 * https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
 */
const MOST_MARKS = 30;
const TOO_MANY_MARKS = new RegExp(`\\p{M}{${MOST_MARKS + 1}}`, 'u');

const JSON_TYPE = 'application/json';
/** https://www.rfc-editor.org/rfc/rfc7396 */
const MERGE_PATCH = 'application/merge-patch+json';

/** Read a body of JSON into `request.body`, which is undefined where none was sent. Every other kind is refused. */
export const readBody: RequestHandler[] = [
  express.raw({ limit: MAX_BODY, type: () => true }),
  (request, response, next) => {
    const bytes: unknown = request.body;
    request.body = undefined;
    if (bytes instanceof Buffer && bytes.length > 0) {
      const types = request.method === 'PATCH' ? [MERGE_PATCH, JSON_TYPE] : [JSON_TYPE];
      if (request.method === 'PATCH') response.set('Accept-Patch', types.join(', '));
      if (!request.is(types) || !isUtf8(request.get('Content-Type'))) throw unsupported(types);
      request.body = asBody(parseJson(bytes));
    }
    next();
  },
];

/** JSON that is valid, not too deep, and loses nothing: no member, no digits of a number, no half of a character. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const members = countMembers(text);
  const value = parse(text);
  if (membersOf(value) < members) throw malformed('The body has a member twice.');
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, toExact);
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw malformed('The body is not valid JSON.');
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('The body is not text in UTF-8.');
  }
}

/** How many members the objects of a JSON text have. Its depth is looked at before a parser has to remember each level. */
function countMembers(text: string): number {
  let [members, depth] = [0, 0];
  let isInText = false;
  for (let position = 0; position < text.length; position += 1) {
    const character = text[position];
    if (isInText && character === '\\') position += 1;
    else if (character === '"') isInText = !isInText;
    else if (isInText) continue;
    else if (character === ':') members += 1;
    else if (character === '{' || character === '[') {
      depth += 1;
      requireShallow(depth);
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return members;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner: unknown[] = Object.values(value);
  return inner.reduce((sum: number, each) => sum + membersOf(each), Array.isArray(value) ? 0 : inner.length);
}

function requireShallow(depth: number): void {
  if (depth > MAX_DEPTH) throw malformed(`The body is nested deeper than ${MAX_DEPTH} levels.`);
}

/** A reviver of JSON.parse, which tells it how a number was written. What would be rounded becomes Inexact. */
function toExact(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  requireText(key, key);
  if (typeof value === 'string') requireText(key, value);
  if (typeof value === 'number' && context?.source !== undefined && !isExact(value, context.source)) {
    return new Inexact();
  }
  return value;
}

export function requireText(field: string, text: string): void {
  const isWhole = text.isWellFormed() && !text.includes('\0');
  if (isWhole && !TOO_MANY_MARKS.test(text)) return;
  const message = isWhole
    ? `Text must have no more than ${MOST_MARKS} combining marks in a row`
    : 'Text must be whole Unicode characters, without U+0000';
  throw new ValidationFailed([{ field: field.toWellFormed(), message }]);
}

/** Whether the number is what was written, and not merely the nearest that 64 bits can hold. */
function isExact(value: number, source: string): boolean {
  return Number.isFinite(value) && digits(String(value)) === digits(source);
}

/** The significant digits of a number and their place: `1.50`, `15e-1` and `0.15E1` have the same. */
function digits(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().replace(/^-/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = withoutLastZeros(all);
  const place = Number(exponent) - fraction.length + (all.length - significant.length);
  return significant === '' ? '0' : `${significant}e${place}`;
}

/** A regular expression would begin at every zero anew, which takes quadratic time. */
function withoutLastZeros(number: string): string {
  let end = number.length;
  while (end > 0 && number[end - 1] === '0') end -= 1;
  return number.slice(0, end);
}

/**
 * A body as it is taken, however it was put together: not too deep, and the same text written in one way only (NFC), so
 * that what looks equal is equal. JSON within a field stays as it is.
 */
export function asBody(body: unknown): unknown {
  requireShallowWithin(body, 1);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const members = Object.entries(body);
  return Object.fromEntries(members.map(([field, value]) => [field, typeof value === 'string' ? value.normalize('NFC') : value]));
}

function requireShallowWithin(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  requireShallow(depth);
  for (const inner of Object.values(value)) requireShallowWithin(inner, depth + 1);
}

function isUtf8(contentType = ''): boolean {
  const charset = contentType.match(/;\s*charset\s*=\s*"?([^\s;"]*)/i)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

function malformed(message: string): HttpError {
  return new HttpError(400, 'MALFORMED_JSON', message);
}

function unsupported(types: readonly string[]): HttpError {
  return new HttpError(415, 'UNSUPPORTED_MEDIA_TYPE', `Send the body as ${types.join(' or ')}, in UTF-8.`);
}
