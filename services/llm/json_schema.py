"""The JSON Schema of an answer, in the subset that providers can hold a model to ("strict").

Source: https://platform.openai.com/docs/guides/structured-outputs (supported schemas): every property is required, no
other is allowed, and a value that may be left out is one that may be null instead.
"""

from functools import cache
from typing import Any, Final, cast

import msgspec

from services.designs.architecture import ArchitectureModel
from services.designs.schema import SchemaModel
from services.llm.port import ArchitectureTask, SchemaTask, Task

_UNASKED: Final = frozenset({"formerNames", "isAssumed"})
"""What only a later version of a schema has something to say of, or the scaffold of its own."""
_DROPPED: Final = frozenset({"default", "title", "description"})
_ANY: Final = {"type": ["string", "number", "boolean", "null"]}


def json_schema_of(task: Task) -> dict[str, Any] | None:
    """Return the JSON Schema of a task's answer; None where the answer is no JSON."""
    match task:
        case SchemaTask():
            return _strict_schema(SchemaModel)
        case ArchitectureTask():
            return _strict_schema(ArchitectureModel)
        case _:
            return None


@cache
def _strict_schema(model: type[msgspec.Struct]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components([model], ref_template="#/$defs/{name}")
    parts: dict[str, Any] = {name: _strict(part) for name, part in components.items()}
    return {**parts.pop(model.__name__), "$defs": parts}


def _strict(schema: object) -> Any:
    """Rewrite a schema, and those within it, for the subset."""
    if isinstance(schema, list):
        return [_strict(each) for each in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    kept = {name: value for name, value in cast("dict[str, Any]", schema).items() if name not in _DROPPED}
    if not kept:
        return _ANY
    if "enum" in kept:
        return {"type": "string", **kept}
    if "properties" not in kept:
        return {name: _strict(value) for name, value in kept.items()}
    properties = {name: _strict(value) for name, value in kept["properties"].items() if name not in _UNASKED}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
