import { GraphQLError, Kind, type GraphQLScalarType, type GraphQLSchema, type ValueNode } from 'graphql';

import { parseJson } from '../middleware/body.js';

/** Read values of SafeInt and JSON that stand in a query as exactly as those of a body. The other scalars are texts. */
export function completeScalars(schema: GraphQLSchema): void {
  const safeInt = schema.getType('SafeInt') as GraphQLScalarType | undefined;
  if (safeInt !== undefined) safeInt.parseLiteral = (node) => asSafeInteger(toValue(node));
  const json = schema.getType('JSON') as GraphQLScalarType | undefined;
  if (json !== undefined) json.parseLiteral = toValue;
}

function asSafeInteger(value: unknown): unknown {
  if (!Number.isSafeInteger(value)) throw new GraphQLError('A SafeInt is a whole number of up to 53 bits.');
  return value;
}

/** A number that would be rounded becomes Inexact, which no validation takes for a number. */
function toValue(node: ValueNode, variables?: Readonly<Record<string, unknown>> | null): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return parseJson(Buffer.from(node.value));
    case Kind.LIST:
      return node.values.map((value) => toValue(value, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, toValue(value, variables)]));
    case Kind.VARIABLE:
      return variables?.[node.name.value] ?? null;
    case Kind.NULL:
      return null;
    default:
      return node.value;
  }
}
