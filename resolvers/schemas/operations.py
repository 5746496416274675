"""The operations on versions of a schema."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.mutations import Payload, mutation
from resolvers.schemas.inputs import SaveSchemaInput
from resolvers.schemas.objects import Schema
from services.core.ids import ProjectId, SchemaId


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
            input.to_model(),
            name=input.name,
            expected_version=input.expected_version,
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return SaveSchemaPayload.of(schema)
