"""This file is the kind DOCUMENTATION: Markdown pages, stored as the project's generated documentation."""

from collections.abc import Callable
from dataclasses import dataclass

from services.documentation.service import Documentation
from services.generations import ending
from services.generations.ending import Ending
from services.generations.kinds.files import files_task
from services.generations.kinds.port import Making
from services.llm.port import DocumentationTask


@dataclass(frozen=True, slots=True)
class DocumentationKind:
    documentation: Documentation
    random_bytes: Callable[[int], bytes]

    async def make(self, making: Making) -> Ending:
        answer, record = making.answer, making.record
        await making.asking.write(files_task(DocumentationTask, making, random_bytes=self.random_bytes))
        if answer.files:
            await self.documentation.publish(
                making.project, answer.contents, generation_id=record.id, user_id=record.user_id
            )
        return ending.of(answer)
