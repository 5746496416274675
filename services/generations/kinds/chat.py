"""The kind CHAT: an answer to a question about the project, with what was said before it."""

from typing import Final

from services.core.frozen import frozen
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.tables import Table
from services.generations import outcome
from services.generations.artifact import load
from services.generations.kinds.port import GenerationContext
from services.generations.model import Generation
from services.generations.outcome import Outcome
from services.llm.port import ChatTask, Turn
from services.llm.prompts import render

MOST_TURNS: Final = 10
"""Turns of a conversation that a question is asked with."""


@frozen
class ChatKind:
    table: Table[Generation]
    bucket: Bucket

    async def make(self, context: GenerationContext) -> Outcome:
        record, project = context.record, context.project
        earlier = await self._earlier(context)
        task = ChatTask(project.name, project.description, context.schema, record.prompt, earlier)
        await context.session.say(context.gone_on(render(task, context.options)))
        return outcome.of(context.answer)

    async def _earlier(self, context: GenerationContext) -> list[Turn]:
        """Return the turns before this one, oldest first. A generation that goes on with its base is the same turn."""
        turns: list[Turn] = []
        record: Generation | None = context.record
        while record is not None and record.base_id is not None and len(turns) < MOST_TURNS:
            goes_on = record.continues
            record = await self.table.find(record.base_id)
            artifact = await load(self.bucket, record) if record is not None else None
            if record is not None and artifact is not None and not goes_on:
                turns.append(Turn(record.prompt, artifact.text))
        return turns[::-1]
