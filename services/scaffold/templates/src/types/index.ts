export type FieldType = 'STRING' | 'INTEGER' | 'FLOAT' | 'DECIMAL' | 'BOOLEAN' | 'DATE' | 'DATETIME' | 'TEXT' | 'JSON';

/** The value of a primary key, or of a field that an index is over. */
export type Key = string | number;

/** What a client sends for a record, once validated. */
export type Input = Record<string, unknown>;

/** Who sends a request, as their token says. */
export interface Caller {
  /** The primary key of their row in the table of users: the token's `sub`. */
  readonly id: string;
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

export type Action = 'create' | 'read' | 'update' | 'delete';

/** Whom a policy lets in: see src/services/access.ts. */
export interface Grant {
  readonly audience: 'PUBLIC' | 'SIGNED_IN' | 'OWNER' | 'ROLE' | 'TEAM';
  /** Of ROLE and TEAM: one of these is needed. A TEAM without roles lets in every member. */
  readonly roles?: readonly string[];
  /** The grant is for records alone that are stored with this value. */
  readonly when?: Condition;
}

/** What a record must hold: the field has the value. */
export interface Condition {
  readonly field: string;
  readonly equals: Key | boolean;
}

/** The records that a list may show: all, or those that meet the conditions of one of its parts. */
export type Scope = 'all' | readonly (readonly Condition[])[];

/** Who may do what to the records of a table. An action is open to whom one of its grants lets in, else to nobody. */
export interface Policy extends Readonly<Record<Action, readonly Grant[]>> {
  /** The field that names the user whom a record belongs to. */
  readonly owner?: string;
  /** The field that names the team whom a record belongs to; of the table of teams, its primary key. */
  readonly team?: string;
  /** The reference to the record from which the owner and the team are taken. */
  readonly inheritedFrom?: string;
}

/**
 * Who sets a field: the server; the server, to whoever sends the request (without authentication, the body does); or those
 * alone whom a grant to a ROLE lets in.
 */
export type Setter = 'SERVER' | 'CALLER' | 'ROLE';

/** As a salted hash, with which what somebody enters can be compared; or encrypted, to be opened by the server's code. */
export type Secrecy = 'HASHED' | 'SEALED';

/** Where the users are who sign in here: a table, and fields of it. */
export interface Accounts {
  readonly table: string;
  /** The unique field that they sign in with. */
  readonly login: string;
  readonly password: string;
  /** The field with what grants to a ROLE name. */
  readonly role?: string;
  /** Whether everybody may make an account. */
  readonly signUp: boolean;
  /** The field with the e-mail address that mails go to; without one, nobody gets mails. */
  readonly address?: string;
  /** What a user is known by and reached at: the fields change with the current password alone. */
  readonly identifiers: readonly string[];
  /** An account that is so can't be used. */
  readonly disabled?: { readonly field: string; readonly equals: boolean };
}

/** Where it says who is in which team: a table, and fields of it. */
export interface Teams {
  readonly table: string;
  readonly memberships: string;
  readonly user: string;
  readonly team: string;
  readonly role?: string;
  /** The role whose last holder in a team can neither leave nor lose it. */
  readonly ownerRole?: string;
}

/** What happens to a record when the one that it refers to is deleted. */
export type OnDelete = 'CASCADE' | 'SET_NULL' | 'RESTRICT';

/** A field that holds the primary key of a record in another table. */
export interface Reference {
  readonly field: string;
  readonly table: string;
  /** The primary key of that table. */
  readonly key: string;
  readonly nullable: boolean;
  /** The member that has that record in answers that are asked for it: `team` beside `teamId`. */
  readonly expansion: string;
}

/** The records of another table that refer to one of this: `/teams/:id/memberships`. */
export interface Child {
  /** What follows the record's own path. */
  readonly path: string;
  readonly table: string;
  readonly field: string;
}

/** A field of another table that refers to this one. */
export interface Dependant {
  readonly table: string;
  readonly field: string;
  readonly onDelete: OnDelete;
}

/** A relationship of many to many, as seen from one of its sides. */
export interface Link {
  /** What follows a record's own path: `tags` in `/posts/:id/tags`. */
  readonly path: string;
  /** The table whose records are the links. */
  readonly through: string;
  /** Of `through`, the field that refers to the record on this side. */
  readonly field: string;
  /** The table on the other side, */
  readonly table: string;
  /** and the field of `through` that refers to it. */
  readonly other: string;
  /** Whether two keys are all that a link needs; else links are created as records of `through`. */
  readonly isWritable: boolean;
  /** Whether to link is to change the record on this side; else it is to change that on the other. */
  readonly isChanged: boolean;
}

/** How a table is stored and constrained. There is one in each file of src/models. */
export interface Table {
  /** As in the schema. The DynamoDB table is called TABLE_PREFIX + name. */
  readonly name: string;
  readonly primaryKey: string;
  /** Whether the backend chooses primary keys: UUIDs for text, 1, 2, 3... for numbers. */
  readonly generatesKeys: boolean;
  /** Every field that the schema declares, except the timestamps. */
  readonly fields: Readonly<Record<string, FieldType>>;
  /** The fields that the backend sets itself when a record is created and changed. */
  readonly timestamps: { readonly created: string; readonly updated: string };
  /** Sets of fields whose values, taken together, no two records share. */
  readonly unique: readonly (readonly string[])[];
  /** Fields that records can be listed by. Each has an index called `by_<field>`. */
  readonly indexed: readonly string[];
  /** Indexes over two fields, each called `by_<field>.<range>`: records that have both, in the order of the second. */
  readonly pairs: readonly { readonly field: string; readonly range: string }[];
  /** Fields of days or moments of which the second is never before the first. */
  readonly periods: readonly { readonly start: string; readonly end: string }[];
  readonly references: readonly Reference[];
  readonly dependants: readonly Dependant[];
  readonly links: readonly Link[];
  readonly children: readonly Child[];
  /** Who sets a field, where it is not any client that may write the record. */
  readonly setters: Readonly<Record<string, Setter>>;
  /** How fields are kept that no answer ever shows. */
  readonly secrecy: Readonly<Record<string, Secrecy>>;
  /** Fields whose values count as the same where they differ in case alone. */
  readonly caseInsensitive: readonly string[];
  readonly policy: Policy;
}

export type Operator = 'eq' | 'gt' | 'gte' | 'lt' | 'lte';

/** What the records of a list must have in a field. */
export interface Filter {
  readonly field: string;
  readonly operator: Operator;
  readonly value: Key;
}

export interface Sort {
  readonly field: string;
  readonly isDescending: boolean;
}

export interface ListQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly filters: readonly Filter[];
  readonly sort: Sort;
  /** The expansions of references that are asked for. */
  readonly expand: readonly string[];
  readonly isCounted: boolean;
}

export interface Page<Row> {
  /** As the query sorts them. */
  readonly items: readonly Row[];
  /** Where the next page starts; null on the last page. */
  readonly nextCursor: string | null;
  readonly total?: Total;
}

/** How many records a list has: all of them (`eq`), or as far as they were counted (`gte`). */
export interface Total {
  readonly value: number;
  readonly relation: 'eq' | 'gte';
}

/** Who sends a request, as the token says: `response.locals.caller`. */
export interface Caller {
  readonly id: string;
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}
