import type { Row } from './backend.js';

/** Values for rows that must differ from others. The numbers in them start above 1000: tests use smaller ones themselves. */
let last = 1000;


/** Make one row when it is first needed, and give that one ever after. */
export function once(make: () => Promise<Row>): () => Promise<Row> {
  let row: Promise<Row> | undefined;
  return () => (row ??= make());
}

export function number(): number {
  last += 1;
  return last;
}

const ALPHABETS: Readonly<Record<string, string>> = {
  '#': '0123456789',
  '~': 'abcdefghijklmnopqrstuvwxyz',
  '^': 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
};

/** Fill the places of a text with the next number: `#` with digits, `~` with small letters, `^` with capitals. */
export function text(shape: string): string {
  let rest = number();
  const letters = [...shape].reverse().map((letter) => {
    const alphabet = ALPHABETS[letter];
    if (alphabet === undefined) return letter;
    const digit = alphabet[rest % alphabet.length]!;
    rest = Math.floor(rest / alphabet.length);
    return digit;
  });
  return letters.reverse().join('');
}

export function day(first: string): string {
  return new Date(Date.parse(first) + number() * 86_400_000).toISOString().slice(0, 10);
}

export function moment(first: string): string {
  return new Date(Date.parse(first) + number() * 60_000).toISOString();
}
