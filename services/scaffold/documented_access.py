"""The pages on who may do what in a backend: who signs in, what each table is open to, who sets which field."""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from services.designs.schema import (
    Accounts,
    Audience,
    Field,
    FieldAccess,
    FieldRules,
    Grant,
    Policy,
    SchemaModel,
    Secrecy,
    Table,
)
from services.scaffold.identifiers import address_of, identifiers
from services.scaffold.rights.field_rights import names_of
from services.scaffold.rights.grants import said_rights
from services.scaffold.rights.statements import read_rules

_AUDIENCES: Final = {
    Audience.PUBLIC: "everybody",
    Audience.SIGNED_IN: "whoever is signed in",
    Audience.OWNER: "its owner",
    Audience.NOBODY: "nobody",
}
_SETTERS: Final = {
    FieldAccess.IMMUTABLE: "set once, at creation",
    FieldAccess.MANAGED: "set by those with a role",
    FieldAccess.READ_ONLY: "set by the server",
}
_SECRETS: Final = {Secrecy.HASHED: "kept as a hash, never shown", Secrecy.SEALED: "kept encrypted, never shown"}


def authentication(schema: SchemaModel) -> str:
    """Write the page on how it is found who sends a request."""
    return "# Authentication\n\n" + (_TOKENS_OF_OTHERS if schema.accounts is None else _accounts(schema))


def rights(schema: SchemaModel, description: str) -> str:
    """Write the table of what each table is open to, and what of that the description says."""
    said = said_rights(read_rules(description, names_of(schema)), schema)
    rows = "".join(_row(table, _policy(table, schema), said) for table in schema.tables)
    return f"| table | create | read | update | delete |\n|---|---|---|---|---|\n{rows}\n{_SAID if said else _ASSUMED}"


def who_may_do_what(schema: SchemaModel, description: str) -> str:
    """Write the page with what each table is open to, whose its rows are, and what of them clients do not set."""
    memberships = schema.teams.memberships if schema.teams else None
    sentences = (_whose(table, _policy(table, schema), memberships) for table in schema.tables)
    whose = "".join(f"- {sentence}\n" for several in sentences for sentence in several)
    fields = "".join(_field_row(table, field) for table in schema.tables for field in table.fields if _is_told(field))
    parts = [
        f"# Who may do what\n\n{_INTRODUCTION}\n{rights(schema, description)}",
        f"## Whose a row is\n\n{whose}" if whose else "",
        f"## What is not a client's to set, or to read\n\n| field | |\n|---|---|\n{fields}" if fields else "",
    ]
    return "\n".join(part for part in parts if part)


def checked(rules: FieldRules | None) -> Iterator[str]:
    """Yield what is checked of a field's values, as phrases."""
    if rules is None:
        return
    if rules.format is not None:
        yield {"EMAIL": "an e-mail address", "URL": "a URL", "CURRENCY": "a currency's code"}[rules.format.value]
    if rules.values:
        yield "one of " + ", ".join(f"`{value}`" for value in rules.values)
    yield from _between(rules.minimum, rules.maximum, "")
    is_short = rules.min_length == 1 and rules.max_length is None
    yield from ["not empty"] if is_short else _between(rules.min_length, rules.max_length, " characters")
    if rules.pattern is not None:
        yield "like `" + rules.pattern.replace("|", "\\|") + "`"
    if rules.case_insensitive:
        yield "whatever its case"


def access_of(field: Field) -> Iterator[str]:
    """Yield who sets a field, and whether it is shown, where that is not as usual."""
    if field.access in _SETTERS:
        yield _SETTERS[field.access]
    if field.secrecy is not None:
        yield _SECRETS[field.secrecy]


def _policy(table: Table, schema: SchemaModel) -> Policy:
    return table.policy or schema.default_policy or Policy()


def _row(table: Table, policy: Policy, said: Container[tuple[str, str]]) -> str:
    grants = {"create": policy.create, "read": policy.read, "update": policy.update, "delete": policy.delete}
    cells = (
        _who(whom, policy) + (" (said)" if (table.name, action) in said else "") for action, whom in grants.items()
    )
    return f"| `{table.name}` | {' | '.join(cells)} |\n"


def _who(grants: Sequence[Grant], policy: Policy) -> str:
    return "; ".join(_whom(grant, policy) for grant in grants) or "nobody"


def _whom(grant: Grant, policy: Policy) -> str:
    roles = " or ".join(grant.roles)
    match grant.audience:
        case Audience.ROLE:
            whom = roles
        case Audience.TEAM:
            whom = f"{roles} of its team" if roles else "members of its team"
        case Audience.OWNER if policy.owner == "id":
            whom = "the user themselves"
        case audience:
            whom = _AUDIENCES[audience]
    return f"{whom} where `{grant.when.field}` is `{_shown(grant.when.equals)}`" if grant.when else whom


def _shown(value: str | bool) -> str:  # noqa: FBT001 - what a row holds
    return str(value).lower() if isinstance(value, bool) else value


def _whose(table: Table, policy: Policy, memberships: str | None) -> Iterator[str]:
    via = f", taken from the row that `{policy.inherited_from}` refers to" if policy.inherited_from else ""
    if policy.owner is not None and policy.owner != "id":
        by = ", as whoever creates it says" if table.name == memberships else ", whoever creates it"
        yield f"`{table.name}`: `{policy.owner}` names the owner{via or by}."
    if policy.team is not None and policy.team != "id":
        yield f"`{table.name}`: `{policy.team}` names the team{via}."


def _is_told(field: Field) -> bool:
    return any(access_of(field)) and not field.primary_key


def _field_row(table: Table, field: Field) -> str:
    return f"| `{table.name}.{field.name}` | {', '.join(access_of(field))} |\n"


def _between(least: str | int | None, most: str | int | None, unit: str) -> Iterator[str]:
    match least, most:
        case None, None:
            return
        case None, _:
            yield f"at most {most}{unit}"
        case _, None:
            yield f"at least {least}{unit}"
        case _:
            yield f"{least} to {most}{unit}"


def _accounts(schema: SchemaModel) -> str:
    accounts = schema.accounts
    if accounts is None:
        return ""
    sign_up = (
        f"`POST /auth/sign-up` makes a row of `{accounts.table}`"
        if accounts.sign_up
        else f"Nobody signs up: those who may create rows of `{accounts.table}` make them"
    )
    role = (
        f"`{accounts.table}.{accounts.role}` is the user's role. Only those with a role set it, and the first of them "
        f"gets it by `npm run {'role' if accounts.sign_up else 'account'} -- <login> <role>`.\n\n"
        if accounts.role
        else ""
    )
    return (
        f"Users sign in here, with `{accounts.login}` and a password. {sign_up}; `POST /auth/sign-in` answers with an "
        f"`accessToken` for `Authorization: Bearer <token>` and a `refreshToken` for `POST /auth/refresh`.\n\n{role}"
        f"{_teams(schema)}{_AUTH_ROUTES}{_changes(schema, accounts)}\n{_AUTH_RULES}"
    )


def _changes(schema: SchemaModel, accounts: Accounts) -> str:
    """Return the rows of what there is only where users may change what they are known by, or get mails."""
    fields = next(table.fields for table in schema.tables if table.name == accounts.table)
    known_by = ", ".join(f"`{name}`" for name in identifiers(fields, accounts))
    change = f"| `PATCH /auth/user` | another {known_by}, with the current password |\n" if known_by else ""
    reset = "| `POST /auth/password-reset`, `POST /auth/password-reset/confirm` | a new password, by e-mail |\n"
    return change + (reset if address_of(fields, accounts) is not None else "")


def _teams(schema: SchemaModel) -> str:
    teams = schema.teams
    if teams is None:
        return ""
    owners = (
        f" Whoever makes one is its `{teams.owner_role}`, and the last one can neither leave nor lose the role."
        if teams.owner_role
        else ""
    )
    unasked = " Whoever may create a row of it puts people into a team without asking them: there are no invitations."
    return f"`{teams.memberships}` says who is in which of the `{teams.table}`.{owners}{unasked}\n\n"


_INTRODUCTION: Final = """What is not listed is open to nobody: whoever may do a thing to no row of a table gets 403,
or 401 where a token is missing, whichever row it is. Whoever may do it to some gets 404 for a row that they may not
read, and 403 for one that they may read and not change. A list holds the rows that the caller may read.
"""
_SAID: Final = """The description says what is marked so. All else is assumed, from what a row refers to and what such
rows usually are: change the policy of a table in the schema where it is not what you want.
"""
_ASSUMED: Final = """The description says nothing of this. It is assumed, from what a row refers to and what such rows
usually are: change the policy of a table in the schema where it is not what you want.
"""
_AUTH_ROUTES: Final = """| request | |
|---|---|
| `GET /auth/user` | who is signed in |
| `GET /auth/sessions`, `DELETE /auth/sessions/<id>` | where, and ending one |
| `POST /auth/sign-out`, `POST /auth/sign-out-everywhere` | ending this one, or all |
| `POST /auth/password` | another password |
"""
_AUTH_RULES: Final = """Passwords are kept as scrypt hashes. An access token is good for 15 minutes; tokens are
signed with `JWT_SECRET`, without which the server does not start. E-mails go by `SMTP_URL`.
"""
_TOKENS_OF_OTHERS: Final = """Requests carry `Authorization: Bearer <token>`: a JWT of another service, with the user's
id in `sub`, an end in `exp`, and their roles in `roles`. It is signed with `JWT_SECRET` (HS256), or by an issuer whose
keys are at `JWKS_URL` (RS256, ES256); `JWT_ISSUER` and `JWT_AUDIENCE` say what `iss` and `aud` must be.

Without one of the two the server refuses to start. `AUTH=off` lets everybody do everything, on this machine alone.
"""
