"""This file is the kind CHAT: an answer to a question about the project, with what was said before it."""

from dataclasses import dataclass
from typing import Final

from services.foundation.aws.bucket import Bucket
from services.foundation.aws.tables import Table
from services.generations import ending
from services.generations.artifact import load
from services.generations.ending import Ending
from services.generations.kinds.port import Making
from services.generations.model import Generation
from services.llm.port import ChatTask, Turn
from services.llm.prompts import render

MOST_TURNS: Final = 10
"""Turns of a conversation that a question is asked with."""


@dataclass(frozen=True, slots=True)
class ChatKind:
    table: Table[Generation]
    bucket: Bucket

    async def make(self, making: Making) -> Ending:
        record, project = making.record, making.project
        earlier = await self._earlier(making)
        task = ChatTask(project.name, project.description, making.schema, record.prompt, earlier)
        await making.asking.say(making.gone_on(render(task, making.options)))
        return ending.of(making.answer)

    async def _earlier(self, making: Making) -> list[Turn]:
        """Return the turns before this one, oldest first. A generation that goes on with its base is the same turn."""
        turns: list[Turn] = []
        record: Generation | None = making.record
        while record is not None and record.base_id is not None and len(turns) < MOST_TURNS:
            goes_on = record.continues
            record = await self.table.find(record.base_id)
            artifact = await load(self.bucket, record) if record is not None else None
            if record is not None and artifact is not None and not goes_on:
                turns.append(Turn(record.prompt, artifact.text))
        return turns[::-1]
