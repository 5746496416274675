"""The kind DOCUMENTATION: Markdown pages, stored as the project's generated documentation."""

from collections.abc import Callable

from services.core.frozen import frozen
from services.documentation.service import Documentation
from services.generations import outcome
from services.generations.kinds.files import files_task
from services.generations.kinds.port import GenerationContext
from services.generations.outcome import Outcome
from services.llm.port import DocumentationTask


@frozen
class DocumentationKind:
    documentation: Documentation
    random_bytes: Callable[[int], bytes]

    async def make(self, context: GenerationContext) -> Outcome:
        answer, record = context.answer, context.record
        await context.session.write(files_task(DocumentationTask, context, random_bytes=self.random_bytes))
        if answer.files:
            await self.documentation.publish(
                context.project, answer.contents, generation_id=record.id, user_id=record.user_id
            )
        return outcome.of(answer)
