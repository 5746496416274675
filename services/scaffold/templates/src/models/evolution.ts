/** What a migration has to know of the fields of a table. */
export interface Evolution {
  /** Fields that every record has a value in. */
  readonly required: readonly string[];
  /** What a record gets that has no value yet. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** What fields were called before. */
  readonly formerNames: Readonly<Record<string, readonly string[]>>;
  /** How many digits decimal numbers have after the point. */
  readonly scales: Readonly<Record<string, number>>;
}

export const evolution: Readonly<Record<string, Evolution>> = {
{{tables}}
};
