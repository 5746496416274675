"""What of a prompt a model is given where its window has no room for all: the schema and what was asked for always."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from services.core.tokens import BYTES_PER_TOKEN
from services.llm.port import ChatTask, FilesTask, Message, Request, Task
from services.llm.prompts import without
from services.llm.relevance import by_relevance


def fitted(request: Request, *, window: int, answer: int) -> tuple[Request, tuple[str, ...]]:
    """Return the request with as many of its parts as there is room for, and the names of those left out.

    `window` is the tokens of prompt and answer together, `answer` those that the answer may have; the prompt has half
    of the window at least. The model is told what it is not given.
    """
    room = BYTES_PER_TOKEN * max(window - answer, window // 2)
    left_out: tuple[str, ...] = ()
    if sum(map(_size, request.messages)) > room:
        left_out = _left_out(request, room)
    return replace(request, messages=tuple(_joined(_given(request, left_out)))), left_out


def _left_out(request: Request, room: int) -> tuple[str, ...]:
    """Return the parts to leave out, in the prompt's order."""
    sizes: dict[str, int] = {}
    for message in request.messages:
        sizes[message.part] = sizes.get(message.part, 0) + _size(message)
    room -= sizes.pop("", 0) + len(without(request.task, tuple(sizes)).encode())
    shown = set(_shown(request.task, sizes, room))
    return tuple(part for part in sizes if part not in shown)


def _shown(task: Task, sizes: dict[str, int], room: int) -> Iterator[str]:
    """Yield the parts that there is room for: the files that matter most, or the last turns of a conversation."""
    for part in _by_worth(task, sizes):
        if sizes[part] <= room:
            room -= sizes[part]
            yield part
        elif isinstance(task, ChatTask):
            return  # a conversation with a hole in it misleads


def _by_worth(task: Task, parts: Collection[str]) -> Sequence[str]:
    if isinstance(task, FilesTask):
        return by_relevance(task.written, about=task.change or task.description, wanted=task.missing)
    return list(parts)[::-1]


def _given(request: Request, left_out: Sequence[str]) -> Iterator[Message]:
    hidden = frozenset(left_out)
    *_, last = request.messages
    for message in request.messages:
        if message is last and hidden:
            yield Message("user", without(request.task, left_out))
        if message.part not in hidden:
            yield message


def _joined(messages: Iterator[Message]) -> Iterator[Message]:
    """Yield neighbours of the same role as one: some models take questions and answers in turns only."""
    for role, group in groupby(messages, key=lambda message: message.role):
        glue = "" if role == "assistant" else "\n"  # one answer in parts; questions that follow each other
        yield Message(role, glue.join(message.content for message in group))


def _size(message: Message) -> int:
    return len(message.content.encode(errors="replace"))
