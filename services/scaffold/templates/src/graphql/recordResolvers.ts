import type { GraphQLFieldResolver } from 'graphql';

import { NotFound } from '../errors.js';
import { asBody } from '../middleware/body.js';
import { validateParameters } from '../middleware/validator.js';
import { tables } from '../models/index.js';
import { etag, precondition } from '../services/etag.js';
import { Idempotency } from '../services/idempotency.js';
import type { Services } from '../services/index.js';
import { Links } from '../services/links.js';
import { Listing } from '../services/listing.js';
import { Records } from '../services/records.js';
import type { Filter, Input, Key, ListQuery, Table } from '../types/index.js';
import { listQuery, pageQuery, toListQuery } from '../validation/list.js';
import { keyIn } from '../validation/query.js';
import type { Bodies } from '../validation/types.js';
import type { Context } from './context.js';
import type { LinkNames, Names } from './names.js';

/** What has to be done for each field of a type. */
export type Resolvers = Record<string, GraphQLFieldResolver<Input, Context, never>>;

/** The fields of queries, of mutations, and of the type of a table's records. */
export interface RecordResolvers {
  readonly queries: Resolvers;
  readonly mutations: Resolvers;
  readonly members: Resolvers;
}

/** Create, list, read, change and delete the records of a table, by the services that its routes call too. */
export function recordResolvers(services: Services, table: Table, bodies: Bodies, names: Names): RecordResolvers {
  const links = Object.entries(names.links).map(([member, link]) => linkResolvers(services, table, member, link));
  return {
    queries: queries(services, table, bodies, names),
    mutations: Object.assign(mutations(services, table, bodies, names), ...links.map(({ changes }) => changes)) as Resolvers,
    members: Object.assign(members(services, table, names), ...links.map(({ list }) => list)) as Resolvers,
  };
}

function queries(services: Services, table: Table, bodies: Bodies, { one, many, lookups }: Names): Resolvers {
  const records = new Records<Input>(services, table, bodies);
  const listing = new Listing<Input>(services, table);
  const lookUp = (fields: readonly string[]): Resolvers[string] => async (_root, args: Input, { access }) => {
    access.enter(table, 'read');
    const values = Object.fromEntries(fields.map((field) => [field, args[field]]));
    const { items } = await listing.pageFor(access, toListQuery(validateParameters(listQuery(table), values)));
    if (items[0] === undefined) throw new NotFound(`There is no such record in ${table.name}.`);
    return items[0];
  };
  return {
    [one]: async (_root, { id }: { id: Key }, { access }) => {
      access.enter(table, 'read');
      return records.read(access, keyIn(table, String(id)));
    },
    [many]: (_root, args: ListArguments, context) => list(services, table, args, context),
    ...Object.fromEntries(Object.entries(lookups).map(([name, fields]) => [name, lookUp(fields)])),
  };
}

function mutations(services: Services, table: Table, bodies: Bodies, { type }: Names): Resolvers {
  const records = new Records<Input>(services, table, bodies);
  return {
    [`create${type}`]: async (_root, { input, idempotencyKey }: Creation, { access }) => {
      access.enter(table, 'create');
      const sent = { caller: access.caller, place: `create${type}`, body: input };
      return records.create(access, asBody(input), Idempotency.of(services, idempotencyKey ?? undefined, sent));
    },
    [`update${type}`]: async (_root, { id, input, ifMatch }: Change, { access }) => {
      access.enter(table, 'update');
      const expected = precondition(table, ifMatch ?? undefined);
      return records.update(access, keyIn(table, String(id)), asBody(input), expected);
    },
    [`delete${type}`]: async (_root, { id, ifMatch }: Change, { access }) => {
      access.enter(table, 'delete');
      return records.remove(access, keyIn(table, String(id)), precondition(table, ifMatch ?? undefined));
    },
  };
}

function members(services: Services, table: Table, names: Names): Resolvers {
  const fields = [...Object.keys(table.fields), table.timestamps.created, table.timestamps.updated, '_version'];
  return {
    ...Object.fromEntries(fields.filter((field) => !Object.hasOwn(table.secrecy, field)).map((field) => [field, valueOf(field)])),
    _etag: (record) => etag(table, record),
    ...Object.fromEntries(Object.entries(names.references).map(([member, field]) => [member, referenceOf(table, field)])),
    ...Object.fromEntries(Object.entries(names.children).map(([member, path]) => [member, childrenOf(services, table, path)])),
  };
}

/** Only what the record has itself: an object has a `toString` and a `constructor` of its own. */
function valueOf(field: string): Resolvers[string] {
  return (record, _args, context) => context.answer(Object.hasOwn(record, field) ? record[field] : null);
}

function referenceOf(table: Table, field: string): Resolvers[string] {
  const target = tables[table.references.find((reference) => reference.field === field)!.table]!;
  return (record, _args, context) => {
    const key = (record[field] ?? null) as Key | null;
    return key === null ? null : context.refer(target, key);
  };
}

function childrenOf(services: Services, table: Table, path: string): Resolvers[string] {
  const { table: name, field } = table.children.find((child) => child.path === path)!;
  return (record, args: ListArguments, context) => {
    const given: Filter = { field, operator: 'eq', value: record[table.primaryKey] as Key };
    return list(services, tables[name]!, args, context, [given]);
  };
}

/** A page of the records that the caller may read; what it has in total is counted where it is asked for. */
async function list(services: Services, table: Table, args: ListArguments, { access }: Context, given: readonly Filter[] = []) {
  access.enter(table, 'read');
  const query = toListQuery(validateParameters(listQuery(table, given.map(({ field }) => field)), parametersOf(args)), given);
  const listing = new Listing<Input>(services, table);
  return { ...(await listing.pageFor(access, query)), total: () => listing.total(access, query) };
}

/** The arguments of a list as the parameters that a query string has. */
function parametersOf({ filter, sort, ...paging }: ListArguments): Input {
  const filters = Object.entries(filter ?? {}).flatMap(([field, value]) => {
    if (typeof value !== 'object' || value === null) return [[field, value] as const];
    return Object.entries(value).map(([operator, bound]) => [operator === 'eq' ? field : `${field}[${operator}]`, bound as unknown] as const);
  });
  const order = sort?.replace(/^(.*)_DESC$/, '-$1').replace(/_ASC$/, '');
  return { ...Object.fromEntries(filters), ...pagingOf(paging), ...(order === undefined ? {} : { sort: order }) };
}

/** Null means what nothing means. */
function pagingOf({ limit, cursor }: Paging): Paging {
  return { ...(limit == null ? {} : { limit }), ...(cursor == null ? {} : { cursor }) };
}

function linkResolvers(services: Services, table: Table, member: string, { path, add, remove }: LinkNames) {
  const link = table.links.find((one) => one.path === path)!;
  const other = tables[link.table]!;
  const links = new Links<Input>(services, table, link);
  const change = (write: Links<Input>['add']): Resolvers[string] => async (_root, { id, other: key }: Ends, { access }) => {
    access.enter(link.isChanged ? table : other, 'update');
    await write(keyIn(table, String(id)), keyIn(other, String(key)), access);
    return true;
  };
  return {
    list: {
      [member]: async (record, args: Paging, { access }) => {
        access.enter(other, 'read');
        const paging = validateParameters(pageQuery, pagingOf(args)) as unknown as Pick<ListQuery, 'limit' | 'cursor'>;
        return links.page(record[table.primaryKey] as Key, paging, access);
      },
    } satisfies Resolvers,
    changes: {
      ...(add === undefined ? {} : { [add]: change(links.add.bind(links)) }),
      ...(remove === undefined ? {} : { [remove]: change(links.remove.bind(links)) }),
    } satisfies Resolvers,
  };
}

interface Paging {
  readonly limit?: number | null;
  readonly cursor?: string | null;
}

interface ListArguments extends Paging {
  readonly filter?: Input | null;
  /** A field and its direction, such as `createdAt_DESC`. */
  readonly sort?: string | null;
}

interface Creation {
  readonly input: Input;
  readonly idempotencyKey?: string | null;
}

interface Change {
  readonly id: Key;
  readonly input?: Input;
  readonly ifMatch?: string | null;
}

interface Ends {
  readonly id: Key;
  readonly other: Key;
}
