"""The scaffold as a provider: deterministic text that streams at the pace of a model, without a key."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import lru_cache
from typing import assert_never

from services.core.frozen import frozen
from services.core.prices import SCAFFOLD
from services.designs import architecture as architectures
from services.designs import schema as schemas
from services.designs.schema import SchemaModel
from services.llm import files
from services.llm.port import (
    ArchitectureTask,
    ChatTask,
    CodeTask,
    DocumentationTask,
    FilesTask,
    Finished,
    FinishReason,
    Item,
    NotFollowed,
    Request,
    SchemaTask,
    Started,
    Task,
    Text,
    Usage,
)
from services.scaffold import NAME
from services.scaffold.architecture import derive_architecture
from services.scaffold.backend import write_backend
from services.scaffold.chat import answer_question
from services.scaffold.documentation import write_documentation
from services.scaffold.parts.drawing import not_built
from services.scaffold.requests import (
    MOST,
    not_followed,
    unanswered,
    unfollowed_by_files,
    unfollowed_instruction,
)
from services.scaffold.schema import derive_schema
from services.scaffold.unfollowed import Unfollowed

_PIECE = re.compile(r"(?:\n[ \t]{0,11}| ?\w{1,8}[^\w\s]{0,3}| ?[^\w\s]{1,6}|[ \t]{1,12}|.){1,3}", re.DOTALL)
_MOST_NAMED = 10
"""Files that a text names."""
_BURST = 20
"""The most pieces between two moments in which the event loop may do something else."""
_MOMENT = 0.001
"""Seconds within which nobody tells one piece from the next."""
_AT_ONCE = 200
"""Pieces that come joined where there is no pace."""
_CHARACTERS_PER_TOKEN = 4


@frozen
class Scaffold:
    """A Provider that asks nobody: the same task always gives the same text."""

    tokens_per_second: float | None = 400
    """None means as fast as the reader reads, in larger pieces."""

    @property
    def name(self) -> str:
        return NAME

    async def stream(self, request: Request) -> AsyncGenerator[Item]:
        """Stream the answer to a task. `options.max_tokens` cuts it off; the other options do not apply."""
        yield Started(NAME, SCAFFOLD)
        unfollowed, pieces = await asyncio.to_thread(_worked_out, request)  # long texts take a second
        for one in unfollowed:
            yield NotFollowed(one.text, one.reason)
        kept = pieces[: request.options.max_tokens]
        async with aclosing(self._paced(kept)) as paced:
            async for piece in paced:
                yield Text(piece)
        yield Usage(input_tokens=_input_tokens(request), output_tokens=len(kept))
        yield Finished(FinishReason.STOP if len(kept) == len(pieces) else FinishReason.LENGTH)

    async def _paced(self, pieces: Sequence[str]) -> AsyncGenerator[str]:
        """Yield each piece when it is due by the loop's clock, so that late wake-ups are caught up with.

        Pieces that nobody could tell apart in time come joined, for each that is yielded costs every reader.
        """
        pace = self.tokens_per_second
        joined = _AT_ONCE if pace is None else max(1, round(pace * _MOMENT))
        now = asyncio.get_running_loop().time
        started = now()
        for start in range(0, len(pieces), joined):
            wait = 0 if pace is None else start / pace - (now() - started)
            if wait > 0 or start % _BURST < joined:
                await asyncio.sleep(max(wait, 0))
            yield "".join(pieces[start : start + joined])


def split(text: str) -> Iterator[str]:
    """Cut text into pieces as models send it: up to three words, line breaks with their indentation, or punctuation."""
    return (match[0] for match in _PIECE.finditer(text))


@lru_cache(maxsize=16)
def _derived(description: str) -> SchemaModel:
    """Derive a schema, once for all that an answer says of it."""
    return derive_schema(description)


def _worked_out(request: Request) -> tuple[list[Unfollowed], list[str]]:
    """Return what a request asks for and the answer will not do, and the answer in pieces."""
    unfollowed = _unfollowed(request.task)
    return unfollowed, list(split(_answer(request.task, unfollowed).removeprefix(request.begun)))


def _unfollowed(task: Task) -> list[Unfollowed]:
    """Return what a task asks for and the answer will not do."""
    match task:
        case SchemaTask():
            return not_followed(task.description, _derived(task.description))
        case ArchitectureTask():
            drawn = derive_architecture(task.project_name, task.schema, task.description)
            return not_followed(task.description, task.schema, drawn)
        case FilesTask():
            instruction = [] if task.change is None else unfollowed_instruction(task.change, task.schema)
            described = unfollowed_by_files(task.description, task.schema, task.architecture)
            return list(dict.fromkeys([*instruction, *not_built(task.architecture, task.schema), *described]))[:MOST]
        case ChatTask():
            return [unanswered(task.question)]


def _answer(task: Task, unfollowed: Sequence[Unfollowed]) -> str:
    match task:
        case SchemaTask():
            return _indented(schemas.encode(_derived(task.description)))
        case ArchitectureTask():
            return _indented(
                architectures.encode(derive_architecture(task.project_name, task.schema, task.description))
            )
        case CodeTask():
            backend = write_backend(
                project_name=task.project_name,
                description=task.description,
                schema=task.schema,
                architecture=task.architecture,
            )
            return _written(task, backend, unfollowed, "files of Express and TypeScript over DynamoDB")
        case DocumentationTask():
            pages = write_documentation(task.project_name, task.schema, description=task.description)
            return _written(task, pages, unfollowed, "pages of Markdown")
        case ChatTask():
            return answer_question(task.project_name, task.schema)
        case _:
            assert_never(task)


def _indented(text: bytes) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def _written(task: FilesTask, whole: Mapping[str, str], unfollowed: Sequence[Unfollowed], what: str) -> str:
    """Write of the whole what the task lacks. To change files, the scaffold can only write them anew."""
    new = {path: content for path, content in whole.items() if task.written.get(path) != content}
    if task.change is None and task.missing:
        new = {path: content for path, content in new.items() if path in task.missing}
    removed = [path for path in task.written if path not in whole] if task.change is not None else []
    tables = ", ".join(table.name for table in task.schema.tables)
    notes = (
        "This was written by Snapinfra's scaffold, from templates and without a language model: "
        f"{len(new)} {what}, for the tables {tables}."
    )
    if task.change is not None:
        notes += f" {_changed(new, removed)}"
    return files.encode(task.boundary, new, removed=removed, notes=notes + _told(unfollowed))


def _changed(new: Collection[str], removed: Collection[str]) -> str:
    """Tell what a change comes to, which is never more than what the schema says."""
    paths = [*new, *removed]
    named = f"{', '.join(paths[:_MOST_NAMED])}{' and more' if len(paths) > _MOST_NAMED else ''}"
    done = f"It has brought the files up to date with the schema: {named}." if paths else "No file has changed."
    return f"The scaffold follows no instruction. {done}"


def _told(unfollowed: Sequence[Unfollowed]) -> str:
    lines = "".join(f"\n- {one.text}: {one.reason}" for one in unfollowed)
    return f"\n\nNot done of what was asked for:\n{lines}" if lines else ""


def _input_tokens(request: Request) -> int:
    characters = sum(len(message.content) for message in request.messages)
    return -(-characters // _CHARACTERS_PER_TOKEN)
