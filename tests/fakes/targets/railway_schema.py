"""Railway's published schema, reduced to what our documents reach: `schemas/railway.json`.

After a document asks for more, reduce the whole schema anew. It is what the API answers to an introspection query:

    .venv/bin/python -m tests.fakes.targets.railway_schema railway-schema.json
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from graphql import (
    FieldNode,
    GraphQLSchema,
    IntrospectionQuery,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    parse,
    visit,
)

from services.platforms.railway.documents import ALL

REDUCED: Final = Path(__file__).parent / "schemas" / "railway.json"
_Json = dict[str, Any]


def schema_of(introspection: _Json) -> GraphQLSchema:
    """Build the schema, as valid: it deprecates a required input field, which graphql-core refuses otherwise."""
    return build_client_schema(cast("IntrospectionQuery", introspection), assume_valid=True)


def railway_schema() -> GraphQLSchema:
    return schema_of(json.loads(REDUCED.read_text()))


def reduced(introspection: _Json) -> _Json:
    """Keep the fields that our documents select, with all their arguments, and the types of both."""
    types: dict[str, _Json] = {each["name"]: each for each in introspection["__schema"]["types"]}
    kept: dict[str, _Json] = {}
    for parent, fields in _selected(schema_of(introspection)).items():
        chosen = [field for field in types[parent]["fields"] if field["name"] in fields]
        kept[parent] = {**types[parent], "fields": chosen, "interfaces": []}
    waiting = [_name(each["type"]) for each in _typed(list(kept.values()))]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = types[name]
            waiting += [_name(each["type"]) for each in _typed([types[name]])]
    for name in ("Boolean", "String"):
        kept[name] = types[name]
    whole = introspection["__schema"]
    return {
        "__schema": {
            "queryType": whole["queryType"],
            "mutationType": whole["mutationType"],
            "subscriptionType": None,
            "types": [kept[name] for name in sorted(kept)],
            "directives": [],
        }
    }


def _selected(schema: GraphQLSchema) -> dict[str, set[str]]:
    fields: dict[str, set[str]] = {}
    info = TypeInfo(schema)

    class Selected(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            assert parent is not None
            fields.setdefault(parent.name, set()).add(node.name.value)

    for document in ALL:
        visit(parse(document.text), TypeInfoVisitor(info, Selected()))
    return fields


def _typed(types: Sequence[_Json]) -> list[_Json]:
    """Return what has a type within types: fields, their arguments, input fields."""
    fields: list[_Json] = []
    for each in types:
        fields += each["fields"] or []
        fields += each["inputFields"] or []
    arguments: list[_Json] = [argument for field in fields for argument in field.get("args", [])]
    return [*fields, *arguments]


def _name(type: _Json) -> str:
    while type["ofType"]:
        type = type["ofType"]  # noqa: A001 - walks inwards
    return type["name"]


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text())
    REDUCED.write_text(json.dumps(reduced(given.get("data", given)), indent=1) + "\n")
