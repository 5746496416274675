"""What a kind of generation is given and promises."""

from typing import Protocol

from services.core.frozen import frozen
from services.designs.architecture import ArchitectureModel
from services.designs.schema import SchemaModel
from services.foundation.jobs.run import Run
from services.generations.answer import Answer
from services.generations.answer_session import AnswerSession
from services.generations.artifact import Artifact
from services.generations.model import Generation
from services.generations.outcome import Outcome
from services.llm.port import Options, Request
from services.llm.prompts import go_on
from services.projects.model import Project


@frozen
class Base:
    """The generation that this one changes or goes on with."""

    generation: Generation
    artifact: Artifact


@frozen
class GenerationContext:
    """One run of a generation."""

    run: Run[Generation]
    project: Project
    schema: SchemaModel | None
    """The schema that the record names, where it reads one."""
    architecture: ArchitectureModel | None
    """The architecture that the record names, where it reads one that is still there."""
    base: Base | None
    options: Options
    answer: Answer
    session: AnswerSession

    @property
    def record(self) -> Generation:
        return self.run.record

    def gone_on(self, request: Request) -> Request:
        """Return the request for a text, which goes on with the base's where the generation continues it."""
        if self.base is None or not self.record.continues:
            return request
        begun = self.base.artifact.text
        self.answer.start_from((), text=begun)
        return go_on(request, begun=begun)


class Kind(Protocol):
    async def make(self, context: GenerationContext) -> Outcome:
        """Ask, store what the answer is for, and say how it ended. A repeat with the same record changes nothing more.

        Raises JobFailed.
        """
        ...
