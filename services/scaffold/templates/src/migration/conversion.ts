/** Values of one type as those of another, where nothing is lost. Converting what is converted already changes nothing. */

const WHOLE = /^(?:0|-?[1-9]\d{0,15})$/;
const DECIMAL = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,12})?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TEXTS = ['STRING', 'TEXT'];

type Convert = (value: unknown) => unknown;

const asIs: Convert = (value) => value;
const asText: Convert = (value) => String(value);
const when =
  (isOne: (text: string) => boolean, make: (text: string) => unknown = asIs): Convert =>
  (value) =>
    typeof value !== 'string' ? value : isOne(value) ? make(value) : undefined;

const toWhole = when((text) => WHOLE.test(text) && Number.isSafeInteger(Number(text)), Number);
const toDecimal = when((text) => DECIMAL.test(text));
const isMoment = (text: string): boolean => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text;
const isDay = (text: string): boolean => DAY.test(text) && isMoment(`${text}T00:00:00.000Z`);

/** By the types before and after; `undefined` is a value that has no counterpart. */
function conversion(from: string, to: string): Convert | undefined {
  if (from === to || (TEXTS.includes(from) && TEXTS.includes(to))) return asIs;
  if (from === 'INTEGER' && to === 'FLOAT') return asIs;
  if (from === 'FLOAT' && to === 'INTEGER') return (value) => (Number.isSafeInteger(value) ? value : undefined);
  if (['INTEGER', 'FLOAT', 'BOOLEAN', 'DECIMAL', 'DATE', 'DATETIME'].includes(from) && TEXTS.includes(to)) return asText;
  if (['INTEGER', 'FLOAT'].includes(from) && to === 'DECIMAL') return (value) => toDecimal(String(value));
  if (!TEXTS.includes(from)) return undefined;
  switch (to) {
    case 'INTEGER':
      return toWhole;
    case 'DECIMAL':
      return toDecimal;
    case 'BOOLEAN':
      return when((text) => ['true', 'false'].includes(text), (text) => text === 'true');
    case 'DATE':
      return when(isDay);
    case 'DATETIME':
      return when(isMoment);
    default:
      return undefined;
  }
}

export function canConvert(from: string, to: string): boolean {
  return conversion(from, to) !== undefined;
}

/** Undefined where the value has no counterpart. */
export function convert(value: unknown, from: string, to: string): unknown {
  return conversion(from, to)?.(value);
}
