"""The data model of a database schema: what a SCHEMA generation produces and a CODE generation reads."""

from enum import Enum
from typing import Any

import msgspec

from services.core.errors import Fault, Invalid
from services.designs.part import Part


class FieldType(Enum):
    """What a field of a table holds."""

    STRING = "STRING"
    """Text of at most 255 characters."""
    INTEGER = "INTEGER"
    """A whole number of up to 53 bits."""
    FLOAT = "FLOAT"
    """A number."""
    BOOLEAN = "BOOLEAN"
    """True or false."""
    DATE = "DATE"
    """A day: `2026-01-31`."""
    DATETIME = "DATETIME"
    """A moment, ISO 8601 with its zone."""
    TEXT = "TEXT"
    """Text of any length."""
    JSON = "JSON"
    """Any JSON value."""


class RelationshipType(Enum):
    """How many rows of each table belong together."""

    ONE_TO_ONE = "ONE_TO_ONE"
    """One row has at most one of the other table."""
    ONE_TO_MANY = "ONE_TO_MANY"
    """One row has any number of the other table."""
    MANY_TO_MANY = "MANY_TO_MANY"
    """Rows of both have any number of each other."""


class OnDelete(Enum):
    """What happens to the rows that refer to a deleted one."""

    CASCADE = "CASCADE"
    """They are deleted too."""
    SET_NULL = "SET_NULL"
    """They refer to nothing from then on."""
    RESTRICT = "RESTRICT"
    """They prevent the deletion."""


class Field(Part, frozen=True):
    """A column of a table. `default_value` must be a value of the field's type."""

    name: str
    type: FieldType
    nullable: bool = False
    primary_key: bool = False
    unique: bool = False
    default_value: Any = None


class Index(Part, frozen=True):
    """An index over fields of its table, in order."""

    name: str
    fields: tuple[str, ...]
    unique: bool = False


class Table(Part, frozen=True):
    name: str
    fields: tuple[Field, ...]
    indexes: tuple[Index, ...] = ()


class Relationship(Part, frozen=True):
    """`from_table` and `to_table` as in "one from_table row has many to_table rows" for ONE_TO_MANY.

    A table's own field that refers to another table is named for it: `userId` in `posts` refers to `users`.
    """

    from_table: str
    to_table: str
    type: RelationshipType
    on_delete: OnDelete | None = None


class SchemaModel(Part, frozen=True):
    """A whole schema: its tables and how they relate."""

    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...] = ()


def decode(text: str | bytes) -> SchemaModel:
    """Read a schema from JSON, in the shape that `encode` writes. Raises Invalid with a sentence naming the place."""
    try:
        return msgspec.json.decode(text, type=SchemaModel)
    except msgspec.DecodeError as error:
        raise Invalid([Fault(f"The schema is not valid JSON of a schema: {error}.")]) from error


def encode(schema: SchemaModel) -> bytes:
    """Write a schema as JSON with the model's field names in camelCase and its enum values as they are named."""
    return msgspec.json.encode(schema)
