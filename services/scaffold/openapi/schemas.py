"""The JSON Schemas of a backend's records: as they are answered, created, replaced and patched."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.designs.schema import Field, FieldFormat, FieldRules, FieldType, Secrecy
from services.scaffold.identifiers import EMAIL
from services.scaffold.lists import expansion
from services.scaffold.plan import TablePlan
from services.scaffold.policies import Setter
from services.scaffold.validation import is_callers_unless_sent, is_key

Json = dict[str, Any]

LONGEST_STRING: Final = 255
"""This and the next two are as in src/validation/types.ts."""
SHORTEST_PASSWORD: Final = 8
LONGEST_PASSWORD: Final = 200
LARGEST_INTEGER: Final = 2**53 - 1
"""The greatest whole number up to which JSON's numbers are exact everywhere."""

_TYPES: Final[Mapping[FieldType, Json]] = {
    FieldType.STRING: {"type": "string", "minLength": 1, "maxLength": LONGEST_STRING},
    FieldType.TEXT: {"type": "string"},
    FieldType.INTEGER: {"type": "integer", "minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER},
    FieldType.FLOAT: {"type": "number"},
    FieldType.DECIMAL: {"type": "string"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.DATETIME: {"type": "string", "format": "date-time"},
    FieldType.JSON: {"type": ["object", "array", "string", "number", "boolean"], "items": {}},
}
_FORMATS: Final[Mapping[FieldFormat, Json]] = {
    FieldFormat.EMAIL: {"format": "email"},
    FieldFormat.URL: {"format": "uri", "pattern": "^https?://"},
    FieldFormat.CURRENCY: {"pattern": "^[A-Z]{3}$"},
}
_SETTERS: Final[Mapping[Setter, str]] = {
    Setter.SERVER: "Set by the server.",
    Setter.CALLER: "Set by the server, to whoever sends the request.",
    Setter.ROLE: "Set by those whom their role lets create or change the record; others leave it out.",
}


def schemas(table: TablePlan) -> dict[str, Json]:
    """Return the schemas of a table, by name."""
    name = table.names.type
    written = {
        name: _record(table),
        f"{name}Page": _page(name),
        f"{name}Create": _body(table, created(table)),
        f"{name}Replace": _replacement(table),
        f"{name}Patch": _patch(table),
    }
    return {key: schema for key, schema in written.items() if schema is not None}


def value(table: TablePlan, field: Field) -> Json:
    """Return the schema of a field's values, null aside."""
    if table.secrecy.get(field.name) is Secrecy.HASHED:
        schema = {"type": "string", "minLength": SHORTEST_PASSWORD, "maxLength": LONGEST_PASSWORD}
    elif field.type is FieldType.TEXT and is_key(table, field):
        schema = dict(_TYPES[FieldType.STRING])
    else:
        schema = dict(_TYPES[field.type])
    if field.type is FieldType.DECIMAL:
        schema["pattern"] = decimal_pattern(field.rules)
    if field.type is FieldType.STRING and EMAIL.search(field.name):
        schema["format"] = "email"
    return schema | (_ruled(field, field.rules) if field.rules is not None else {})


def decimal_pattern(rules: FieldRules | None) -> str:
    """Return what the text of a DECIMAL looks like."""
    scale = rules.scale if rules is not None and rules.scale is not None else 2
    fraction = f"(?:\\.[0-9]{{1,{scale}}})?" if scale else ""
    return f"^-?(?:0|[1-9][0-9]{{0,14}}){fraction}$"


def settable(table: TablePlan) -> list[Field]:
    """Return the fields that clients may set when they change a record."""
    return [field for field in created(table) if field.name not in {table.key.name, *table.permissions.fixed}]


def created(table: TablePlan) -> list[Field]:
    """Return the fields that clients may set when they create a record."""
    others = {name for name, setter in table.permissions.setters.items() if setter is not Setter.ROLE}
    taken = others | {table.key.name} if table.generates_keys else others
    return [field for field in table.fields if field.name not in taken]


def shown(table: TablePlan) -> list[Field]:
    """Return the fields that answers have: those that are kept secret are in none."""
    return [field for field in table.fields if field.name not in table.secrecy]


def reference_to(name: str) -> Json:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def _record(table: TablePlan) -> Json:
    open_to_all = {field.name for field in created(table)}
    properties: Json = {}
    for field in shown(table):
        note = {} if field.name in open_to_all else {"readOnly": True}
        properties[field.name] = _nullable(value(table, field), field) | _described(table, field) | note
    moment = {"type": "string", "format": "date-time", "readOnly": True}
    properties[table.created] = moment | {"description": "When the record was created, in UTC."}
    properties[table.updated] = moment | {"description": "When the record was last changed, in UTC."}
    properties["_version"] = {
        "type": "integer",
        "minimum": 1,
        "readOnly": True,
        "description": "1 when the record is created, and increased by every change.",
    }
    required = list(properties)
    for reference in table.references:
        name = expansion(table, reference)
        properties[name] = {
            "description": f"The record that `{reference.field}` refers to, with `expand={name}`; "
            "null where there is none, or none that the caller may read.",
            "type": ["object", "null"],
            "readOnly": True,
        }
    return {
        "type": "object",
        "description": f"A record of `{table.name}`.",
        "properties": properties,
        "required": required,
    }


def _page(name: str) -> Json:
    return {
        "type": "object",
        "description": f"A page of a list of {name} records.",
        "properties": {
            "items": {"type": "array", "items": reference_to(name)},
            "nextCursor": {
                "type": ["string", "null"],
                "description": "The `cursor` of the next page; null on the last. A page may have fewer items than "
                "`limit`, or none, and still not be the last.",
            },
            "total": {
                "type": "object",
                "description": "How many records the whole list has, with `count=true`.",
                "properties": {
                    "value": {"type": "integer", "minimum": 0},
                    "relation": {
                        "type": "string",
                        "enum": ["eq", "gte"],
                        "description": "Whether that is all of them, or as far as they were counted.",
                    },
                },
                "required": ["value", "relation"],
            },
        },
        "required": ["items", "nextCursor"],
    }


def _body(table: TablePlan, fields: Iterable[Field]) -> Json:
    chosen = list(fields)
    properties = {field.name: sent(table, field) for field in chosen}
    required = [field.name for field in chosen if is_required(table, field)]
    return _object(properties, required)


def _replacement(table: TablePlan) -> Json:
    """What a GET answers may be sent back: what clients do not set is accepted where it is unchanged."""
    body = _body(table, settable(table))
    kept = [field for field in shown(table) if field.name not in body["properties"]]
    unchanged = "Accepted where it is unchanged."
    body["properties"] |= {field.name: sent(table, field) | {"description": unchanged} for field in kept}
    moment = {"type": "string", "format": "date-time", "description": unchanged}
    body["properties"] |= {table.created: moment, table.updated: moment}
    body["properties"]["_version"] = {"type": "integer", "minimum": 1, "description": f"{unchanged} As If-Match."}
    kept = {*table.secrecy, *table.permissions.setters}
    body["required"] = [name for name in body.get("required", []) if name not in kept]
    return _object(body["properties"], body["required"])


def _patch(table: TablePlan) -> Json | None:
    fields = settable(table)
    if not fields:
        return None
    properties = {field.name: _without_default(sent(table, field)) for field in fields}
    return _object(properties, []) | {"minProperties": 1}


def is_required(table: TablePlan, field: Field) -> bool:
    """Whether a client must send the field when it creates a record."""
    if field == table.key:
        return True
    return not (field.nullable or field.default_value is not None or is_callers_unless_sent(table, field))


def _object(properties: Json, required: list[str]) -> Json:
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def sent(table: TablePlan, field: Field) -> Json:
    """Return what a body may have in a field."""
    schema = _nullable(value(table, field), field) | _described(table, field)
    if field.name in table.secrecy:
        schema["writeOnly"] = True
    if field.default_value is not None and field != table.key:
        schema["default"] = field.default_value
    return schema


def _described(table: TablePlan, field: Field) -> Json:
    setter = table.permissions.setters.get(field.name)
    notes = [
        _lasting(table, field),
        _SETTERS[setter] if setter is not None else "",
        *_limits(field),
        *(f"Not before `{start}`." for start in table.starts_of(field)),
    ]
    told = " ".join(note for note in notes if note)
    return {"description": told} if told else {}


def _lasting(table: TablePlan, field: Field) -> str:
    """Say of a field that no change of the record changes what does, if anything."""
    if (change := table.permissions.changed_by.get(field.name)) is not None:
        return f"Changed by `{change}` alone."
    return "Set once, when the record is created." if field.name in table.permissions.fixed else ""


def _limits(field: Field) -> Iterable[str]:
    """Say what JSON Schema can't of texts: the least and the greatest."""
    if field.rules is not None and field.type not in {FieldType.INTEGER, FieldType.FLOAT}:
        yield f"At least {field.rules.minimum}." if field.rules.minimum is not None else ""
        yield f"At most {field.rules.maximum}." if field.rules.maximum is not None else ""


def _nullable(schema: Json, field: Field) -> Json:
    if not field.nullable:
        return schema
    kinds: str | list[str] = schema["type"]
    allowed: Json = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"], **allowed}


def _without_default(schema: Json) -> Json:
    return {key: part for key, part in schema.items() if key != "default"}


def _ruled(field: Field, rules: FieldRules) -> Json:
    schema: Json = dict(_FORMATS[rules.format]) if rules.format is not None else {}
    if rules.values:
        schema["enum"] = list(rules.values)
    if rules.min_length is not None:
        schema["minLength"] = rules.min_length
    if rules.max_length is not None:
        schema["maxLength"] = rules.max_length
    if rules.pattern is not None:
        schema["pattern"] = f"^(?:{rules.pattern})$"
    return schema | _bounds(field, rules)


def _bounds(field: Field, rules: FieldRules) -> Json:
    """Return the least and the greatest of numbers."""
    limits = {"minimum": rules.minimum, "maximum": rules.maximum}
    given = {key: limit for key, limit in limits.items() if limit is not None}
    if field.type is FieldType.INTEGER:
        return {key: int(limit) for key, limit in given.items()}
    return {key: float(limit) for key, limit in given.items()} if field.type is FieldType.FLOAT else {}
