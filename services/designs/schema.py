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
    """A number, rounded to the nearest of 64 bits: for measures, not for money."""
    DECIMAL = "DECIMAL"
    """An exact decimal number, written as text: `"19.99"`. For money."""
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


class FieldFormat(Enum):
    """What the text of a field must be."""

    EMAIL = "EMAIL"
    """An e-mail address."""
    URL = "URL"
    """An absolute http or https URL."""
    CURRENCY = "CURRENCY"
    """A currency's code of three letters (ISO 4217)."""


class FieldAccess(Enum):
    """Who sets a field, and when."""

    READ_WRITE = "READ_WRITE"
    """Clients set it whenever they may change the row."""
    IMMUTABLE = "IMMUTABLE"
    """Clients set it once, when they create the row."""
    MANAGED = "MANAGED"
    """Clients set it whom a grant to a ROLE lets create or update the row, as a shop's staff does an order's status;
    for others it is as READ_ONLY."""
    READ_ONLY = "READ_ONLY"
    """The server sets it: it has its default, or what the policy takes from the token; in a body it is refused."""


class Secrecy(Enum):
    """How the value of a field is kept that no answer ever shows."""

    HASHED = "HASHED"
    """As a salted hash: it can be compared with what somebody enters, and read by nobody. For passwords."""
    SEALED = "SEALED"
    """Encrypted: the server's own code can open it. For keys of other services."""


class Api(Enum):
    """How clients speak to the backend."""

    REST = "REST"
    """By routes for the records of each table."""
    GRAPHQL = "GRAPHQL"
    """By GraphQL, at `/graphql`."""
    BOTH = "BOTH"
    """By either, with the same rules."""


class FieldRules(Part, frozen=True):
    """What values of a field are refused beside those of other types."""

    format: FieldFormat | None = None
    values: tuple[str, ...] = ()
    """Of a STRING: the only ones that it may have; none means any."""
    minimum: str | None = None
    """Of an INTEGER, FLOAT or DECIMAL, as a decimal number; of a DATE or DATETIME, as its text. Inclusive."""
    maximum: str | None = None
    """As the minimum, and not below it."""
    min_length: int | None = None
    """Of a STRING or TEXT, in characters (Unicode code points)."""
    max_length: int | None = None
    pattern: str | None = None
    """Of a STRING or TEXT: a regular expression (ECMA-262, with the flag `u`) for the whole of it."""
    scale: int | None = None
    """Of a DECIMAL: the most digits after the point; 2 where it is not given."""
    case_insensitive: bool = False
    """Of a unique STRING: whether values that differ in case alone count as the same."""


class Field(Part, frozen=True):
    """A column of a table. `default_value` must be a value of the field's type, and keep its rules."""

    name: str
    type: FieldType
    nullable: bool = False
    primary_key: bool = False
    unique: bool = False
    default_value: Any = None
    access: FieldAccess = FieldAccess.READ_WRITE
    secrecy: Secrecy | None = None
    rules: FieldRules | None = None
    former_names: tuple[str, ...] = ()
    """What it was called in earlier versions, so that a migration moves its values."""


class Index(Part, frozen=True):
    """An index over fields of its table, in order."""

    name: str
    fields: tuple[str, ...]
    unique: bool = False


class Audience(Enum):
    """Whom a grant lets in."""

    PUBLIC = "PUBLIC"
    """Everybody, without a token too."""
    SIGNED_IN = "SIGNED_IN"
    """Whoever has a valid token."""
    OWNER = "OWNER"
    """The user whom the row's owner field names."""
    ROLE = "ROLE"
    """Users who have one of the roles."""
    TEAM = "TEAM"
    """Members of the row's team; where roles are given, those who have one of them in it."""
    NOBODY = "NOBODY"
    """Nobody, which is also what an action without grants means."""


class Condition(Part, frozen=True):
    """What a row must hold: the field, a STRING or BOOLEAN, has the value."""

    field: str
    equals: str | bool


class Grant(Part, frozen=True):
    audience: Audience
    roles: tuple[str, ...] = ()
    """For ROLE and TEAM."""
    when: Condition | None = None
    """Of read, update and delete: the grant is for such rows only, as PUBLIC is for what has been published. The row
    as it is stored counts, before any change to it."""


class Policy(Part, frozen=True):
    """Who may do what to a table's rows: an action is open to those whom one of its grants lets in, else to nobody."""

    create: tuple[Grant, ...] = ()
    read: tuple[Grant, ...] = ()
    """One row or a list: a list has those rows that the one who asks may read."""
    update: tuple[Grant, ...] = ()
    delete: tuple[Grant, ...] = ()
    owner: str | None = None
    """The field that names the user whom a row belongs to. It is set from the token, never from a body; where the field
    is MANAGED, those whom a grant to a ROLE lets in may name another user, as staff do who book for a customer."""
    team: str | None = None
    """The field that names the team whom a row belongs to; of the table of teams, its primary key."""
    inherited_from: str | None = None
    """The reference from whose row the owner and the team are taken at creation, as an order's for its items: those of
    the two that the policies of both tables name. Grants to OWNER and TEAM to create go by that row, too."""


class Table(Part, frozen=True):
    name: str
    fields: tuple[Field, ...]
    indexes: tuple[Index, ...] = ()
    policy: Policy | None = None
    """None means the schema's default policy."""


class Relationship(Part, frozen=True):
    """`from_table` and `to_table` as in "one from_table row has many to_table rows" for ONE_TO_MANY."""

    from_table: str
    to_table: str
    type: RelationshipType
    on_delete: OnDelete | None = None
    """None means RESTRICT; for MANY_TO_MANY, whose links go with either row, CASCADE."""
    field: str | None = None
    """The field of `to_table` that holds the key of the `from_table` row. None means the one that is named for
    `from_table`, such as `userId` or `user_id` for `users`; where there is none, it is made. MANY_TO_MANY has none."""
    through: str | None = None
    """Of MANY_TO_MANY: the table of links, with a reference to each of both; None means that one is made."""
    is_assumed: bool = False
    """Whether the description that the schema was made of does not say it."""


class Accounts(Part, frozen=True):
    """Users who sign up and sign in at the backend itself; without it, tokens are somebody else's."""

    table: str
    """Whose rows are the users; a token's `sub` is the primary key of one."""
    login: str
    """The unique field that they sign in with."""
    password: str
    """The HASHED field."""
    role: str | None = None
    """The field with what grants to a ROLE name; MANAGED, or READ_ONLY."""
    sign_up: bool = True
    """Whether everybody may make an account."""


class Teams(Part, frozen=True):
    """Where the backend finds who is in which team."""

    table: str
    memberships: str
    user: str
    """The field of a membership that names the user."""
    team: str
    """The field of a membership that names the team."""
    role: str | None = None
    """The field of a membership with what grants to a TEAM name."""
    owner_role: str | None = None
    """The role whose last holder in a team can neither leave nor lose it. Whoever makes a team gets it."""


class SchemaModel(Part, frozen=True):
    """A whole schema: its tables, how they relate, who may do what, and how it is spoken to."""

    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...] = ()
    default_policy: Policy | None = None
    """For tables without one of their own; None means that nobody may do anything with those."""
    accounts: Accounts | None = None
    teams: Teams | None = None
    api: Api = Api.REST


def decode(text: str | bytes) -> SchemaModel:
    """Read a schema from JSON, in the shape that `encode` writes. Raises Invalid with a sentence naming the place."""
    try:
        return msgspec.json.decode(text, type=SchemaModel)
    except msgspec.DecodeError as error:
        raise Invalid([Fault(f"The schema is not valid JSON of a schema: {error}.")]) from error


def encode(schema: SchemaModel) -> bytes:
    """Write a schema as JSON with the model's field names in camelCase and its enum values as they are named."""
    return msgspec.json.encode(schema)
