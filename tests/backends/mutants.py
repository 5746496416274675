"""Things that can be broken in a backend, each of which its own tests must notice."""

import re
from typing import Final

from tests.backends.mutants_of_access import WHO
from tests.backends.mutating import Mutant, mutant, noticed_by

TOKENS: Final = noticed_by(
    "token|settings|audience|server refuses|this machine",
    mutant("tokens need not end", "services/tokens.ts", "requiredClaims: ['sub', 'exp'],", "requiredClaims: ['sub'],"),
    mutant(
        "tokens need not name anybody",
        "services/tokens.ts",
        "if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT || !sub.isWellFormed()) {",
        "if (false) {",
    ),
    mutant(
        "tokens of any audience are taken",
        "services/tokens.ts",
        "...(audience === undefined ? {} : { audience }),",
        "",
    ),
    mutant("tokens of any issuer are taken", "services/tokens.ts", "...(issuer === undefined ? {} : { issuer }),", ""),
    mutant(
        "the server starts without a way to verify tokens",
        "config.ts",
        "otherwise: Joi.object().xor('JWT_SECRET', 'JWKS_URL'),",
        "otherwise: Joi.object(),",
    ),
    mutant(
        "without authentication it listens to the world",
        "config.ts",
        ".valid(...LOOPBACK)",
        "",
    ),
)

VALUES: Final = noticed_by(
    "refuses|tells all faults|the only one|its defaults|is found by|is created, and|accepts|what is managed|signs up",
    mutant(
        "nothing is required",
        "validation/*.ts",
        ".required()",
        "",
        needs=r"\.required\(\)",
    ),
    mutant(
        "letters that share a capital are the same",
        "services/caseless.ts",
        "const small = letter.toLowerCase();",
        "const small = letter.toUpperCase().toLowerCase();",
        needs="accounts",
    ),
    Mutant("no value is unique", "models/*.ts", re.compile(r"  unique: \[\[.*?\]\],\n", re.DOTALL), "  unique: [],\n"),
    mutant(
        "values that differ in case are two",
        "services/uniqueness.ts",
        "  return caseless(value);",
        "  return caseless === undefined ? value : value;",
        needs=r"caseInsensitive: \['",
    ),
    mutant(
        "a claim overwrites another's",
        "services/uniqueness.ts",
        "        ConditionExpression: 'attribute_not_exists(#key)',\n"
        "        ExpressionAttributeNames: { '#key': 'key' },\n",
        "",
        needs=r"unique: \[\[",
    ),
    mutant(
        "the claim of a deleted record stays",
        "services/uniqueness.ts",
        "    ...without(held, wanted).map((claim) => release(database, claim)),\n",
        "",
        needs=r"unique: \[\[",
    ),
    Mutant(
        "no reference is checked",
        "models/*.ts",
        re.compile(r"  references: \[\S.*?\],\n  dependants", re.DOTALL),
        "  references: [],\n  dependants",
    ),
    Mutant("no least value", "validation/*.ts", re.compile(r"minimum: [^,}]+,? ?"), ""),
    Mutant("no greatest value", "validation/*.ts", re.compile(r"maximum: [^,}]+,? ?"), ""),
    mutant(
        "texts of any length",
        "validation/types.ts",
        "return length > maxLength ? error('string.max') : value;",
        "return value;",
    ),
    mutant(
        "texts of any shortness",
        "validation/types.ts",
        "if (length < minLength) return error('string.min');",
        "",
        needs="minLength:",
    ),
    mutant(
        "any value of an enumeration",
        "validation/types.ts",
        "if (values !== undefined) result = result.valid(...values);",
        "",
        needs=r"values: \[",
    ),
    mutant(
        "a pattern is for a part", "validation/types.ts", "`^(?:${pattern})$`", "`(?:${pattern})`", needs="pattern:"
    ),
    mutant(
        "any currency",
        "validation/types.ts",
        ".valid(...Intl.supportedValuesOf('currency'))",
        ".max(3)",
        needs=r"currency\(",
    ),
    mutant(
        "clients set what the server sets",
        "validation/types.ts",
        "new Restricted(field, field.forbidden().messages(SET_BY_SERVER));",
        "new Restricted(field, field);",
        needs=r"readOnly\(",
    ),
    mutant(
        "everybody sets what managers set",
        "validation/types.ts",
        ".when('$isManager', { is: true, otherwise: Joi.forbidden() })",
        ".when('$isManager', { is: true, otherwise: Joi.any() })",
        needs=r"managed\(",
    ),
    mutant(
        "fixed fields change",
        "validation/types.ts",
        "update: Joi.object(optional(sent({ ...fields, ...kept }))).min(1),",
        "update: Joi.object(optional(sent({ ...fixed, ...fields, ...kept }))).min(1),",
        needs=r"fixed: \{",
    ),
    mutant(
        "unknown members are let through",
        "validation/types.ts",
        "create: Joi.object(sent({ ...fixed, ...fields, ...kept })),",
        "create: Joi.object(sent({ ...fixed, ...fields, ...kept })).unknown(),",
    ),
)

SECRETS: Final = noticed_by(
    "shows its|password|stack|refresh|forgotten",
    mutant(
        "a reset is mailed to what was typed",
        "services/resets.ts",
        "this.mail(to, token)",
        "this.mail(login, token)",
        needs="address: '",
    ),
    mutant(
        "the current password is not asked for",
        "services/accounts.ts",
        "    await this.requirePassword(user, current);\n    const record",
        "    const record",
        needs=r"identifiers: \['",
    ),
    mutant(
        "an old refresh token is refused and no more",
        "services/sessions.ts",
        "if (isStolen) return sessions.filter((one) => one.id !== id);",
        "if (isStolen) throw ended();",
        needs="accounts",
    ),
    mutant(
        "secrets are kept as they are, and shown",
        "services/secrets.ts",
        "if (!Object.hasOwn(input, field)) continue;",
        "continue;",
        needs="HASHED|SEALED",
    ),
    mutant(
        "any password is the right one",
        "services/passwords.ts",
        "return timingSafeEqual(derived, expected) && hashed !== undefined;",
        "return timingSafeEqual(derived, derived) && expected.length >= 0;",
        needs="HASHED",
    ),
    mutant(
        "a stack goes to the client",
        "middleware/errorHandler.ts",
        "response.status(status).json({ error: { code, message, details",
        "response.status(status).json({ error: { code, message, stack: error?.stack, details",
    ),
)

STATES: Final = noticed_by(
    "means another|tag|is not deleted|takes with it|leaves|cursor|Idempotency",
    mutant(
        "If-Match of a change is ignored",
        "services/etag.ts",
        "return (record) => tags.includes(etag(table, record));",
        "return () => true;",
    ),
    mutant(
        "If-Match of a deletion is ignored",
        "services/records.ts",
        "key, permit, expected);",
        "key, permit);",
    ),
    Mutant("RESTRICT cascades", "models/*.ts", re.compile("onDelete: 'RESTRICT'"), "onDelete: 'CASCADE'"),
    Mutant("CASCADE restricts", "models/*.ts", re.compile("onDelete: 'CASCADE'"), "onDelete: 'RESTRICT'"),
    Mutant("SET_NULL cascades", "models/*.ts", re.compile("onDelete: 'SET_NULL'"), "onDelete: 'CASCADE'"),
    mutant(
        "cursors are good for any list",
        "services/cursor.ts",
        "if (given.length !== right.length || !timingSafeEqual(given, right)) {",
        "if (given.length !== right.length) {",
    ),
    mutant(
        "an Idempotency-Key does not matter",
        "services/idempotency.ts",
        "if (header === undefined) return undefined;",
        "return undefined;",
    ),
)

GRAPHQL: Final = (
    mutant(
        "a query by GraphQL may cost anything",
        "graphql/limits.ts",
        "if (this.cost > MOST_COST) throw",
        "if (this.cost < 0) throw",
    ),
    mutant(
        "GraphQL ignores the version that is meant",
        "graphql/recordResolvers.ts",
        "withNormalText(input), expected);",
        "withNormalText(input));",
    ),
    mutant(
        "GraphQL lets in whoever has no token",
        "graphql/recordResolvers.ts",
        "      access.enter(table, 'read');\n      return records",
        "      return records",
    ),
)

MUTANTS: Final[tuple[Mutant, ...]] = (*GRAPHQL, *WHO, *TOKENS, *VALUES, *SECRETS, *STATES)
