import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  getNamedType,
  getOperationAST,
  isObjectType,
  parse,
  valueFromASTUntyped,
  visit,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type SelectionSetNode,
  type Source,
  type ValidationRule,
} from 'graphql';

import { requireText } from '../middleware/body.js';

/** Words and signs of a query. */
const MOST_TOKENS = 2_000;
/** Fields that stand in a query, since it takes the square of their number to see whether they fit each other, */
const MOST_FIELDS = 500;
/** and fields that it asks for, where each use of a fragment counts. */
const MOST_VISITS = 1_000;
const MOST_DEPTH = 10;
const MOST_ALIASES = 30;
/** What a query may cost: 1 for each record that it can answer, 10 for each list, and as much for a list's total; */
const MOST_COST = 2_000;
const LIST_COST = 10;
/** and for the memberships of the caller, which are read once for all of them. */
const MEMBERSHIPS_COST = LIST_COST;
/** As in src/validation/query.ts. */
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** Throws GraphQLError; ValidationFailed where a text of the query has what no text of a body may have. */
export function readQuery(query: string | Source): DocumentNode {
  const document = parse(query, { maxTokens: MOST_TOKENS });
  let fields = 0;
  visit(document, {
    Field: () => {
      fields += 1;
      if (fields > MOST_FIELDS) throw refused(`The query has more than ${MOST_FIELDS} fields.`);
    },
    StringValue: ({ value }) => {
      requireText('query', value);
    },
  });
  return document;
}

/** Refuse an operation that can cost too much, as far as its variables say. */
export function bounded(operation: Operation): ValidationRule {
  return (context) => ({
    Document: () => {
      try {
        new Bounds(operation).check();
      } catch (error) {
        if (!(error instanceof GraphQLError)) throw error;
        context.reportError(error);
      }
    },
  });
}

type Operation = Pick<ExecutionArgs, 'schema' | 'document' | 'operationName' | 'variableValues'>;

/** Where a selection stands: it is made so many times, in a list of at most so many. */
interface Place {
  readonly times: number;
  readonly limit: number;
  readonly depth: number;
  /** The fragments that it is in. */
  readonly within: readonly string[];
}

class Bounds {
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  private cost = MEMBERSHIPS_COST;
  private visits = 0;
  private aliases = 0;

  constructor(private readonly operation: Operation) {
    const definitions = operation.document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
    this.fragments = new Map(definitions.map((fragment) => [fragment.name.value, fragment]));
  }

  check(): void {
    const { document, operationName, schema } = this.operation;
    const operation = getOperationAST(document, operationName);
    const root = operation && schema.getRootType(operation.operation);
    if (!operation || !root) return;
    const count = this.visit(operation.selectionSet, root, { times: 1, limit: 1, depth: 1, within: [] });
    if (operation.operation === OperationTypeNode.MUTATION && count > 1) {
      throw refused('A request has one mutation: each is a change of its own.');
    }
  }

  /** Returns how many fields the selection has. */
  private visit(set: SelectionSetNode, parent: GraphQLObjectType, place: Place): number {
    if (place.depth > MOST_DEPTH) throw refused(`The query is deeper than ${MOST_DEPTH} levels.`);
    let count = 0;
    for (const selection of set.selections) {
      this.visits += 1;
      if (this.visits > MOST_VISITS) throw refused('The query asks for too many fields.');
      if (selection.kind === Kind.FIELD) {
        this.visitField(selection, parent, place);
        count += 1;
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        count += this.visit(selection.selectionSet, parent, place);
      } else {
        count += this.visitFragment(selection.name.value, parent, place);
      }
    }
    return count;
  }

  /** Fragments that are not there, or within themselves, are refused by other rules. */
  private visitFragment(name: string, parent: GraphQLObjectType, place: Place): number {
    const fragment = this.fragments.get(name);
    if (fragment === undefined || place.within.includes(name)) return 0;
    return this.visit(fragment.selectionSet, parent, { ...place, within: [...place.within, name] });
  }

  private visitField(node: FieldNode, parent: GraphQLObjectType, place: Place): void {
    if (node.alias !== undefined) this.aliases += 1;
    if (this.aliases > MOST_ALIASES) throw refused(`The query has more than ${MOST_ALIASES} aliases.`);
    const name = node.name.value;
    const field = parent.getFields()[name];
    // What `__schema` and `__type` have is bounded by rules of validation.
    if (field === undefined) return;
    const type = getNamedType(field.type);
    const times = isPage(parent) && name === 'items' ? place.times * place.limit : place.times;
    if (isPage(type) || (isPage(parent) && name === 'total')) this.spend(times * LIST_COST);
    else if (isObjectType(type)) this.spend(times);
    if (!isObjectType(type) || node.selectionSet === undefined) return;
    this.visit(node.selectionSet, type, { ...place, times, limit: this.limitOf(node), depth: place.depth + 1 });
  }

  private spend(cost: number): void {
    this.cost += cost;
    if (this.cost > MOST_COST) throw refused(`The query asks for too much at once: it costs more than ${MOST_COST}. Ask for fewer lists in lists.`);
  }

  private limitOf(node: FieldNode): number {
    const value = node.arguments?.find((argument) => argument.name.value === 'limit')?.value;
    if (value === undefined) return DEFAULT_LIMIT;
    const limit = valueFromASTUntyped(value, this.operation.variableValues);
    return typeof limit === 'number' && limit >= 1 && limit <= MAX_LIMIT ? limit : MAX_LIMIT;
  }
}

/** Whether a type is a page of a list. */
function isPage(type: GraphQLNamedType): boolean {
  return isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Page');
}

function refused(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'QUERY_TOO_LARGE' } });
}
