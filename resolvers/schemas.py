"""Database schemas in the schema."""

from datetime import datetime
from typing import Annotated, Final, Self

import strawberry
from strawberry.scalars import JSON

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.projects import Project
from resolvers.shown import AnyGeneration, shown, shows
from services.core.ids import ProjectId, SchemaId
from services.designs import schema as design
from services.designs.schema import FieldType, OnDelete, RelationshipType
from services.designs.validation import MAX_FIELDS, MAX_INDEXES, MAX_RELATIONSHIPS, MAX_TABLES
from services.schemas import model
from services.schemas.diff import ChangeKind

for _enum in (FieldType, RelationshipType, OnDelete, ChangeKind):
    strawberry.enum(_enum)

MOST_CHANGES: Final = 4_000
"""Of two schemas: one takes 100,000 bytes, and what can change in it 45 of them at least."""


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
class Table:
    """A table of a schema."""

    name: str
    """Letters, digits and underscores, from a letter on; unique in its schema."""
    fields: Annotated[list[Field], AtMost(MAX_FIELDS, weighs=12)]
    """Its columns, in order."""
    indexes: Annotated[list[Index], AtMost(MAX_INDEXES, weighs=4)]
    """Its indexes."""


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
    """What happens to the other side's rows; null where nothing is said."""


@strawberry.type
class SchemaChange:
    """One difference between two versions of a schema."""

    kind: ChangeKind
    """Whether it came, went or changed."""
    path: str
    """What it is about: `users`, `users.email`, `users.indexes.by_email` or `teams->users`."""
    before: JSON | None
    """The thing as it was; null where it came."""
    after: JSON | None
    """The thing as it is; null where it went."""


@shows(model.Schema, prefix="schema", get=lambda services: services.schemas.get)
@strawberry.type
class Schema(Node):
    """A version of a project's database schema. Versions never change; a new one is made instead."""

    version: int
    """Its number in the project, from 1."""
    name: str
    """The project's name when it was made."""
    tables: Annotated[list[Table], AtMost(MAX_TABLES)]
    """Its tables."""
    relationships: Annotated[list[Relationship], AtMost(MAX_RELATIONSHIPS)]
    """How they relate."""
    created_at: datetime
    """When it was made."""
    schema: strawberry.Private[model.Schema]

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it belongs to."""
        return Project.of(await info.context.services.projects.get(self.schema.project_id, by=info.context.actor))

    @strawberry.field
    async def generation(self, info: Info) -> AnyGeneration | None:
        """The generation that made it; null for one made by hand."""
        generation = await info.context.loaders.generation(self.schema.generation_id, self.schema.project_id)
        return shown(generation)

    @strawberry.field
    async def diff(
        self,
        info: Info,
        from_: Annotated[
            strawberry.ID, strawberry.argument(name="from", description="Another version of the same schema.")
        ],
    ) -> Annotated[list[SchemaChange], AtMost(MOST_CHANGES, weighs=2_000)] | None:
        """List what changed from another version to this one."""
        changes = await info.context.services.schemas.diff(self.schema, SchemaId(from_), by=info.context.actor)
        return [
            SchemaChange(kind=change.kind, path=change.path, before=change.before, after=change.after)
            for change in changes
        ]

    @classmethod
    def of(cls, schema: model.Schema) -> Self:
        return cls(
            id=strawberry.ID(schema.id),
            version=schema.version,
            name=schema.name,
            tables=[_table(table) for table in schema.model.tables],
            relationships=[_relationship(relationship) for relationship in schema.model.relationships],
            created_at=schema.created_at,
            schema=schema,
        )


@strawberry.input
class FieldInput:
    """A column of a table."""

    name: str
    """Letters, digits and underscores, from a letter on, at most 63; unique in its table. `createdAt` and `updatedAt`
    (or `created_at` and `updated_at`) of the type DATETIME, STRING or TEXT, not unique and without a default, are
    the backend's own, which it sets itself."""
    type: FieldType
    """What it holds."""
    nullable: bool = False
    """Whether it may be null."""
    primary_key: bool = False
    """Whether it identifies a row; exactly one field of a table does, a STRING or an INTEGER."""
    unique: bool = False
    """Whether no two rows have the same value."""
    default_value: JSON | None = None
    """The value of a new row that names none; not of a primary key. It nests at most 24 levels deep; its numbers have
    at most 38 digits and are 0 or from 1E-130 to 9.9E+125 (a FLOAT) or to 2^53 - 1 (others), on either side of 0."""


@strawberry.input
class IndexInput:
    """An index over fields of its table."""

    name: str
    """Unique in its table."""
    fields: Annotated[list[str], AtMost(MAX_FIELDS)]
    """The fields, in order. Of an index that is not unique: one that rows are listed by, or that and `createdAt`, by
    which they are sorted anyway; not the primary key, BOOLEAN, JSON, `limit` or `cursor`. A table has 19 such fields
    at most, those that refer to other tables among them."""
    unique: bool = False
    """Whether no two rows have the same values. Not over what the backend sets itself."""


@strawberry.input
class TableInput:
    """A table of a schema."""

    name: str
    """Letters, digits and underscores, from a letter on, at most 63; unique in its schema."""
    fields: Annotated[list[FieldInput], AtMost(MAX_FIELDS)]
    """Its columns, in order: at least one."""
    indexes: Annotated[list[IndexInput], AtMost(MAX_INDEXES)] = strawberry.field(default_factory=list)
    """Its indexes."""


@strawberry.input
class RelationshipInput:
    """How two tables relate."""

    from_table: str
    """The one side of ONE_TO_MANY."""
    to_table: str
    """The many side of ONE_TO_MANY."""
    type: RelationshipType
    """How many of each. ONE_TO_MANY needs a field of `toTable` that refers to `fromTable`, ONE_TO_ONE a unique one,
    MANY_TO_MANY a table between with a field for each; what has none is refused."""
    on_delete: OnDelete | None = None
    """What happens to the other side's rows; not of MANY_TO_MANY. SET_NULL needs a field that may be null."""


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
    name: str | None = None
    """What to call this version; 1 to 100 characters. Null means the project's name."""
    expected_version: int | None = None
    """Store nothing unless the newest version has this number (0: there is none yet)."""
    client_mutation_id: ClientMutationId = retry_returns("version")


@strawberry.type
class SaveSchemaPayload(Payload):
    """The new version, or everything that was wrong."""

    schema: Schema | None = None
    """The stored version; after a CONFLICT the newest one."""


@strawberry.type
class SchemasQuery:
    @strawberry.field
    async def schema(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The version.")]
    ) -> Schema | None:
        """Return one version of a project's schema."""
        return Schema.of(await info.context.services.schemas.get(SchemaId(id), by=info.context.actor))


@strawberry.type
class SchemasMutation:
    @mutation("The schema.")
    async def save_schema(self, info: Info, input: SaveSchemaInput) -> SaveSchemaPayload:
        """Store a schema made by hand as the project's next version. All faults are reported at once."""
        schema = await info.context.services.schemas.save(
            ProjectId(input.project_id),
            _model(input),
            name=input.name,
            expected_version=input.expected_version,
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return SaveSchemaPayload.of(schema)


def _model(input: SaveSchemaInput) -> design.SchemaModel:
    return design.SchemaModel(
        tables=tuple(
            design.Table(
                name=table.name,
                fields=tuple(design.Field(**vars(field)) for field in table.fields),
                indexes=tuple(
                    design.Index(name=index.name, fields=tuple(index.fields), unique=index.unique)
                    for index in table.indexes
                ),
            )
            for table in input.tables
        ),
        relationships=tuple(design.Relationship(**vars(relationship)) for relationship in input.relationships),
    )


def _table(table: design.Table) -> Table:
    return Table(
        name=table.name,
        fields=[
            Field(
                name=field.name,
                type=field.type,
                nullable=field.nullable,
                primary_key=field.primary_key,
                unique=field.unique,
                default_value=field.default_value,
            )
            for field in table.fields
        ],
        indexes=[Index(name=index.name, fields=list(index.fields), unique=index.unique) for index in table.indexes],
    )


def _relationship(relationship: design.Relationship) -> Relationship:
    return Relationship(
        from_table=relationship.from_table,
        to_table=relationship.to_table,
        type=relationship.type,
        on_delete=relationship.on_delete,
    )
