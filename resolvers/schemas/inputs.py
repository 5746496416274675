"""How a schema that is made by hand is sent."""

import re
from typing import Annotated, Final

import msgspec
import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, retry_returns
from services.core.errors import Invalid
from services.designs.bounds import (
    MAX_FIELDS,
    MAX_FORMER_NAMES,
    MAX_GRANTS,
    MAX_INDEXES,
    MAX_RELATIONSHIPS,
    MAX_ROLES,
    MAX_TABLES,
    MAX_VALUES,
)
from services.designs.schema import (
    Api,
    Audience,
    FieldAccess,
    FieldFormat,
    FieldType,
    OnDelete,
    RelationshipType,
    SchemaModel,
    Secrecy,
)

_STEP: Final = re.compile(r"\w+")
"""A name or a number in the path of a value."""


@strawberry.input
class FieldRulesInput:
    """What values of a field are refused beside those of other types. A rule that does not fit the type is a fault."""

    format: FieldFormat | None = None
    """Of a STRING or TEXT (CURRENCY: of a STRING): what it must be."""
    values: Annotated[list[str], AtMost(MAX_VALUES)] = strawberry.field(default_factory=list)
    """Of a STRING: the only ones that it may have, each once and not empty. None means any."""
    minimum: str | None = None
    """The least value. Of an INTEGER, FLOAT or DECIMAL a decimal number, `"0.01"`; of a DATE or DATETIME its text."""
    maximum: str | None = None
    """The greatest value, as the minimum, and not below it."""
    min_length: int | None = None
    """Of a STRING or TEXT: the fewest characters (Unicode code points)."""
    max_length: int | None = None
    """Of a STRING (255 at most) or TEXT (100,000 at most): the most characters."""
    pattern: str | None = None
    """Of a STRING or TEXT: a regular expression (ECMA-262, with the flag `u`) of at most 200 characters, for the whole
    text. It has characters, sets such as `[a-z0-9]`, groups, `|` and repetitions; no assertions, no references back,
    and nothing that can match a text in very many ways, since that takes ages to fail."""
    scale: int | None = None
    """Of a DECIMAL: the most digits after the point, 0 to 12; null means 2."""
    case_insensitive: bool = False
    """Of a STRING that is unique, alone or in an index: whether values that differ in case alone count as the same."""


@strawberry.input
class FieldInput:
    """A column of a table."""

    name: str
    """Letters, digits and underscores, from a letter on, at most 63; unique in its table. `createdAt` and `updatedAt`
    (or `created_at` and `updated_at`) of the type DATETIME, STRING or TEXT, not unique and without a default, are
    the backend's own, which it sets itself. A STRING or TEXT that is named like a password, a token or another secret
    needs a `secrecy`."""
    type: FieldType
    """What it holds."""
    nullable: bool = False
    """Whether it may be null."""
    primary_key: bool = False
    """Whether it identifies a row; exactly one field of a table does, a STRING or an INTEGER."""
    unique: bool = False
    """Whether no two rows have the same value."""
    default_value: JSON | None = None
    """The value of a new row that names none, which keeps the rules; not of a primary key or a secret. It nests at most
    24 levels deep; its numbers have at most 38 digits and are 0 or from 1E-130 to 9.9E+125 (a FLOAT) or to 2^53 - 1
    (others), on either side of 0."""
    access: FieldAccess = FieldAccess.READ_WRITE
    """Who sets it, and when."""
    secrecy: Secrecy | None = None
    """Of a STRING or TEXT: how its value is kept so that no answer ever shows it. It is then not unique, in no index,
    and neither a primary key nor a reference."""
    rules: FieldRulesInput | None = None
    """What is refused beside values of other types."""
    former_names: Annotated[list[str], AtMost(MAX_FORMER_NAMES)] = strawberry.field(default_factory=list)
    """What it was called in earlier versions, so that a migration moves its values; no name of another field."""


@strawberry.input
class IndexInput:
    """An index over fields of its table."""

    name: str
    """Unique in its table."""
    fields: Annotated[list[str], AtMost(MAX_FIELDS)]
    """The fields, in order. Of an index that is not unique: one that rows are listed by, the newest first, or two, the
    second of which orders those that have the same first; neither BOOLEAN, JSON, `limit` nor `cursor`, and the first
    not the primary key. A table has 19 of them at most, its references among them."""
    unique: bool = False
    """Whether no two rows have the same values. Not over what the backend sets itself."""


@strawberry.input
class RowConditionInput:
    """What a row must hold, as it is stored, before any change to it."""

    field: str
    """The field: a STRING that is no secret, or a BOOLEAN."""
    equals: JSON
    """The value that it has: a text, or true or false; one of the field's `values`, where it has some."""


@strawberry.input
class GrantInput:
    """Whom an action is open to."""

    audience: Audience
    """Who they are. OWNER needs the policy's `owner`, TEAM its `team`, ROLE the `role` of the `accounts`, if any."""
    roles: Annotated[list[str], AtMost(MAX_ROLES)] = strawberry.field(default_factory=list)
    """Of ROLE: at least one. Of TEAM: those in the team; none means every member. Of others none."""
    when: RowConditionInput | None = None
    """Of read, update and delete: the rows that it is for, as PUBLIC may be for what is published. Null means all."""


@strawberry.input
class PolicyInput:
    """Who may do what to a table's rows: an action is open to those whom one of its grants lets in, else to nobody."""

    create: Annotated[list[GrantInput], AtMost(MAX_GRANTS)] = strawberry.field(default_factory=list)
    """Who may make rows. OWNER means: rows of one's own."""
    read: Annotated[list[GrantInput], AtMost(MAX_GRANTS)] = strawberry.field(default_factory=list)
    """Who may read a row. A list has the rows that the one who asks may read."""
    update: Annotated[list[GrantInput], AtMost(MAX_GRANTS)] = strawberry.field(default_factory=list)
    """Who may change a row."""
    delete: Annotated[list[GrantInput], AtMost(MAX_GRANTS)] = strawberry.field(default_factory=list)
    """Who may delete a row."""
    owner: str | None = None
    """The field that names the user whom a row belongs to; in the table of users, its primary key. It is set from the
    token, never from a body. In the schema's `defaultPolicy`: of every table that has no policy of its own."""
    team: str | None = None
    """The field that names the team that a row belongs to; in the table of teams, its primary key. Needs `teams`."""
    inherited_from: str | None = None
    """The field of a relationship, from whose row a new row takes its owner and its team, as an order's item does."""


@strawberry.input
class TableInput:
    """A table of a schema."""

    name: str
    """Letters, digits and underscores, from a letter on, at most 63; unique in its schema."""
    fields: Annotated[list[FieldInput], AtMost(MAX_FIELDS)]
    """Its columns, in order: at least one."""
    indexes: Annotated[list[IndexInput], AtMost(MAX_INDEXES)] = strawberry.field(default_factory=list)
    """Its indexes."""
    policy: PolicyInput | None = None
    """Who may do what to its rows. Null means the schema's `defaultPolicy`."""


@strawberry.input
class RelationshipInput:
    """How two tables relate. Only what is declared here is checked by a backend: a field's name alone means nothing."""

    from_table: str
    """The one side of ONE_TO_MANY."""
    to_table: str
    """The many side of ONE_TO_MANY."""
    type: RelationshipType
    """How many of each. What it needs and the schema lacks is made: of ONE_TO_MANY the field of `toTable` that refers
    to `fromTable`, of ONE_TO_ONE that it is unique, of MANY_TO_MANY a table of links, which whoever
    may change the row of `fromTable` makes and ends."""
    on_delete: OnDelete | None = None
    """What happens to the rows of `toTable`; null means RESTRICT. SET_NULL needs a field that may be null. Of
    MANY_TO_MANY it is what happens to the links, CASCADE (as null means) or RESTRICT; not where it goes `through` a
    table, whose relationships say it."""
    field: str | None = None
    """The field of `toTable` that holds the key of a row of `fromTable`, of the key's type. Null means the one that is
    named for `fromTable`, such as `userId` or `user_id` for `users`; where there is none, it is made. No two
    relationships have the same, and MANY_TO_MANY has none."""
    through: str | None = None
    """Of MANY_TO_MANY: the table of links, with a reference to each of both. What it lacks is made, or all of it; null
    means that it is named for both."""


@strawberry.input
class BackendAccountsInput:
    """Where a backend keeps its own users, who sign up and sign in at it."""

    table: str
    """The table of users; a token's `sub` is the primary key of one."""
    login: str
    """The field that they sign in with: a unique STRING that is not null."""
    password: str
    """The field of their passwords: HASHED, and not null."""
    role: str | None = None
    """The field, a STRING with its `values`, of the role that a ROLE grants to. Clients do not set it."""
    sign_up: bool = True
    """Whether everybody may make an account."""


@strawberry.input
class BackendTeamsInput:
    """Where a backend finds who is in which team."""

    table: str
    """The table of teams."""
    memberships: str
    """The table of memberships, a row for each user in each team."""
    user: str
    """The field of a membership that refers to the user: where there are `accounts`, by a relationship."""
    team: str
    """The field of a membership that refers to the team, by a relationship."""
    role: str | None = None
    """The field of a membership, a STRING, with the role that a TEAM grants to."""
    owner_role: str | None = None
    """The role of who makes a team, whose last holder can neither leave nor lose it; needs `role`."""


@strawberry.input
class SchemaFilter:
    """Which versions of a schema to list; a null field leaves all."""

    name: str | None = None
    """Called exactly this."""


@strawberry.input
class SaveSchemaInput:
    """A hand-made schema to store as the project's next version."""

    project_id: strawberry.ID
    """The project."""
    tables: Annotated[list[TableInput], AtMost(MAX_TABLES)]
    """Its tables: at least one."""
    relationships: Annotated[list[RelationshipInput], AtMost(MAX_RELATIONSHIPS)] = strawberry.field(
        default_factory=list
    )
    """How they relate."""
    default_policy: PolicyInput | None = None
    """Who may do what to rows of tables without a policy of their own. Null means nobody."""
    accounts: BackendAccountsInput | None = None
    """Where the backend keeps its own users. Null means that its tokens come from elsewhere."""
    teams: BackendTeamsInput | None = None
    """Where the backend finds who is in which team; what a TEAM grants to needs it."""
    api: Api = Api.REST
    """How clients speak to the backend."""
    name: str | None = None
    """What to call this version; 1 to 100 characters. Null means the project's name."""
    expected_version: int | None = None
    """Store nothing unless the newest version has this number (0: there is none yet)."""
    client_mutation_id: ClientMutationId = retry_returns("version")

    def to_model(self) -> SchemaModel:
        """Return the schema itself: the inputs have the attributes of the parts of the design. Raises Invalid.

        Of what has the type JSON here, only what the design has another type for can be wrong.
        """
        try:
            return msgspec.convert(self, SchemaModel, from_attributes=True)
        except msgspec.ValidationError as error:
            _, _, place = str(error).partition(" - at `$")
            raise Invalid.one("Give a text, or true or false.", *map(to_camel_case, _STEP.findall(place))) from error
