import { readFileSync } from 'node:fs';

import { buildSchema, type GraphQLFieldResolver, type GraphQLObjectType, type GraphQLSchema } from 'graphql';

import { tables } from '../models/index.js';
import type { Services } from '../services/index.js';
import { bodies } from '../validation/index.js';
{{imports}}import { names } from './names.js';
import { recordResolvers, type Resolvers } from './recordResolvers.js';
import { completeScalars } from './scalars.js';

const SDL = new URL('../../schema.graphql', import.meta.url);

/** The schema of schema.graphql, with what has to be done for each of its fields. */
export function createSchema(services: Services): GraphQLSchema {
  const schema = buildSchema(readFileSync(SDL, 'utf8'));
  completeScalars(schema);
  for (const [table, called] of Object.entries(names)) {
    const { queries, mutations, members } = recordResolvers(services, tables[table]!, bodies[table]!, called);
    resolve(schema, 'Query', queries);
    resolve(schema, 'Mutation', mutations);
    resolve(schema, called.type, members);
  }
{{resolvers}}  requireResolvers(schema.getQueryType());
  requireResolvers(schema.getMutationType());
  return schema;
}

function resolve(schema: GraphQLSchema, type: string, resolvers: Resolvers): void {
  const fields = (schema.getType(type) as GraphQLObjectType).getFields();
  for (const [name, resolver] of Object.entries(resolvers)) {
    const field = fields[name];
    if (field !== undefined) field.resolve = resolver as GraphQLFieldResolver<unknown, unknown>;
  }
}

/** Throws where schema.graphql has a query or a mutation that nothing here answers. */
function requireResolvers(type: GraphQLObjectType | null | undefined): void {
  const missing = Object.values(type?.getFields() ?? {}).find(({ resolve: resolver }) => resolver === undefined);
  if (missing !== undefined) throw new Error(`Nothing resolves ${type!.name}.${missing.name} of schema.graphql.`);
}
