"""Things that can be broken in a backend, each of which its own tests must notice."""

import re
from typing import Final

from tests.backends.mutants_of_access import WHO
from tests.backends.mutating import Mutant, mutant

TOKENS: Final = (
    mutant(
        "tokens need not end",
        "services/tokens.ts",
        "requiredClaims: ['sub', 'exp'],",
        "requiredClaims: ['sub'],",
        noticed="a token",
    ),
    mutant(
        "tokens need not name anybody",
        "services/tokens.ts",
        "if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT || !sub.isWellFormed()) {",
        "if (false) {",
        noticed="a token",
    ),
    mutant(
        "tokens of any audience are taken",
        "services/tokens.ts",
        "...(audience === undefined ? {} : { audience }),",
        "",
        noticed="an audience that",
    ),
    mutant(
        "tokens of any issuer are taken",
        "services/tokens.ts",
        "...(issuer === undefined ? {} : { issuer }),",
        "",
        noticed="an audience that",
    ),
    mutant(
        "the server starts without a way to verify tokens",
        "config.ts",
        "otherwise: Joi.object().xor('JWT_SECRET', 'JWKS_URL'),",
        "otherwise: Joi.object(),",
        noticed="the server refuses to start",
    ),
    mutant(
        "without authentication it listens to the world",
        "config.ts",
        ".valid(...LOOPBACK)",
        "",
        noticed="without authentication the server",
    ),
)

VALUES: Final = (
    mutant(
        "nothing is required",
        "validation/*.ts",
        ".required()",
        "",
        noticed="refuses to be without",
        needs=r"\.required\(\)",
    ),
    mutant(
        "letters that share a capital are the same",
        "services/caseless.ts",
        "const small = letter.toLowerCase();",
        "const small = letter.toUpperCase().toLowerCase();",
        noticed="looks like it",
        needs="accounts",
    ),
    Mutant(
        "no value is unique",
        "models/*.ts",
        re.compile(r"  unique: \[\[.*?\]\],\n", re.DOTALL),
        "  unique: [],\n",
        noticed="is the only one",
    ),
    mutant(
        "values that differ in case are two",
        "services/uniqueness.ts",
        "  return caseless(value);",
        "  return caseless === undefined ? value : value;",
        noticed="is the only one",
        needs=r"caseInsensitive: \['",
    ),
    mutant(
        "a claim overwrites another's",
        "services/uniqueness.ts",
        "        ConditionExpression: 'attribute_not_exists(#key)',\n"
        "        ExpressionAttributeNames: { '#key': 'key' },\n",
        "",
        noticed="is the only one",
        needs=r"unique: \[\[",
    ),
    mutant(
        "the claim of a deleted record stays",
        "services/uniqueness.ts",
        "    ...without(held, wanted).map((claim) => release(database, claim)),\n",
        "",
        noticed="gives up the|is the only one",
        needs=r"unique: \[\[",
    ),
    Mutant(
        "no reference is checked",
        "models/*.ts",
        re.compile(r"  references: \[(?!\]).*?\],\n  dependants", re.DOTALL),
        "  references: [],\n  dependants",
        noticed="refers to a record",
    ),
    Mutant(
        "no least value",
        "validation/*.ts",
        re.compile(r"minimum: [^,}]+,? ?"),
        "",
        noticed="refuses values",
    ),
    Mutant(
        "no greatest value",
        "validation/*.ts",
        re.compile(r"maximum: [^,}]+,? ?"),
        "",
        noticed="refuses values",
    ),
    mutant(
        "texts of any length",
        "validation/types.ts",
        "return length > maxLength ? error('string.max') : value;",
        "return value;",
        noticed="refuses values",
    ),
    mutant(
        "texts of any shortness",
        "validation/types.ts",
        "if (length < minLength) return error('string.min');",
        "",
        noticed="refuses values",
        needs="minLength:",
    ),
    mutant(
        "any value of an enumeration",
        "validation/types.ts",
        "if (values !== undefined) result = result.valid(...values);",
        "",
        noticed="refuses values",
        needs=r"values: \[",
    ),
    mutant(
        "a pattern is for a part",
        "validation/types.ts",
        "`^(?:${pattern})$`",
        "`(?:${pattern})`",
        noticed="refuses values",
        needs="pattern:",
    ),
    mutant(
        "any currency",
        "validation/types.ts",
        ".valid(...Intl.supportedValuesOf('currency'))",
        ".max(3)",
        noticed="refuses values",
        needs=r"currency\(",
    ),
    mutant(
        "clients set what the server sets",
        "validation/types.ts",
        "new Restricted(field, field.forbidden().messages(SET_BY_SERVER));",
        "new Restricted(field, field);",
        noticed="refuses what only the server sets",
        needs=r"readOnly\(",
    ),
    mutant(
        "everybody sets what managers set",
        "validation/types.ts",
        ".when('$isManager', { is: true, otherwise: Joi.forbidden() })",
        ".when('$isManager', { is: true, otherwise: Joi.any() })",
        noticed="as somebody with rights|has what is managed set",
        needs=r"managed\(",
    ),
    mutant(
        "fixed fields change",
        "validation/types.ts",
        "update: Joi.object({ ...each(fixed, never), ...optional(sent({ ...fields, ...kept })) }).min(1),",
        "update: Joi.object(optional(sent({ ...fixed, ...fields, ...kept }))).min(1),",
        noticed="refuses changes",
        needs=r"fixed: \{",
    ),
    mutant(
        "fixed fields are replaced",
        "validation/types.ts",
        "replace: Joi.object({ ...each(fixed, never), ...sent(fields), ...optional(sent(kept)) }),",
        "replace: Joi.object({ ...optional(sent(fixed)), ...sent(fields), ...optional(sent(kept)) }),",
        noticed="refuses to be replaced",
        needs=r"fixed: \{",
    ),
    mutant(
        "unknown members are let through",
        "validation/types.ts",
        "create: Joi.object(sent({ ...fixed, ...fields, ...kept })),",
        "create: Joi.object(sent({ ...fixed, ...fields, ...kept })).unknown(),",
        noticed="tells all faults",
    ),
)

SECRETS: Final = (
    mutant(
        "a reset is mailed to what was typed",
        "services/resets.ts",
        "this.mail(to, token)",
        "this.mail(login, token)",
        noticed="goes to the address",
        needs="address: '",
    ),
    mutant(
        "the current password is not asked for",
        "services/accounts.ts",
        "    await this.requirePassword(user, current);\n    const record",
        "    const record",
        noticed="needs the current one|changes with its password alone",
        needs=r"identifiers: \['",
    ),
    mutant(
        "an old refresh token is refused and no more",
        "services/sessions.ts",
        "if (isStolen) return sessions.filter((one) => one.id !== id);",
        "if (isStolen) throw ended();",
        noticed="a refresh token",
        needs="accounts",
    ),
    mutant(
        "secrets are kept as they are, and shown",
        "services/secrets.ts",
        "if (!Object.hasOwn(input, field)) continue;",
        "continue;",
        noticed="shows its|a hash is kept",
        needs="HASHED|SEALED",
    ),
    mutant(
        "any password is the right one",
        "services/passwords.ts",
        "return timingSafeEqual(derived, expected) && hashed !== undefined;",
        "return timingSafeEqual(derived, derived) && expected.length >= 0;",
        noticed="a password is compared",
        needs="HASHED",
    ),
    mutant(
        "a stack goes to the client",
        "middleware/errorHandler.ts",
        "response.status(status).json({ error: { code, message, details",
        "response.status(status).json({ error: { code, message, stack: error?.stack, details",
        noticed="no stack is shown",
    ),
)

STATES: Final = (
    mutant(
        "If-Match of a change is ignored",
        "services/etag.ts",
        "return (record) => tags.includes(etag(table, record));",
        "return () => true;",
        noticed="means another version",
    ),
    mutant(
        "If-Match of a deletion is ignored",
        "services/records.ts",
        "key, permit, expected);",
        "key, permit);",
        noticed="means another version",
    ),
    Mutant(
        "RESTRICT cascades",
        "models/*.ts",
        re.compile("onDelete: 'RESTRICT'"),
        "onDelete: 'CASCADE'",
        noticed="is not deleted while",
    ),
    Mutant(
        "CASCADE restricts",
        "models/*.ts",
        re.compile("onDelete: 'CASCADE'"),
        "onDelete: 'RESTRICT'",
        noticed="takes with it",
    ),
    Mutant(
        "SET_NULL cascades",
        "models/*.ts",
        re.compile("onDelete: 'SET_NULL'"),
        "onDelete: 'CASCADE'",
        noticed="leaves behind",
    ),
    mutant(
        "cursors are good for any list",
        "services/cursor.ts",
        "if (given.length !== right.length || !timingSafeEqual(given, right)) {",
        "if (given.length !== right.length) {",
        noticed="has a cursor",
    ),
    mutant(
        "an Idempotency-Key does not matter",
        "services/idempotency.ts",
        "if (header === undefined) return undefined;",
        "return undefined;",
        noticed="an Idempotency-Key creates one record",
    ),
)

GRAPHQL: Final = (
    mutant(
        "a query by GraphQL may cost anything",
        "graphql/limits.ts",
        "if (this.cost > MOST_COST) throw",
        "if (this.cost < 0) throw",
        noticed="asks for too much",
    ),
    mutant(
        "GraphQL ignores the version that is meant",
        "graphql/recordResolvers.ts",
        "asBody(input), expected);",
        "asBody(input));",
        noticed="at the version that is meant",
    ),
    mutant(
        "GraphQL lets in whoever has no token",
        "graphql/recordResolvers.ts",
        "      access.enter(table, 'read');\n      return records",
        "      return records",
        noticed="is closed to those without a token",
    ),
)

MUTANTS: Final[tuple[Mutant, ...]] = (*GRAPHQL, *WHO, *TOKENS, *VALUES, *SECRETS, *STATES)
