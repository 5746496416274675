"""A schema each of whose tables changes in its own way over three versions, and changes that cannot be made."""

from typing import Final

from msgspec.structs import replace

from services.designs.schema import (
    Audience,
    Field,
    FieldRules,
    FieldType,
    Grant,
    Index,
    OnDelete,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)

T = FieldType
_ALL = (Grant(audience=Audience.SIGNED_IN),)
_KEY: Final = Field(name="id", type=T.STRING, primary_key=True)
_PARENT: Final = Field(name="parentId", type=T.STRING, nullable=True)
_PARENTS: Final = Table(name="parents", fields=(_KEY, Field(name="name", type=T.STRING)))


def _schema(*tables: Table, relationships: tuple[Relationship, ...] = ()) -> SchemaModel:
    policy = Policy(create=_ALL, read=_ALL, update=_ALL, delete=_ALL)
    return SchemaModel(tables=tables, relationships=relationships, default_policy=policy)


def _table(name: str, *fields: Field, indexes: tuple[Index, ...] = ()) -> Table:
    return Table(name=name, fields=(_KEY, *fields), indexes=indexes)


def _text(name: str, *, unique: bool = False, case_insensitive: bool = False) -> Field:
    rules = FieldRules(case_insensitive=True) if case_insensitive else None
    return Field(name=name, type=T.STRING, unique=unique, rules=rules)


def _index(*fields: str, unique: bool = False) -> Index:
    return Index(name="_".join(("by", *fields)), fields=fields, unique=unique)


def _decimal(name: str, scale: int | None = None, default: str | None = None, *, unique: bool = False) -> Field:
    rules = None if scale is None else FieldRules(scale=scale)
    return Field(name=name, type=T.DECIMAL, unique=unique, default_value=default, rules=rules)


def _refers(child: str, on_delete: OnDelete) -> Relationship:
    return Relationship(
        from_table="parents",
        to_table=child,
        type=RelationshipType.ONE_TO_MANY,
        on_delete=on_delete,
        field="parentId",
    )


_NOTES: Final = _table(
    "notes",
    Field(name="name", type=T.STRING, former_names=("title",)),
    Field(name="body", type=T.STRING, nullable=True, former_names=("text",)),
)
_STAMPS: Final = _table("stamps", _text("name"), Field(name="created_at", type=T.DATETIME))

FIRST: Final = _schema(
    _PARENTS,
    _table("kinds", Field(name="code", type=T.INTEGER), indexes=(_index("code"),)),
    _table("shifts", _text("who"), _text("at"), indexes=(_index("who", "at"), _index("at"))),
    _table("prices", Field(name="cost", type=T.INTEGER, unique=True), indexes=(_index("cost"),)),
    _table("things", _text("sku", unique=True)),
    _table("mails", _text("email", unique=True, case_insensitive=True)),
    _table("seats", _text("hall"), _text("number"), indexes=(_index("hall", "number", unique=True),)),
    _table("kept", _text("name"), Field(name="extra", type=T.INTEGER, nullable=True), _PARENT),
    _table("left", Field(name="sku", type=T.INTEGER), Field(name="size", type=T.INTEGER)),
    _table("children", _PARENT),
    _table("stamps", _text("name")),
    _table("notes", _text("title"), Field(name="text", type=T.STRING, nullable=True)),
    relationships=(_refers("kept", OnDelete.SET_NULL), _refers("children", OnDelete.RESTRICT)),
)

SECOND: Final = _schema(
    _PARENTS,
    _table("toString", _text("valueOf", unique=True)),
    _table("kinds", _text("code"), indexes=(_index("code"),)),
    _table(
        "shifts", _text("who"), Field(name="at", type=T.DATETIME), indexes=(_index("who", "at"), _index("at", "who"))
    ),
    _table(
        "prices",
        _decimal("cost", unique=True),
        _decimal("amount", default="1"),
        Field(name="word", type=T.STRING, default_value="Cafe\u0301"),
        Field(name="constructor", type=T.JSON, default_value={"constructor": 1}),
        indexes=(_index("cost"), _index("word")),
    ),
    _table("things", _text("sku")),
    _table("mails", _text("email", unique=True)),
    _table("seats", _text("hall"), _text("number")),
    _table("kept", _text("name"), _PARENT),
    _table("children", _PARENT),
    _STAMPS,
    _NOTES,
    relationships=(_refers("kept", OnDelete.SET_NULL),),
)

THIRD: Final = _schema(
    _PARENTS,
    _table("toString", Field(name="valueOf", type=T.INTEGER, unique=True)),
    _table("kinds", Field(name="code", type=T.INTEGER), indexes=(_index("code"),)),
    _table("shifts", _text("who"), _text("at")),
    _table("prices", _decimal("cost", 3, unique=True), _decimal("amount", default="1"), indexes=(_index("cost"),)),
    _table("things", _text("sku", unique=True)),
    _table("mails", _text("email", unique=True, case_insensitive=True)),
    _table("seats", _text("hall"), _text("number"), indexes=(_index("hall", "number", unique=True),)),
    _table("kept", _text("name"), Field(name="extra", type=T.STRING, nullable=True), _PARENT),
    _table("left", _text("sku", unique=True), Field(name="must", type=T.STRING, default_value="d")),
    _table("children", _PARENT),
    _STAMPS,
    _NOTES,
    relationships=(_refers("kept", OnDelete.SET_NULL), _refers("children", OnDelete.RESTRICT)),
)

ANOTHER_KEY: Final = _schema(
    Table(name="kinds", fields=(Field(name="id", type=T.INTEGER, primary_key=True), _text("code"))),
)
"""Of the first version, with a key of another type."""

UNFIT: Final = _schema(
    replace(_PARENTS, indexes=(_index("name"),)),
    _table("shifts", _text("who"), Field(name="at", type=T.DATETIME)),
    _table("things", _decimal("sku")),
    _table("kept", Field(name="name", type=T.INTEGER)),
    _table("notes", Field(name="title", type=T.DATE)),
)
"""Of the first version, with types that not all values have a counterpart of, and an index that does not take all."""
