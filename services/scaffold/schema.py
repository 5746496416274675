"""The scaffold's way from a description to a schema: known entities, their relationships, other nouns."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from services.designs.schema import (
    Field,
    FieldAccess,
    FieldType,
    Index,
    OnDelete,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)
from services.scaffold.api import read_api
from services.scaffold.asides import asides
from services.scaffold.currencies import currencies_of, within
from services.scaffold.logins import login_of
from services.scaffold.mentions import blanked, read_mentions
from services.scaffold.names import reference_to
from services.scaffold.parts.cues import part_phrases
from services.scaffold.plurals import singular
from services.scaffold.principals import (
    Principals,
    accounts_of,
    principals_of,
    teams_of,
    with_principals,
)
from services.scaffold.rights.field_rights import closing_reads, limited, names_in, with_setters
from services.scaffold.rights.makers import made_by_others
from services.scaffold.rights.rulings import OPEN_TO_SIGNED_IN, Ruling, Rulings
from services.scaffold.rights.sign_up import closed_sign_up
from services.scaffold.rights.statement import Statement
from services.scaffold.rights.statements import of_tables, of_those_who_sign_in, read_rules
from services.scaffold.rights.team_roles import of_roles_there_are, role_of, with_named_roles, with_team
from services.scaffold.rights.wholes import kept_by_some, whole_in
from services.scaffold.rights.wording import Names
from services.scaffold.roles import ROLE, with_roles
from services.scaffold.rules import is_decided_by_staff, is_standing
from services.scaffold.selection import select_tables
from services.scaffold.uniqueness import said_unique, unique_index, with_own_values
from services.scaffold.vocabulary import Access, Basis, Entity, Parent

_ENDS = 2
"""Of a table that joins others: it refers to two."""

_OWN_NAMES = frozenset({None, Access.PERSONAL})

_KEY = Field(name="id", type=FieldType.STRING, primary_key=True)


def derive_schema(description: str) -> SchemaModel:
    """Derive a schema of 1 to 30 tables from any text; the same text gives the same schema. Never raises.

    A table comes after those that its records cannot be without.
    """
    is_closed = bool(closed_sign_up(description))
    description = blanked(description, [*closed_sign_up(description), *part_phrases(description)])
    names = _names(description)
    rules = read_rules(description, names)
    text = blanked(description, rules.of_fields)
    mentions = read_mentions(text, aside=[*rules.aside, *asides(description)], limits=rules.limits)
    makers = (name for name in rules.makers if name in mentions.entities)
    mentions = replace(mentions, actors=tuple(dict.fromkeys((*mentions.actors, *makers))))
    chosen = kept_by_some(select_tables(mentions), rules.all, {what for _, what in mentions.made})
    principals = replace(principals_of(chosen, mentions), login=login_of(description))
    entities = _paid_in(currencies_of(description), with_principals(chosen, principals))
    links = {name: _firm_links(entity, entities) for name, entity in entities.items()}
    concepts = {name: one.concept for name, one in entities.items()}
    said = of_those_who_sign_in(rules.all, principals.accounts, concepts, principals.profiles, principals.memberships)
    entities = limited(said, entities, principals.accounts)
    statements = [*_of_rows(said, entities, principals), *closing_reads(said, entities)]
    statements += list(made_by_others(mentions.made, entities, principals, statements, names.roles))
    entities = with_named_roles(entities, principals.memberships, statements)
    made = frozenset(_made(mentions.made, principals, names.roles))
    rulings = Rulings(entities, links, principals, statements, made)
    ruled = {name: _ruled_links(entity, rulings.of(name)) for name, entity in entities.items()}
    if principals.accounts in ruled:
        ruled[principals.accounts] = _left_behind(ruled[principals.accounts])
    ordered = _in_order(ruled, first=principals.accounts)
    members = entities.get(principals.memberships or "")
    ruling = {name: _of_members(rulings.of(name), members) for name in ordered}
    unique = {name: said_unique(mentions.qualities.get(name, ())) for name in ordered}
    tables = [_table(entity, ordered, ruling[name], unique[name]) for name, entity in ordered.items()]
    policies = [table.policy for table in tables if table.policy is not None]
    return SchemaModel(
        tables=tuple(with_roles(table, policies) if table.name == principals.accounts else table for table in tables),
        relationships=tuple(_relationships(ordered, principals)),
        default_policy=OPEN_TO_SIGNED_IN if principals.accounts is None else None,
        accounts=accounts_of(principals, is_closed=is_closed or _is_kept(principals.accounts, statements)),
        teams=teams_of(principals, ordered),
        api=read_api(description),
    )


def _paid_in(currencies: tuple[str, ...], entities: Mapping[str, Entity]) -> dict[str, Entity]:
    return {
        name: replace(entity, fields=tuple(within(field, currencies) for field in entity.fields))
        for name, entity in entities.items()
    }


def _names(description: str) -> Names:
    """Return what the tables are called that are named beside the rules on who may do what, and their fields.

    Where rules are all there is, they name them.
    """
    rules = read_rules(description)
    beside = read_mentions(blanked(description, rules.of_rows), aside=asides(description))
    mentions = beside if beside.entities or beside.nouns else read_mentions(description, aside=asides(description))
    chosen = select_tables(mentions)
    said = (quality.name for qualities in mentions.qualities.values() for quality in qualities)
    principals = principals_of(chosen, mentions)
    entities = with_principals(chosen, principals)
    if principals.teams is None or principals.memberships is None:
        return names_in(entities, [*said, ROLE]) if rules.of_rows else Names()
    names = names_in(entities, [*said, ROLE])
    everybodys = [one for one in mentions.qualities.get(principals.accounts or "", ()) if one.name == ROLE]
    others = [value for role in everybodys for value in role.values]
    role = role_of(entities[principals.memberships])
    return with_team(names, principals.teams, principals.memberships, role, others=others)


def _of_members(ruling: Ruling, memberships: Entity | None) -> Ruling:
    """Return the ruling for members with the roles that there are in a team."""
    return ruling if ruling.policy is None else replace(ruling, policy=of_roles_there_are(ruling.policy, memberships))


def _made(made: Iterable[tuple[str, str]], principals: Principals, roles: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield who makes what, with those who have a role in a team as its members."""
    for who, what in made:
        yield (principals.memberships or who) if singular(who) in roles else who, what


def _is_kept(accounts: str | None, statements: Iterable[Statement]) -> bool:
    """Whether a statement says who alone adds rows that sign in: `only admins create users`."""
    return any(one.is_restriction and accounts in one.tables and "create" in one.actions for one in statements)


def _of_rows(said: Iterable[Statement], entities: Mapping[str, Entity], principals: Principals) -> list[Statement]:
    """Return what a description says of who may do what, as it is meant of these tables."""
    concepts = {name: entity.concept for name, entity in entities.items()}
    whole = whole_in(entities)
    about = (of_tables(one, concepts, memberships=principals.memberships, whole=whole) for one in said)
    return [statement for statement in about if statement is not None]


def _in_order(entities: Mapping[str, Entity], *, first: str | None) -> dict[str, Entity]:
    ordered: dict[str, Entity] = {}
    waiting: set[str] = set()

    def place(entity: Entity) -> None:
        if entity.name in ordered or entity.name in waiting:
            return
        waiting.add(entity.name)
        for table, parent in _links(entity, entities):
            if parent.on_delete is not OnDelete.SET_NULL:
                place(entities[table])
        ordered[entity.name] = entity

    for entity in sorted(entities.values(), key=lambda entity: entity.name != (first or "users")):
        place(entity)
    return ordered


def _links(entity: Entity, entities: Iterable[str]) -> list[tuple[str, Parent]]:
    """The tables that an entity refers to, of those present, each once."""
    present = set(entities) - {entity.name}
    links: dict[str, Parent] = {}
    for parent in entity.parents:
        table = next((table for table in parent.tables if table in present), None)
        if table is not None:
            links.setdefault(table, parent)
    return list(links.items())


def _firm_links(entity: Entity, entities: Iterable[str]) -> list[tuple[str, Parent]]:
    """The tables that an entity refers to, but for what is a guess."""
    return [(table, parent) for table, parent in _links(entity, entities) if parent.basis is not Basis.GUESSED]


def _ruled_links(entity: Entity, ruling: Ruling) -> Entity:
    """Return the entity with references as its ruling has them.

    Some are never empty, since its rows go with what they refer to; none goes with what it refers to that nobody may
    delete.
    """
    is_kept = ruling.policy is not None and not ruling.policy.delete

    def ruled(parent: Parent) -> Parent:
        is_required = any(reference_to(table) in ruling.required for table in parent.tables)
        goes_with = parent.on_delete is OnDelete.CASCADE or (is_required and parent.on_delete is OnDelete.SET_NULL)
        return replace(parent, on_delete=OnDelete.RESTRICT if is_kept else OnDelete.CASCADE) if goes_with else parent

    return replace(entity, parents=tuple(map(ruled, entity.parents)))


def _left_behind(accounts: Entity) -> Entity:
    """Return the accounts with references that let them stay: nobody loses theirs with what they belong to."""
    stays = (
        replace(parent, on_delete=OnDelete.SET_NULL) if parent.on_delete is OnDelete.CASCADE else parent
        for parent in accounts.parents
    )
    return replace(accounts, parents=tuple(stays))


def _table(entity: Entity, entities: Iterable[str], ruling: Ruling, said: Collection[str]) -> Table:
    links = _links(entity, entities)
    references = [
        Field(name=reference_to(table), type=FieldType.STRING, nullable=parent.on_delete is OnDelete.SET_NULL)
        for table, parent in links
    ]
    unique = _unique(entity, links)
    own = [_KEY, *entity.fields, *references]
    fields = [_ruled(field, ruling, is_key=bool(entity.joins) and field.name in unique) for field in own]
    fields += [field for field in ruling.extra if not any(field.name == other.name for other in own)]
    listed = [*(field.name for field in ruling.extra), *(reference.name for reference in references), *entity.indexed]
    indexes = [Index(name=f"idx_{name}", fields=(name,)) for name in dict.fromkeys(listed) if (name,) != unique]
    if unique:
        indexes.append(unique_index(unique))
    policy = with_setters(ruling.policy, entity, OPEN_TO_SIGNED_IN)
    table = Table(name=entity.name, fields=tuple(fields), indexes=tuple(indexes), policy=policy)
    return with_own_values(table, said, is_named_by_owners=entity.access in _OWN_NAMES)


def _unique(entity: Entity, links: Sequence[tuple[str, Parent]]) -> tuple[str, ...]:
    """Return the references of a table of which no two rows have the same."""
    firm = (reference_to(table) for table, parent in links if parent.on_delete is not OnDelete.SET_NULL)
    return tuple(firm) if entity.is_unique else ()


def _ruled(field: Field, ruling: Ruling, *, is_key: bool) -> Field:
    """Return a field with who sets it; what is not a client's to set can be empty until somebody does."""
    access = ruling.access.get(field.name, field.access)
    if access is FieldAccess.READ_WRITE and is_key:
        access = FieldAccess.IMMUTABLE
    is_theirs = not (ruling.is_decided and is_decided_by_staff(field)) and not (ruling.is_person and is_standing(field))
    if access is FieldAccess.READ_WRITE and not is_theirs:
        access = FieldAccess.MANAGED
    if access is FieldAccess.MANAGED and field.default_value is None and field.name not in ruling.access:
        field = structs.replace(field, nullable=True)
    return structs.replace(field, access=access)


def _relationships(entities: Mapping[str, Entity], principals: Principals) -> Iterator[Relationship]:
    for entity in entities.values():
        links = _links(entity, entities)
        unique = _unique(entity, links)
        yield from (
            _relationship(table, entity, parent, is_single=parent.is_single or unique == (reference_to(table),))
            for table, parent in links
        )
        if entity.joins and len(unique) == _ENDS and entity.name != principals.memberships:
            first, second = (table for table, _ in links if reference_to(table) in unique)
            yield Relationship(
                from_table=first,
                to_table=second,
                type=RelationshipType.MANY_TO_MANY,
                through=entity.name,
                is_assumed=not all(parent.basis is Basis.SAID for table, parent in links if table in {first, second}),
            )


def _relationship(table: str, entity: Entity, parent: Parent, *, is_single: bool) -> Relationship:
    """A reference that is unique by itself can be had once."""
    kind = RelationshipType.ONE_TO_ONE if is_single else RelationshipType.ONE_TO_MANY
    return Relationship(
        from_table=table,
        to_table=entity.name,
        type=kind,
        on_delete=parent.on_delete,
        field=reference_to(table),
        is_assumed=parent.basis is not Basis.SAID,
    )
