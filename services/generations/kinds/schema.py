"""This file is the kind SCHEMA: a new version of the project's schema."""

from dataclasses import dataclass

from services.core.errors import NotFound
from services.generations.ending import COMPLETED, Ending
from services.generations.kinds.json import ask_for
from services.generations.kinds.port import Making
from services.jobs.worker import JobFailed
from services.llm.json_output import read_schema
from services.llm.port import SchemaTask
from services.llm.prompts import render
from services.schemas.service import NewSchema, Schemas


@dataclass(frozen=True, slots=True)
class SchemaKind:
    schemas: Schemas

    async def make(self, making: Making) -> Ending:
        record = making.record
        if record.schema_id is None:
            raise JobFailed("INTERNAL", "The record names no schema to make.", retryable=False)
        request = render(SchemaTask(record.prompt), making.options)
        made = await ask_for(making, request, read_schema, what="schema")
        if isinstance(made, Ending):
            return made
        new = NewSchema(made, record.schema_id, generation_id=record.id)
        try:
            await self.schemas.add(making.project, new, user_id=record.user_id)
        except NotFound:
            raise JobFailed("PROJECT_DELETED", "The project was deleted.", retryable=False) from None
        return COMPLETED
