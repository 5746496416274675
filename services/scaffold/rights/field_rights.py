"""What a description says of who may read or set a field, which a schema has in part: its policies are of whole rows.

A field that is for some to set is MANAGED; where it is for some to read, its rows are closed to all but owners and
those with a role.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from msgspec import structs

from services.designs.schema import Audience, Field, FieldAccess, Grant, Policy, SchemaModel
from services.scaffold.names import words_of
from services.scaffold.naming import concept_of, meant_by, table_name
from services.scaffold.plurals import singular
from services.scaffold.rights.statement import Statement
from services.scaffold.rights.team_roles import team_names
from services.scaffold.rights.wording import Names
from services.scaffold.roles import ADMIN
from services.scaffold.vocabulary import Entity, vocabulary

_WRITES: Final = frozenset({"create", "update"})
_ROWS: Final = "A policy is about whole rows, and not about"
_CLOSED: Final = frozenset({FieldAccess.MANAGED, FieldAccess.READ_ONLY})
_WIDEST: Final = (
    (Audience.PUBLIC, "everybody"),
    (Audience.SIGNED_IN, "everybody who is signed in"),
    (Audience.TEAM, "only its team and those with a role"),
)
_ADMINS: Final = Grant(Audience.ROLE, (ADMIN,))


def names_of(schema: SchemaModel) -> Names:
    """Return what the tables and fields of a schema are called."""
    fields = (field for table in schema.tables for field in table.fields)
    names = _names({table.name: concept_of(table.name) for table in schema.tables}, fields)
    return team_names(names, schema)


def names_in(entities: Mapping[str, Entity], said: Iterable[str]) -> Names:
    """Return what tables and fields are called; what the vocabulary has as a table is no field, unless it is `said`."""
    lexicon, of_fields = vocabulary(), set(said)
    names = _names(
        {name: entity.concept for name, entity in entities.items()},
        (field for entity in entities.values() for field in entity.fields),
    )
    of_tables = {phrase for phrase in names.fields if lexicon.phrases.get(phrase) in lexicon.entities}
    of_tables -= {phrase for phrase in of_tables if phrase in lexicon.implied_by or "_".join(phrase) in of_fields}
    return replace(names, fields=names.fields - of_tables)


def _names(concepts: Mapping[str, str], fields: Iterable[Field]) -> Names:
    phrases = {_phrase(field.name) for field in fields}
    return Names(
        tables=frozenset(tuple(map(singular, name.split("_"))) for name in concepts),
        fields=frozenset(phrase for phrase in phrases if not meant_by(table_name(phrase), concepts)),
    )


def _phrase(field: str) -> tuple[str, ...]:
    return tuple(singular(word.lower()) for word in words_of(field))


def _meant(statement: Statement, fields: Mapping[str, Sequence[Field]]) -> Iterator[tuple[str, Field]]:
    """Yield the fields that a statement is about: of the table that it names, or of all that have them."""
    concepts = {table: concept_of(table) for table in fields}
    for whose, phrase in statement.fields:
        having = [
            (table, field)
            for table, several in fields.items()
            for field in several
            if _phrase(field.name) == tuple(map(singular, phrase.split("_")))
        ]
        named = meant_by(whose, concepts) if whose else ()
        yield from [pair for pair in having if pair[0] in named] or having


def limited(statements: Iterable[Statement], entities: Mapping[str, Entity], accounts: str | None) -> dict[str, Entity]:
    """Return entities with what statements say of who sets their fields, but for what accounts sign in with."""
    fields = {name: entity.fields for name, entity in entities.items()}
    access: dict[tuple[str, str], FieldAccess] = {}
    for statement in statements:
        for table, field in _meant(statement, fields):
            is_login = table == accounts and (field.unique or field.secrecy is not None)
            if (said := _access(statement)) is not None and field.access not in _CLOSED and not is_login:
                access[table, field.name] = said
    return {
        name: replace(
            entity,
            fields=tuple(
                structs.replace(field, access=access.get((name, field.name), field.access)) for field in entity.fields
            ),
        )
        for name, entity in entities.items()
    }


def _access(statement: Statement) -> FieldAccess | None:
    """Return who sets a field of which a statement is; None where it shuts out nobody."""
    is_of_owners = any(grant.audience is Audience.OWNER for grant in statement.grants)
    if not statement.is_restriction or (is_of_owners and not statement.is_denied):
        return None
    is_of_nobody = statement.is_exclusive and not statement.grants
    return FieldAccess.IMMUTABLE if is_of_nobody and "create" not in statement.actions else FieldAccess.MANAGED


def closing_reads(statements: Iterable[Statement], entities: Mapping[str, Entity]) -> Iterator[Statement]:
    """Yield what closes the rows that have a field which is for some to read."""
    fields = {name: entity.fields for name, entity in entities.items()}
    for statement in statements:
        if statement.is_restriction and "read" in statement.actions:
            tables = tuple(dict.fromkeys(table for table, _ in _meant(statement, fields)))
            if tables:
                yield Statement(frozenset({"read"}), tables, (), is_closing=True)


def with_setters(policy: Policy | None, entity: Entity, usual: Policy) -> Policy | None:
    """Return the policy of a table with admins beside all who sign in, where only those with a role set some field."""
    said = policy or usual
    is_managed = any(field.access is FieldAccess.MANAGED for field in entity.fields)
    audiences = {grant.audience for grant in said.update}
    if not is_managed or Audience.SIGNED_IN not in audiences or Audience.ROLE in audiences:
        return policy
    create = tuple(dict.fromkeys((*said.create, _ADMINS)))
    return structs.replace(said, create=create, update=(*said.update, _ADMINS))


def unmet_of_fields(statement: Statement, schema: SchemaModel) -> str | None:
    """Return why a schema does not keep what a statement says of fields; None where it does, or where it is of none."""
    meant = list(_meant(statement, {table.name: table.fields for table in schema.tables}))
    policies = {table.name: table.policy or schema.default_policy or Policy() for table in schema.tables}
    for table, field in meant:
        if (why := _unmet(statement, field, policies[table])) is not None:
            return f"{why} `{field.name}` of {table} alone." if why == _ROWS else f"`{field.name}` of {table} {why}"
    return f"The schema has no field '{statement.fields[0][1]}'." if statement.fields and not meant else None


def _readers(policy: Policy) -> str:
    audiences = {grant.audience for grant in policy.read if grant.when is None}
    for audience, whom in _WIDEST:
        if audience in audiences:
            return whom
    return "only owners and those with a role"


def _unmet(statement: Statement, field: Field, policy: Policy) -> str | None:
    if not statement.is_restriction:
        wanted = (getattr(policy, action) for action in statement.actions - {"create", "delete"})
        is_open = all(set(statement.grants) <= set(grants) for grants in wanted)
        return None if is_open and field.access is not FieldAccess.READ_ONLY else _ROWS
    if "read" in statement.actions:
        return f"is as open to read as its row is, which {_readers(policy)} may."
    if statement.is_closing:
        return None if field.access in _CLOSED else "is for all to set who may change its row."
    if _access(statement) is FieldAccess.IMMUTABLE:
        return None if field.access is not FieldAccess.READ_WRITE else "changes with its row."
    if field.access not in _CLOSED:
        return "is for all to set who may change its row."
    roles = {role for grant in policy.update if grant.audience is Audience.ROLE for role in grant.roles}
    missing = [role for grant in statement.grants for role in grant.roles if role not in roles]
    is_kept = statement.is_denied or (not missing and all(grant.roles for grant in statement.grants))
    whom = ", ".join(missing) or "those"
    return None if is_kept else f"is set by those with a role who may update its row, which {whom} may not yet."
