"""The scaffold's way from a description to a schema: known entities, their relationships, other nouns."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from services.designs.schema import (
    Field,
    FieldAccess,
    FieldRules,
    FieldType,
    Index,
    OnDelete,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)
from services.scaffold.api import read_api
from services.scaffold.asides import asides
from services.scaffold.mentions import Mentions, read_mentions
from services.scaffold.names import reference_to
from services.scaffold.principals import (
    TEAMS_AT_WORK,
    Principals,
    accounts_of,
    principals_of,
    teams_of,
    with_principals,
    with_roles,
)
from services.scaffold.rules import is_decided_by_staff, with_rules
from services.scaffold.rulings import OPEN_TO_SIGNED_IN, Ruling, Rulings
from services.scaffold.statements import Rules, of_those_who_sign_in, read_rules
from services.scaffold.vocabulary import Access, Entity, Parent, vocabulary

MOST_TABLES = 12
_MOST_MENTIONED = 10
"""Leaves room for the tables that join the others."""
_ENUMERATED = 3
"""A description that names so many tables itself gets only the essential ones of its domains."""

_ENDS = 2
"""Of a table that joins others: it refers to two."""

_NOT_OF_USERS = frozenset({"players", "matches", "leagues", "tournaments"})
_OWN_NAMES = frozenset({None, Access.PERSONAL})

_KEY = Field(name="id", type=FieldType.STRING, primary_key=True)


def derive_schema(description: str) -> SchemaModel:
    """Derive a schema of 1 to 12 tables from any text; the same text gives the same schema. Never raises.

    A table comes after those that its records cannot be without.
    """
    rules = read_rules(description)
    mentions = read_mentions(description, _aside(description, rules))
    chosen = _with_joins(_mentioned(mentions))
    principals = principals_of(chosen, mentions)
    statements = of_those_who_sign_in(rules.all, principals.accounts)
    entities = with_principals(chosen, principals)
    links = {name: _links(entity, entities) for name, entity in entities.items()}
    rulings = Rulings(entities, links, principals, statements)
    ruled = {name: _required(entity, rulings.of(name).required) for name, entity in entities.items()}
    ordered = _in_order(ruled, first=principals.accounts)
    tables = [_table(entity, ordered, rulings.of(entity.name)) for entity in ordered.values()]
    policies = [table.policy for table in tables if table.policy is not None]
    return SchemaModel(
        tables=tuple(with_roles(table, policies) if table.name == principals.accounts else table for table in tables),
        relationships=tuple(_relationships(ordered, principals)),
        default_policy=OPEN_TO_SIGNED_IN if principals.accounts is None else None,
        accounts=accounts_of(principals),
        teams=teams_of(principals, ordered),
        api=read_api(description),
    )


def _aside(description: str, rules: Rules) -> list[tuple[int, int]]:
    """Return where a description names no tables: whom rules are about, and how to write a backend."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted([*rules.aside, *asides(description)]):
        first = max(start, joined[-1][1]) if joined else start
        joined += [(first, end)] if first < end else []
    return joined


def _mentioned(mentions: Mentions) -> dict[str, Entity]:
    """The entities that a description asks for, named or implied by its domain; `items` where it asks for none."""
    words = vocabulary()
    explicit = [words.entities[name] for name in _as_users(mentions.entities)] + [
        _of_noun(noun, mentions.wholes.get(noun), is_served=noun in mentions.served) for noun in mentions.nouns
    ]
    chosen = {entity.name: entity for entity in explicit}
    is_enumerated = len(chosen) >= _ENUMERATED
    for domain in mentions.domains:
        for choices, is_essential in words.domains[domain].entities:
            alike = words.consumers if choices[0] in words.consumers else frozenset[str]()
            if (is_essential or not is_enumerated) and chosen.keys().isdisjoint({*choices, *alike}):
                chosen[choices[0]] = words.entities[choices[0]]
    for name in mentions.acts:
        if chosen.keys().isdisjoint(words.entities[name].unless):
            chosen.setdefault(name, words.entities[name])
    if _speaks_of_users(chosen):
        chosen = {"users": words.entities["users"], **chosen}
    return dict(list(chosen.items())[:_MOST_MENTIONED]) or {"items": _of_noun("items")}


def _speaks_of_users(chosen: Mapping[str, Entity]) -> bool:
    """Whether some of the entities are nothing without users: profiles are theirs, and teams are of them.

    Teams of others, such as players, are not.
    """
    if any(entity.has("email") for entity in chosen.values()) or not _NOT_OF_USERS.isdisjoint(chosen):
        return False
    are_theirs = any(Parent(("users",), OnDelete.CASCADE) in entity.parents for entity in chosen.values())
    return are_theirs or any(entity.members and entity.name in TEAMS_AT_WORK for entity in chosen.values())


def _as_users(names: Sequence[str]) -> list[str]:
    """Return the names with users for the members of teams."""
    has_teams = any(vocabulary().entities[name].members for name in names)
    return ["users" if name == "members" and has_teams else name for name in names]


def _of_noun(table: str, whole: str | None = None, *, is_served: bool = False) -> Entity:
    belongs = [(whole,)] if whole else []
    return Entity(
        name=table,
        fields=(
            with_rules(Field(name="name", type=FieldType.STRING)),
            with_rules(Field(name="description", type=FieldType.TEXT, nullable=True)),
            Field(
                name="status",
                type=FieldType.STRING,
                default_value="active",
                rules=FieldRules(values=("active", "inactive", "archived")),
            ),
        ),
        indexed=("status",),
        parents=tuple(Parent(tables, OnDelete.SET_NULL) for tables in [*belongs, *([] if is_served else [("users",)])]),
        access=Access.CATALOGUE if is_served else None,
    )


def _with_joins(entities: dict[str, Entity]) -> dict[str, Entity]:
    """Add the tables that join those present, such as memberships of users and teams."""
    complete = dict(entities)
    for entity in vocabulary().entities.values():
        is_due = entity.joins and entity.joins <= entities.keys() and complete.keys().isdisjoint(entity.unless)
        if is_due and len(complete) < MOST_TABLES:
            complete.setdefault(entity.name, entity)
    return complete


def _in_order(entities: Mapping[str, Entity], *, first: str | None) -> dict[str, Entity]:
    ordered: dict[str, Entity] = {}

    def place(entity: Entity) -> None:
        if entity.name in ordered:
            return
        for table, parent in _links(entity, entities):
            if parent.on_delete is not OnDelete.SET_NULL:
                place(entities[table])
        ordered[entity.name] = entity

    for entity in sorted(entities.values(), key=lambda entity: entity.name != (first or "users")):
        place(entity)
    return ordered


def _links(entity: Entity, entities: Iterable[str]) -> list[tuple[str, Parent]]:
    """The tables that an entity refers to, of those present."""
    present = set(entities) - {entity.name}
    pairs = ((next((table for table in parent.tables if table in present), None), parent) for parent in entity.parents)
    return [(table, parent) for table, parent in pairs if table is not None]


def _required(entity: Entity, references: Collection[str]) -> Entity:
    """Return the entity with references that are never empty, since its rows go with what they refer to."""
    parents = (
        replace(parent, on_delete=OnDelete.CASCADE)
        if parent.on_delete is OnDelete.SET_NULL and any(reference_to(table) in references for table in parent.tables)
        else parent
        for parent in entity.parents
    )
    return replace(entity, parents=tuple(parents))


def _table(entity: Entity, entities: Iterable[str], ruling: Ruling) -> Table:
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
        indexes.append(_unique_index(unique))
    table = Table(name=entity.name, fields=tuple(fields), indexes=tuple(indexes), policy=ruling.policy)
    return _with_own_names(table) if entity.access in _OWN_NAMES else table


def _with_own_names(table: Table) -> Table:
    """Return a table whose names are unique among those of an owner or a team: others' names are not theirs to know."""
    policy = table.policy or Policy()
    scope = policy.team or policy.owner
    if scope is None or scope == _KEY.name or not any(field.name == "name" and field.unique for field in table.fields):
        return table
    fields = (structs.replace(field, unique=False) if field.name == "name" else field for field in table.fields)
    return structs.replace(table, fields=tuple(fields), indexes=(*table.indexes, _unique_index((scope, "name"))))


def _unique_index(fields: tuple[str, ...]) -> Index:
    return Index(name=f"idx_{'_'.join(fields)}", fields=fields, unique=True)


def _unique(entity: Entity, links: Sequence[tuple[str, Parent]]) -> tuple[str, ...]:
    """Return the references of a table of which no two rows have the same."""
    firm = (reference_to(table) for table, parent in links if parent.on_delete is not OnDelete.SET_NULL)
    return tuple(firm) if entity.is_unique else ()


def _ruled(field: Field, ruling: Ruling, *, is_key: bool) -> Field:
    """Return a field with who sets it; what is not a client's to set can be empty until somebody does."""
    access = ruling.access.get(field.name, field.access)
    if access is FieldAccess.READ_WRITE and is_key:
        access = FieldAccess.IMMUTABLE
    if access is FieldAccess.READ_WRITE and ruling.is_decided and is_decided_by_staff(field):
        access = FieldAccess.MANAGED
    if access is FieldAccess.MANAGED and field.default_value is None and field.name not in ruling.access:
        field = structs.replace(field, nullable=True)
    return structs.replace(field, access=access)


def _relationships(entities: Mapping[str, Entity], principals: Principals) -> Iterator[Relationship]:
    for entity in entities.values():
        links = _links(entity, entities)
        unique = _unique(entity, links)
        yield from (
            _relationship(table, entity, parent, is_single=unique == (reference_to(table),)) for table, parent in links
        )
        if entity.joins and len(unique) == _ENDS and entity.name != principals.memberships:
            first, second = (table for table, _ in links if reference_to(table) in unique)
            yield Relationship(
                from_table=first, to_table=second, type=RelationshipType.MANY_TO_MANY, through=entity.name
            )


def _relationship(table: str, entity: Entity, parent: Parent, *, is_single: bool) -> Relationship:
    """A reference that is unique by itself can be had once."""
    kind = RelationshipType.ONE_TO_ONE if is_single else RelationshipType.ONE_TO_MANY
    return Relationship(
        from_table=table, to_table=entity.name, type=kind, on_delete=parent.on_delete, field=reference_to(table)
    )
