/** What a table is called in schema.graphql. */
export interface Names {
  readonly type: string;
  /** The query for one record. */
  readonly one: string;
  /** The query for a list. */
  readonly many: string;
  /** Queries for the one record that has unique values, with the fields that have them. */
  readonly lookups: Readonly<Record<string, readonly string[]>>;
  /** Members that have the record which a field refers to, with that field. */
  readonly references: Readonly<Record<string, string>>;
  /** Members that have a list of what refers to the record, with its path in the table's `children`. */
  readonly children: Readonly<Record<string, string>>;
  /** Members that have a list of what the record is linked to, with its path in the table's `links`. */
  readonly links: Readonly<Record<string, LinkNames>>;
}

export interface LinkNames {
  readonly path: string;
  /** The mutations that link and unlink; none where links are created as records. */
  readonly add?: string;
  readonly remove?: string;
}

export const names: Readonly<Record<string, Names>> = {
{{tables}}
};
