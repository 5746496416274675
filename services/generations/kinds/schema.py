"""The kind SCHEMA: a new version of the project's schema."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.core.errors import Fault, NotFound
from services.core.frozen import frozen
from services.foundation.jobs.worker import JobFailed
from services.generations.kinds.json import ask_for
from services.generations.kinds.port import GenerationContext
from services.generations.outcome import COMPLETED, Outcome
from services.llm.json_output import read_schema
from services.llm.port import SchemaTask
from services.llm.prompts import render
from services.schemas.service import NewSchema, Schemas
from services.schemas.unbuilt import without_unbuilt

_MOST_NAMED: Final = 5
"""Things left out that a message names."""


@frozen
class SchemaKind:
    schemas: Schemas

    async def make(self, context: GenerationContext) -> Outcome:
        record = context.record
        if record.schema_id is None:
            raise JobFailed("INTERNAL", "The record names no schema to make.", retryable=False)
        request = render(SchemaTask(record.prompt), context.options)
        schema = await ask_for(context, request, read_schema, what="schema")
        if isinstance(schema, Outcome):
            return schema
        model, left_out = without_unbuilt(schema)
        new = NewSchema(model, record.schema_id, generation_id=record.id)
        try:
            await self.schemas.add(context.project, new, user_id=record.user_id)
        except NotFound:
            raise JobFailed("PROJECT_DELETED", "The project was deleted.", retryable=False) from None
        return replace(COMPLETED, message=_note(left_out)) if left_out else COMPLETED


def _note(left_out: Sequence[Fault]) -> str:
    named = " ".join(fault.message for fault in left_out[:_MOST_NAMED])
    more = len(left_out) - _MOST_NAMED
    return f"Left out of the model's schema: {named}" + (f" And {more:,} more." if more > 0 else "")
