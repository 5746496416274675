"""What users do with schemas: versions that never change, numbered from 1, generated or made by hand."""

from collections.abc import Sequence
from typing import Final

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import GenerationId, ProjectId, SchemaId, UserId
from services.core.pages import Page, PageRequest
from services.core.policy import Action
from services.core.text import bounded, check_search
from services.designs.schema import SchemaModel
from services.designs.validation import validate
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import write_together
from services.foundation.limits.idempotency import Try
from services.projects.model import Project
from services.projects.service import NAME_LENGTH, Projects
from services.schemas.diff import SchemaChange, diff
from services.schemas.model import Schema
from services.schemas.unbuilt import unbuilt

TRIES: Final = 5


@frozen
class NewSchema:
    """A version to be. `id` is chosen by the caller where a repeat must find the same one."""

    model: SchemaModel
    id: SchemaId
    name: str | None = None
    """None means the project's."""
    generation_id: GenerationId | None = None
    expected_version: int | None = None
    """The number of the version it is meant to follow; 0 for the first."""


@frozen(kw_only=True)
class Schemas:
    table: Table[Schema]
    projects: Projects
    now: Clock

    async def get(self, schema_id: SchemaId, *, by: Actor) -> Schema:
        """Return a version of a project's schema."""
        schema = await self.table.find(schema_id)
        if schema is None:
            raise NotFound("schema", schema_id)
        try:
            await self.projects.get(schema.project_id, by=by)
        except NotFound:
            raise NotFound("schema", schema_id) from None
        return schema

    async def find(self, schema_id: SchemaId) -> Schema | None:
        """Return a version of the schema of a project that the caller was given."""
        return await self.table.find(schema_id)

    async def many(self, keys: Sequence[tuple[SchemaId, ProjectId]]) -> Sequence[Schema | None]:
        """Return versions of projects that the caller was given, by their ids and the projects'; None for none."""
        return await self.table.find_many(keys)

    async def current(self, project: Project) -> Schema | None:
        """Return the newest version of the schema of a project that the caller was given."""
        return await self.table.find(project.schema_id) if project.schema_id else None

    async def versions(self, project: Project, page: PageRequest, *, name: str | None = None) -> Page[Schema]:
        """Return the versions of the schema of a project that the caller was given, newest first; None: of any name."""
        check_search(name=name)
        where = None if name is None else {"name": name.strip()}
        return await self.table.query("ProjectIdIndex", project.id, page, where=where)

    async def save(
        self,
        project_id: ProjectId,
        model: SchemaModel,
        *,
        name: str | None = None,
        expected_version: int | None,
        client_mutation_id: str | None = None,
        by: Actor,
    ) -> Schema:
        """Store a hand-made schema as the project's next version, called `name`, or as the project is."""
        given = (project_id, model, name, expected_version)
        async with self.projects.idempotency.trying("saveSchema", given, client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(SchemaId(attempt.done), by=by)
            return await self._save(project_id, model, name, expected_version, attempt, by=by)

    async def _save(
        self,
        project_id: ProjectId,
        model: SchemaModel,
        name: str | None,
        expected_version: int | None,
        attempt: Try,
        *,
        by: Actor,
    ) -> Schema:
        named = [] if name is None else bounded(name, field=["name"], most=NAME_LENGTH)
        if faults := [*named, *(validate(model) or unbuilt(model))]:
            raise Invalid(faults)
        project = await self.projects.get(project_id, by=by, action=Action.EDIT)
        schema_id = SchemaId(await attempt.take_id("schema"))
        new = NewSchema(model, schema_id, name=name, expected_version=expected_version)
        schema = await self.add(project, new, user_id=by.user_id)
        await self.projects.journal.created(schema, f"Version {schema.version}", place=project, by=by.user_id)
        return schema

    async def add(self, project: Project, new: NewSchema, *, user_id: UserId) -> Schema:
        """Store a valid schema as the next version of a project; a repeat with the same id changes nothing.

        The version and the project's pointer to it are written together or not at all.
        """
        for _ in range(TRIES):
            if existing := await self.table.find(new.id):
                return existing
            latest = await self.projects.find(project.id)
            if latest is None:
                raise NotFound("project", project.id)
            if new.expected_version not in (None, latest.schema_version):
                current = await self.current(latest)
                raise Conflict("The project's schema has a newer version.", current=current)
            schema = self._next(latest, new, user_id)
            pointer = self.projects.with_schema(latest, schema.id, schema.version)
            if not await write_together([self.table.creation(schema), pointer]):
                return schema
        raise Conflict("The project keeps changing; try again.")

    async def diff(self, schema: Schema, from_id: SchemaId, *, by: Actor) -> list[SchemaChange]:
        """Say what changed from another version of the same project's schema to this one."""
        other = await self.get(from_id, by=by)
        if other.project_id != schema.project_id:
            raise Invalid.one("from is a version of another project's schema.", "from")
        return diff(other.model, schema.model)

    async def changes(self, before: SchemaId | None, after: SchemaId) -> list[SchemaChange] | None:
        """Say what changed between two versions of a project that the caller was given, or from none; None where either
        is not there any more.
        """
        new = await self.table.find(after)
        old = await self.table.find(before) if before else None
        if new is None or (before and old is None):
            return None
        return diff(old.model if old else SchemaModel(tables=()), new.model)

    def _next(self, project: Project, new: NewSchema, user_id: UserId) -> Schema:
        now = self.now()
        return Schema(
            id=new.id,
            project_id=project.id,
            user_id=user_id,
            name=project.name if new.name is None else new.name.strip(),
            model=new.model,
            generation_id=new.generation_id,
            version=project.schema_version + 1,
            created_at=now,
            updated_at=now,
        )
