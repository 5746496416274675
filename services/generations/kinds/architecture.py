"""The kind ARCHITECTURE: a drawing of the backend's parts."""

from services.architectures.service import Architectures, NewArchitecture
from services.core.frozen import frozen
from services.foundation.jobs.worker import JobFailed
from services.generations.kinds.json import ask_for
from services.generations.kinds.port import GenerationContext
from services.generations.outcome import COMPLETED, Outcome
from services.llm.json_output import read_architecture
from services.llm.port import ArchitectureTask
from services.llm.prompts import render


@frozen
class ArchitectureKind:
    architectures: Architectures

    async def make(self, context: GenerationContext) -> Outcome:
        record, project = context.record, context.project
        if record.architecture_id is None:
            raise JobFailed("INTERNAL", "The record names no architecture to make.", retryable=False)
        request = render(ArchitectureTask(project.name, record.prompt, context.schema), context.options)
        architecture = await ask_for(context, request, read_architecture, what="architecture")
        if isinstance(architecture, Outcome):
            return architecture
        new = NewArchitecture(architecture, record.architecture_id, generation_id=record.id)
        await self.architectures.add(project, new, user_id=record.user_id)
        return COMPLETED
