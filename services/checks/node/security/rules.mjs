// What a schema says that code has to keep: whom each action is open to, which fields are secret, which the server sets.

const SECRET = new Set(
  "password passwords passwd pwd passcode passphrase secret secrets credential credentials apikey secretkey privatekey".split(" "),
);
const FORMS = new Set("hash hashed digest encrypted sealed ciphertext plain salt".split(" "));
const KEYS = new Set("api secret private encryption signing".split(" "));

/** Whether a name means a secret itself, as `passwordHash` does; tokens, which sign-in answers, are not counted. */
export function isNamedLikeASecret(name) {
  const words = (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g) ?? []).map((word) => word.toLowerCase());
  while (words.length > 1 && (FORMS.has(words.at(-1)) || /^\d+$/.test(words.at(-1)))) words.pop();
  return SECRET.has(words.at(-1)) || (words.at(-1) === "key" && KEYS.has(words.at(-2)));
}

export const NOTHING = 0;
export const A_CALLER = 1;
export const A_DECISION = 2;

const PARTS = /(?:controller|service|repository|router?|routes|handler|model|schema|validator|api|resource|store|dao)s?$/;

const ACTIONS = { get: "read", head: "read", post: "create", put: "update", patch: "update", delete: "delete" };

export class Rules {
  constructor(schema) {
    this.tables = schema?.tables ?? [];
    this.defaultPolicy = schema?.defaultPolicy;
    this.hasPolicies = this.defaultPolicy != null || this.tables.some((table) => table.policy != null);
    this.relationships = schema?.relationships ?? [];
  }

  policy(table) {
    return table.policy ?? this.defaultPolicy ?? {};
  }

  /** What a request must have for one of some tables: nothing, a caller, or a decision about the caller. */
  need(tables, method) {
    const actions = method === "all" || method === "use" ? ["read", "create", "update", "delete"] : [ACTIONS[method]];
    if (!tables.length || !this.hasPolicies) return A_CALLER;
    return Math.max(...tables.flatMap((table) => actions.map((action) => this.#needOf(table, action))));
  }

  #needOf(table, action) {
    const open = (this.policy(table)[action] ?? []).filter((grant) => grant.when == null).map((grant) => grant.audience);
    if (open.includes("PUBLIC")) return NOTHING;
    return open.includes("SIGNED_IN") ? A_CALLER : A_DECISION;
  }

  /** The tables that a text of a path or of a file's name is about. */
  named(text) {
    const whole = squeezed(text);
    const words = [whole, whole.replace(PARTS, "")];
    return this.tables.filter((table) => [squeezed(table.name), singular(squeezed(table.name))].some((name) => words.includes(name)));
  }

  /** The names of a table's secret fields. */
  secrets(table) {
    return table.fields.filter((field) => field.secrecy != null).map((field) => field.name);
  }

  /** The names of the fields that no body may set: the owner, and what is READ_ONLY. */
  ownedBy(table) {
    const owner = this.policy(table).owner;
    return table.fields
      .filter((field) => !field.primaryKey && field.access !== "MANAGED" && (field.name === owner || field.access === "READ_ONLY"))
      .map((field) => ({ name: field.name, isOwner: field.name === owner }));
  }
}

function squeezed(text) {
  return text.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
}

function singular(word) {
  return word.replace(/ies$/, "y").replace(/(?<=ss|x|ch|sh)es$/, "").replace(/(?<!s)s$/, "");
}
