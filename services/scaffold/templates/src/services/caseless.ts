/**
 * A text as all those have it that differ from it in case alone. Only case counts: "straße" is not "strasse", which is
 * another name, and another mailbox.
 */
export function caseless(text: string): string {
  return Array.from(text.normalize('NFC'), lower).join('');
}

/** By itself, a letter has one small letter, wherever it stands; and one that has two, such as "İ", stays as it is. */
function lower(letter: string): string {
  const small = letter.toLowerCase();
  return small.length === letter.length ? small : letter;
}
