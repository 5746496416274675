"""The parts of a schema as it is shown: tables with their fields and policies, relationships, accounts and teams."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from resolvers.lists import AtMost
from services.designs.bounds import MAX_FIELDS, MAX_FORMER_NAMES, MAX_GRANTS, MAX_INDEXES, MAX_ROLES, MAX_VALUES
from services.designs.schema import (
    Api,
    Audience,
    FieldAccess,
    FieldFormat,
    FieldType,
    OnDelete,
    RelationshipType,
    Secrecy,
)

for _enum in (FieldType, FieldFormat, FieldAccess, Secrecy, RelationshipType, OnDelete, Audience):
    strawberry.enum(_enum)
strawberry.enum(Api, name="BackendApi")


@strawberry.type
class FieldRules:
    """What values of a field are refused beside those of other types."""

    format: FieldFormat | None
    """What its text must be; null for any."""
    values: Annotated[list[str], AtMost(MAX_VALUES, weighs=1)]
    """The only ones that it may have; empty for any."""
    minimum: str | None
    """The least value, as text; null for none."""
    maximum: str | None
    """The greatest value, as text; null for none."""
    min_length: int | None
    """The fewest characters (Unicode code points); null for none."""
    max_length: int | None
    """The most characters; null for what the type has."""
    pattern: str | None
    """A regular expression that the whole text matches; null for none."""
    scale: int | None
    """The most digits after the point of a DECIMAL; null for 2."""
    case_insensitive: bool
    """Whether unique values that differ in case alone count as the same."""


@strawberry.type
class Field:
    """A column of a table."""

    name: str
    """Letters, digits and underscores, from a letter on; unique in its table."""
    type: FieldType
    """What it holds."""
    nullable: bool
    """Whether it may be null."""
    primary_key: bool
    """Whether it identifies a row; exactly one field of a table does."""
    unique: bool
    """Whether no two rows have the same value."""
    default_value: JSON | None
    """The value of a new row that names none; null for none."""
    access: FieldAccess
    """Who sets it, and when."""
    secrecy: Secrecy | None
    """How its value is kept that no answer ever shows; null where answers show it."""
    rules: FieldRules | None
    """What is refused beside values of other types; null for nothing."""
    former_names: Annotated[list[str], AtMost(MAX_FORMER_NAMES, weighs=1)]
    """What it was called in earlier versions."""


@strawberry.type
class Index:
    """An index over fields of its table."""

    name: str
    """Unique in its table."""
    fields: Annotated[list[str], AtMost(MAX_FIELDS)]
    """The fields, in order."""
    unique: bool
    """Whether no two rows have the same values."""


@strawberry.type
class RowCondition:
    """What a row must hold."""

    field: str
    """The field, a STRING or a BOOLEAN."""
    equals: JSON
    """The value that it has: a text, or true or false."""


@strawberry.type
class Grant:
    """Whom an action is open to."""

    audience: Audience
    """Who they are."""
    roles: Annotated[list[str], AtMost(MAX_ROLES, weighs=1)]
    """Of a ROLE, the roles; of a TEAM, those in the team, where it is not every member."""
    when: RowCondition | None
    """The rows that it is for; null for all."""


@strawberry.type
class Policy:
    """Who may do what to a table's rows: an action is open to those whom one of its grants lets in, else to nobody."""

    create: Annotated[list[Grant], AtMost(MAX_GRANTS, weighs=2)]
    """Who may make rows."""
    read: Annotated[list[Grant], AtMost(MAX_GRANTS, weighs=2)]
    """Who may read a row, and has it in lists."""
    update: Annotated[list[Grant], AtMost(MAX_GRANTS, weighs=2)]
    """Who may change a row."""
    delete: Annotated[list[Grant], AtMost(MAX_GRANTS, weighs=2)]
    """Who may delete a row."""
    owner: str | None
    """The field that names the user whom a row belongs to; null for none."""
    team: str | None
    """The field that names the team that a row belongs to; null for none."""
    inherited_from: str | None
    """The reference from whose row a new row takes its owner and its team; null for none."""


@strawberry.type
class Table:
    """A table of a schema."""

    name: str
    """Letters, digits and underscores, from a letter on; unique in its schema."""
    fields: Annotated[list[Field], AtMost(MAX_FIELDS, weighs=4)]
    """Its columns, in order."""
    indexes: Annotated[list[Index], AtMost(MAX_INDEXES, weighs=4)]
    """Its indexes."""
    policy: Policy | None
    """Who may do what to its rows; null for the schema's `defaultPolicy`."""


@strawberry.type
class Relationship:
    """How two tables relate."""

    from_table: str
    """The one side of ONE_TO_MANY."""
    to_table: str
    """The many side of ONE_TO_MANY."""
    type: RelationshipType
    """How many of each."""
    on_delete: OnDelete | None
    """What happens to the other side's rows; null for RESTRICT, or of MANY_TO_MANY for CASCADE."""
    field: str | None
    """The field of `toTable` that refers to `fromTable`; null for the one that is named for it, or made."""
    through: str | None
    """Of MANY_TO_MANY, the table of links; null for one that is made."""
    is_assumed: bool
    """Whether the description that the schema was generated from does not say it, so that it is worth a look. What
    somebody saves is not assumed."""


@strawberry.type
class BackendAccounts:
    """Where a backend keeps its own users, who sign up and sign in at it."""

    table: str
    """The table of users; a token's `sub` is the primary key of one."""
    login: str
    """The unique field that they sign in with."""
    password: str
    """The HASHED field of their passwords."""
    role: str | None
    """The field of the role that a ROLE grants to; null where there are no roles."""
    sign_up: bool
    """Whether everybody may make an account."""


@strawberry.type
class BackendTeams:
    """Where a backend finds who is in which team."""

    table: str
    """The table of teams."""
    memberships: str
    """The table of memberships, a row for each user in each team."""
    user: str
    """The field of a membership that refers to the user."""
    team: str
    """The field of a membership that refers to the team."""
    role: str | None
    """The field of a membership with the role that a TEAM grants to; null where there are no roles."""
    owner_role: str | None
    """The role of who makes a team, whose last holder can neither leave nor lose it; null for none."""
