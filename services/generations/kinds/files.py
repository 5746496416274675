"""What the kinds whose answer is files share: their task, from the record and its base."""

from collections.abc import Callable
from typing import TypeVar

from services.foundation.jobs.worker import JobFailed
from services.generations.kinds.port import GenerationContext
from services.llm.files import new_boundary
from services.llm.port import FilesTask

T = TypeVar("T", bound=FilesTask)


def files_task(kind: type[T], context: GenerationContext, *, random_bytes: Callable[[int], bytes]) -> T:
    """Return the task, and have the answer start from the files of the base where there is one."""
    record, project, base = context.record, context.project, context.base
    if context.schema is None:
        raise JobFailed("PROJECT_DELETED", "The project's schema is gone.", retryable=False)
    boundary = new_boundary(random_bytes)
    if base is None:
        return kind(project.name, record.prompt, context.schema, boundary, architecture=context.architecture)
    files = base.artifact.files
    missing = base.generation.missing if record.continues else ()
    context.answer.start_from(files, missing=missing)
    return kind(
        project.name,
        record.description or base.generation.prompt,
        context.schema,
        boundary,
        written={file.path: file.content for file in files},
        missing=missing,
        change=None if record.continues and record.description is None else record.prompt,
        architecture=context.architecture,
    )
