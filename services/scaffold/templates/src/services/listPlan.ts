import { HttpError } from '../errors.js';
import type { Condition, Filter, Input, Key, ListQuery, Scope, Sort, Table } from '../types/index.js';
import { KIND, shardsOf } from './items.js';

/** What a list reads from one place, and which of it the list shows. What two parts would show is the earlier one's. */
export interface Part {
  /** What the part is called in cursors. */
  readonly name: string;
  readonly from: IndexPart | KeysPart;
  readonly shows: (item: Input) => boolean;
}

/** The items of an index with a value in `hash`, in the order of `range`, which is what the list is sorted by. */
export interface IndexPart {
  readonly index: string;
  readonly hash: string;
  readonly value: Key;
  readonly range: string;
  readonly low?: Key;
  readonly high?: Key;
}

/** The records with these primary keys. */
interface KeysPart {
  readonly primaryKey: string;
  readonly keys: readonly Key[];
}

/** An alternative of a scope: a record that meets all of it may be seen. */
type Alternative = readonly Condition[];

/** Lists are merged from as many parts. Beyond that, the index of all records is searched. */
const MOST_PARTS = 25;
const MOST_KEYS = 100;

/** The parts that a list is merged from. Throws HttpError where no index has its order. */
export function planParts(table: Table, query: ListQuery, scope: Scope): Part[] {
  const groups = new Map<string, { readonly places: Part['from'][]; readonly alternatives: Alternative[] }>();
  const placeOf = placesIn(table, query);
  for (const alternative of scope === 'all' ? [[]] : scope) {
    const from = placeOf(alternative);
    const name = nameOf(from);
    const group = groups.get(name) ?? { places: [], alternatives: [] };
    group.places.push(from);
    group.alternatives.push(alternative);
    groups.set(name, group);
  }
  const parts = [...groups].map(([name, { places, alternatives }]) => partOf(query, name, together(places), alternatives));
  const isTooMuch = parts.length > MOST_PARTS || parts.some(({ from }) => 'keys' in from && from.keys.length > MOST_KEYS);
  const all = () => partOf(query, 'all', everything(table, query.sort, query.filters), scope === 'all' ? [[]] : scope);
  const whole = (isTooMuch ? [all()] : parts).flatMap((part) => inShards(table, part));
  return whole.map((part, number) => without(part, whole.slice(0, number)));
}

/** The part as it is, or the shards of the list of all records. */
function inShards(table: Table, part: Part): Part[] {
  const { from } = part;
  if ('keys' in from || from.hash !== KIND) return [part];
  return shardsOf(table).map((value) => ({ ...part, name: `all ${value}`, from: { ...from, value } }));
}

/** Whether an item has what all filters ask for. */
export function meets(item: Input, filters: readonly Filter[]): boolean {
  return filters.every(({ field, operator, value }) => {
    const held = item[field] as Key | undefined;
    if (held === undefined || held === null) return false;
    switch (operator) {
      case 'eq':
        return held === value;
      case 'gt':
        return held > value;
      case 'gte':
        return held >= value;
      case 'lt':
        return held < value;
      case 'lte':
        return held <= value;
    }
  });
}

export function isInScope(item: Input, scope: Scope): boolean {
  return scope === 'all' || scope.some((conditions) => conditions.every(({ field, equals }) => item[field] === equals));
}

/** The part without what earlier ones show. */
function without(part: Part, earlier: readonly Part[]): Part {
  return { ...part, shows: (item) => part.shows(item) && !earlier.some((other) => holds(other.from, item) && other.shows(item)) };
}

function holds(from: Part['from'], item: Input): boolean {
  if ('keys' in from) return from.keys.includes(item[from.primaryKey] as Key);
  return item[from.hash] === from.value && item[from.range] !== undefined;
}

function partOf({ filters }: ListQuery, name: string, from: Part['from'], alternatives: readonly Alternative[]): Part {
  return { name, from, shows: (item) => meets(item, filters) && isInScope(item, alternatives) };
}

/** The narrowest place: where a reference that is asked for leads, else what the scope allows, else another filter. */
function placesIn(table: Table, { filters, sort }: ListQuery): (alternative: Alternative) => Part['from'] {
  const indexes = indexesOf(table).filter(({ range }) => range === sort.field);
  const bounds = boundsOf(filters, sort);
  const first = (conditions: readonly Condition[]): Part['from'] | undefined => {
    for (const { field, equals } of conditions) {
      if (field === table.primaryKey) return { primaryKey: field, keys: [equals as Key] };
      const index = indexes.find(({ hash }) => hash === field);
      if (index !== undefined) return { ...index, value: equals as Key, ...bounds };
    }
    return undefined;
  };
  const wanted = filters.filter(({ operator }) => operator === 'eq').map(({ field, value }) => ({ field, equals: value }));
  const referred = first(wanted.filter(({ field }) => table.references.some((reference) => reference.field === field)));
  return (alternative) => referred ?? first([...alternative, ...wanted]) ?? everything(table, sort, filters);
}

function everything(table: Table, sort: Sort, filters: readonly Filter[]): IndexPart {
  const indexes = indexesOf(table).filter(({ range }) => range === sort.field);
  const all = indexes.find(({ hash }) => hash === KIND);
  if (all !== undefined) return { ...all, value: table.name, ...boundsOf(filters, sort) };
  const fields = indexes.map(({ hash }) => `"${hash}"`).join(' or ');
  throw new HttpError(400, 'BAD_REQUEST', `A list can be sorted by "${sort.field}" when it is filtered by ${fields}.`);
}

function indexesOf({ indexed, pairs, timestamps }: Table): Pick<IndexPart, 'index' | 'hash' | 'range'>[] {
  return [
    { index: 'all', hash: KIND, range: timestamps.created },
    ...indexed.map((field) => ({ index: `by_${field}`, hash: field, range: timestamps.created })),
    ...pairs.map(({ field, range }) => ({ index: `by_${field}.${range}`, hash: field, range })),
  ];
}

/** The least and the greatest value of the field that a list is sorted by, both included. */
function boundsOf(filters: readonly Filter[], sort: Sort): { low?: Key; high?: Key } {
  const bounds: { low?: Key; high?: Key } = {};
  for (const { operator, value } of filters.filter(({ field }) => field === sort.field)) {
    if (operator !== 'lt' && operator !== 'lte' && !(bounds.low! >= value)) bounds.low = value;
    if (operator !== 'gt' && operator !== 'gte' && !(bounds.high! <= value)) bounds.high = value;
  }
  return bounds;
}

function nameOf(from: Part['from']): string {
  return 'keys' in from ? 'keys' : `${from.index} ${from.value}`;
}

/** The places of one name as one: they differ in keys alone. */
function together(places: readonly Part['from'][]): Part['from'] {
  const [first] = places as [Part['from']];
  if (!('keys' in first)) return first;
  return { ...first, keys: [...new Set(places.flatMap((place) => ('keys' in place ? place.keys : [])))] };
}
