"""The GraphQL schema of a backend, `schema.graphql`: what can be asked for, and what is answered."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from services.designs.schema import Field, FieldType
from services.scaffold.documented_access import access_of, checked
from services.scaffold.graphql.accounts import AccountParts
from services.scaffold.graphql.names import SCALARS, Names
from services.scaffold.lists import filterable, sortable
from services.scaffold.openapi.audiences import who
from services.scaffold.openapi.schemas import created, is_required, settable, shown
from services.scaffold.plan import TablePlan
from services.scaffold.policies import Setter

_TYPES: Final[Mapping[FieldType, str]] = {
    FieldType.STRING: "String",
    FieldType.TEXT: "String",
    FieldType.INTEGER: "SafeInt",
    FieldType.FLOAT: "Float",
    FieldType.DECIMAL: "Decimal",
    FieldType.BOOLEAN: "Boolean",
    FieldType.DATE: "Date",
    FieldType.DATETIME: "DateTime",
    FieldType.JSON: "JSON",
}
_BUILT_IN: Final = frozenset({"ID", "String", "Boolean", "Int", "Float"})
_MEANINGS: Final = {
    "SafeInt": "A whole number of up to 53 bits.",
    "Decimal": 'An exact decimal number as text, such as "19.99".',
    "Date": 'A day, such as "2026-01-31".',
    "DateTime": 'A moment, such as "2026-01-31T12:00:00.000Z".',
    "JSON": "Any JSON value.",
}
_ORDERED: Final = frozenset({FieldType.INTEGER, FieldType.FLOAT, FieldType.DATE, FieldType.DATETIME})
_PAGING: Final = "limit: Int = 20, cursor: String"
_HEAD: Final = """"A page of a list."
interface Page {
  "The `cursor` of the next page; null on the last. A page with fewer items than `limit` may still not be the last."
  nextCursor: String
  "How many records the whole list has; null where that is not counted."
  total: Total
}

"How many records a list has: `eq`, or at least: `gte`, as far as they were counted."
type Total {
  value: Int!
  relation: String!
}
"""


def sdl(tables: Sequence[Names], accounts: AccountParts) -> str:
    """Write the schema."""
    types = "\n".join(_table(names, tables) for names in tables)
    queries = "\n".join(line for names in tables for line in _queries(names))
    mutations = "\n".join(line for names in tables for line in _mutations(names, tables))
    body = (
        f"{types}{accounts.types}\ntype Query {{\n{queries}\n{accounts.queries}}}\n\n"
        f'"One a request: each is a change of its own."\ntype Mutation {{\n{mutations}\n{accounts.mutations}}}\n'
    )
    ranges = [scalar for scalar in SCALARS if f": {scalar}Range\n" in body]
    return "\n".join([*_scalars(body, ranges), _HEAD, *map(_range, ranges), body])


def _scalars(body: str, ranges: Iterable[str]) -> Iterator[str]:
    for name, meaning in _MEANINGS.items():
        if name in ranges or any(f": {name}{end}" in body for end in ("\n", "!", ")", ",")):
            yield f"{_said(meaning)}\nscalar {name}\n"


def _range(scalar: str) -> str:
    bounds = "".join(f"  {operator}: {scalar}\n" for operator in ("eq", "gt", "gte", "lt", "lte"))
    return f"input {scalar}Range {{\n{bounds}}}\n"


def _table(names: Names, tables: Sequence[Names]) -> str:
    parts = [_record(names, tables), _page(names), _sort(names), _filter(names)]
    kind, table = names.type, names.plan
    parts.append(_input(f"{kind}Create", [_sent(table, field) for field in creatable(table)]))
    parts.append(_input(f"{kind}Patch", [_changed(table, field) for field in settable(table)]))
    return "\n".join(part for part in parts if part)


def _record(names: Names, tables: Sequence[Names]) -> str:
    table = names.plan
    types = {other.plan.name: other.type for other in tables}
    lines = [
        line for field in shown(table) for line in _documented(table, field, f"{field.name}: {_shown(table, field)}")
    ]
    lines += [f"{table.created}: DateTime!", f"{table.updated}: DateTime!"]
    lines += [_said("1 when the record is created, and increased by every change."), "_version: SafeInt!"]
    lines += [_said("Names this state of the record, for `ifMatch`."), "_etag: String!"]
    for member, reference in names.references.items():
        about = f"What `{reference.field}` refers to; null where there is none, or none that the caller may read."
        lines += [_said(about), f"{member}: {types[reference.table]}"]
    by_table = {other.plan.name: other for other in tables}
    for member, child in names.children.items():
        about = f"The records of `{child.table}` that refer to this one by `{child.field}`."
        lines += [_said(about), _list(member, by_table[child.table])]
    for member, link in names.links.items():
        about = f"The records of `{link.side.table}` that this one is linked to, what was linked last first."
        lines += [_said(about), f"{member}({_PAGING}): {types[link.side.table]}Page"]
    about = f"A record of `{table.name}`. {who(table, 'read')}"
    return _block(f"{_said(about)}\ntype {names.type}", lines)


def _page(names: Names) -> str:
    lines = [f"items: [{names.type}!]!", "nextCursor: String", "total: Total"]
    return _block(f"type {names.type}Page implements Page", lines)


def _sort(names: Names) -> str:
    table = names.plan
    lines: list[str] = []
    for field in sortable(table):
        needs = [f"`{pair.field}`" for pair in table.pairs if pair.range == field]
        note = [_said(f"With a filter by {' or '.join(needs)}.")] if needs and field != table.created else []
        lines += [*note, f"{field}_ASC", *note, f"{field}_DESC"]
    return _block(f"enum {names.type}Sort", lines)


def _filter(names: Names) -> str:
    lines = [
        f"{field.name}: {type_of(names.plan, field)}{'Range' if field.type in _ORDERED else ''}"
        for field in filterable(names.plan)
    ]
    return _block(f"{_said('All that is said must hold.')}\ninput {names.type}Filter", lines)


def _input(name: str, fields: Iterable[list[str]]) -> str:
    lines = [line for field in fields for line in field]
    return _block(f"input {name}", lines) if lines else ""


def _sent(table: TablePlan, field: Field) -> list[str]:
    free = field.name not in table.permissions.setters and field.name != table.permissions.policy.owner
    return _documented(
        table, field, f"{field.name}: {type_of(table, field)}{'!' if free and is_required(table, field) else ''}"
    )


def _changed(table: TablePlan, field: Field) -> list[str]:
    return _documented(table, field, f"{field.name}: {type_of(table, field)}")


def creatable(table: TablePlan) -> list[Field]:
    """Return what a body that creates a record may have: also whom it belongs to, which is for the server to set where
    it knows who asks.
    """
    setters = table.permissions.setters
    open_to_some = {field.name for field in created(table)} | {
        name for name, setter in setters.items() if setter is Setter.CALLER
    }
    return [field for field in table.fields if field.name in open_to_some]


def _queries(names: Names) -> Iterator[str]:
    table = names.plan
    yield f"  {names.one}(id: {type_of(table, table.key)}!): {names.type}"
    for query, fields in names.lookups.items():
        given = ", ".join(f"{name}: {type_of(table, table.field(name))}!" for name in fields)
        yield f"  {query}({given}): {names.type}"
    yield f"  {_list(names.many, names)}"


def _mutations(names: Names, tables: Sequence[Names]) -> Iterator[str]:
    table, kind = names.plan, names.type
    key = f"id: {type_of(table, table.key)}!"
    body = f"input: {kind}Create!, " if creatable(table) else ""
    yield f"  {_said(who(table, 'create'))}\n  create{kind}({body}idempotencyKey: String): {kind}!"
    if settable(table):
        about = f"Change what the input has. {who(table, 'update')}"
        yield f"  {_said(about)}\n  update{kind}({key}, input: {kind}Patch!, ifMatch: String): {kind}!"
    about = f"False means that it is accepted, and goes on after the answer. {who(table, 'delete')}"
    yield f"  {_said(about)}\n  delete{kind}({key}, ifMatch: String): Boolean!"
    by_table = {other.plan.name: other.plan for other in tables}
    for link in names.links.values():
        other = by_table[link.side.table]
        about = _said(who(table if link.side.is_changed else other, "update"))
        for mutation in (link.add, link.remove):
            if mutation is not None:
                yield f"  {about}\n  {mutation}({key}, other: {type_of(other, other.key)}!): Boolean!"


def _list(member: str, names: Names) -> str:
    kind = names.type
    order = f"sort: {kind}Sort = {names.plan.created}_DESC"
    return f"{member}(filter: {kind}Filter, {order}, {_PAGING}): {kind}Page"


def _shown(table: TablePlan, field: Field) -> str:
    """Return the type of a member, which is null in no record where clients set it or it has a default."""
    is_open = table.permissions.setters.get(field.name) not in {Setter.SERVER, Setter.CALLER}
    is_set = is_open or field.default_value is not None
    never_null = field.name == table.key.name or (not field.nullable and is_set)
    return f"{type_of(table, field)}{'!' if never_null else ''}"


def type_of(table: TablePlan, field: Field) -> str:
    """Return the type of a field's values: texts that find a record are IDs."""
    is_reference = any(reference.field == field.name for reference in table.references)
    is_text = field.type in {FieldType.STRING, FieldType.TEXT}
    return "ID" if is_text and (field.name == table.key.name or is_reference) else _TYPES[field.type]


def _documented(table: TablePlan, field: Field, line: str) -> list[str]:
    starts = (f"not before `{start}`" for start in table.starts_of(field))
    notes = ", ".join([*access_of(field), *checked(field.rules), *starts])
    return [_said(f"{notes[0].upper()}{notes[1:]}."), line] if notes else [line]


def _block(head: str, lines: Iterable[str]) -> str:
    return f"{head} {{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def _said(text: str) -> str:
    """Write a description; the escapes of JSON are those of GraphQL."""
    return json.dumps(text, ensure_ascii=False)
