"""What the tables of a backend are called in its GraphQL schema: types, queries, mutations and members, each unique."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

from services.core.frozen import frozen
from services.scaffold.lists import Child, children, expansion, filterable
from services.scaffold.names import camel, pascal
from services.scaffold.plan import LinkSide, Reference, TablePlan

SCALARS = ("ID", "String", "Boolean", "Int", "Float", "SafeInt", "Decimal", "Date", "DateTime", "JSON")
_OF_A_TABLE = ("", "Page", "Filter", "Sort", "Create", "Patch")
"""The types of a table, by what their names end with."""
_RESERVED = frozenset(
    {*SCALARS, *(f"{scalar}Range" for scalar in SCALARS), "Query", "Mutation", "Subscription", "Page", "Total"}
)


@frozen
class LinkNames:
    side: LinkSide
    add: str | None
    """The mutation that links; None where links are created as records."""
    remove: str | None


@frozen
class Names:
    """What is asked for and answered of one table; the members are those of its type."""

    plan: TablePlan
    type: str
    one: str
    many: str
    lookups: Mapping[str, tuple[str, ...]]
    """Queries for the record that has unique values, and the fields that have these."""
    references: Mapping[str, Reference]
    children: Mapping[str, Child]
    links: Mapping[str, LinkNames]


class _Taken:
    """Names that are taken, and each next one that is free."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = set(names)

    def free(self, name: str, longer: str, endings: Sequence[str] = ("",)) -> str:
        """Return the first of a name and longer ones that is free with each of the endings, and take it."""
        candidates = _candidates(name, longer)
        chosen = next(one for one in candidates if self._names.isdisjoint(f"{one}{ending}" for ending in endings))
        self._names |= {f"{chosen}{ending}" for ending in endings}
        return chosen


def name_tables(tables: Sequence[TablePlan], *, reserved: Iterable[str] = ()) -> tuple[Names, ...]:
    """Name every table that has records of its own; `reserved` are types, queries and mutations of something else."""
    served = [table for table in tables if not table.is_made]
    taken = sorted(reserved)
    types, queries, mutations = _Taken({*_RESERVED, *taken}), _Taken(taken), _Taken(taken)
    type_of = {t.name: types.free(t.names.type, f"{t.names.type}Record", _OF_A_TABLE) for t in served}
    many = {table.name: queries.free(*_longer(table.names.variable, "Records")) for table in served}
    one = {table.name: queries.free(*_longer(_begun(type_of[table.name]), "Record")) for table in served}
    for table in served:
        for verb in ("create", "update", "delete"):
            mutations.free(f"{verb}{type_of[table.name]}", "")
    return tuple(
        _named(table, tables, (type_of[table.name], one[table.name], many[table.name]), queries, mutations)
        for table in served
    )


def _named(
    table: TablePlan, tables: Sequence[TablePlan], called: tuple[str, str, str], queries: _Taken, mutations: _Taken
) -> Names:
    kind, one, many = called
    members = _Taken({*(field.name for field in table.fields), table.created, table.updated, "_version", "_etag"})
    references = {
        members.free(*_longer(expansion(table, reference), "Record")): reference for reference in table.references
    }
    lists = {members.free(*_longer(camel(child.path), "List")): child for child in children(table, tables)}
    links = {members.free(*_longer(camel(side.path), "Linked")): side for side in table.links}
    return Names(
        plan=table,
        type=kind,
        one=one,
        many=many,
        lookups={queries.free(*_longer(_lookup(one, fields), "Found")): fields for fields in _found_by(table)},
        references=references,
        children=lists,
        links={member: _link(kind, member, side, mutations) for member, side in links.items()},
    )


def _link(kind: str, member: str, side: LinkSide, mutations: _Taken) -> LinkNames:
    if not side.is_writable:
        return LinkNames(side, None, None)
    add, remove = (mutations.free(*_longer(f"{verb}{kind}{pascal(member)}", "Record")) for verb in ("link", "unlink"))
    return LinkNames(side, add, remove)


def _found_by(table: TablePlan) -> Iterator[tuple[str, ...]]:
    """Yield the fields whose values, taken together, one record has at most, where lists are filtered by them."""
    possible = {field.name for field in filterable(table)}
    return (fields for fields in table.unique if possible.issuperset(fields))


def _lookup(one: str, fields: Iterable[str]) -> str:
    return f"{one}By{'And'.join(map(pascal, fields))}"


def _longer(name: str, ending: str) -> tuple[str, str]:
    return name, f"{name}{ending}"


def _candidates(name: str, longer: str) -> Iterator[str]:
    yield name
    yield longer
    yield from (f"{longer}{number}" for number in count(2))


def _begun(kind: str) -> str:
    return f"{kind[0].lower()}{kind[1:]}"
