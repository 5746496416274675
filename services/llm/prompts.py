"""How a task becomes the messages that a model reads, from the templates beside it.

A template's number goes up with every change, since a generation records the templates that it ran with. What people
write goes in as a JSON string: however it reads, it stays one line of data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final, assert_never

import msgspec

from services.core.errors import Fault
from services.designs import architecture as architectures
from services.designs.schema import SchemaModel, encode
from services.llm import files as protocol
from services.llm.paths import MAX_FILES, MAX_PATH
from services.llm.port import (
    ArchitectureTask,
    ChatTask,
    CodeTask,
    DocumentationTask,
    FilesTask,
    Message,
    Options,
    Request,
    SchemaTask,
    Task,
)

_VERSIONS: Final = {"schema": 2, "code": 3, "continue": 2}
"""Of the templates that have changed; the others are as they were first."""
_USER_PART: Final = "======== user ========\n"
_LONGEST_ANSWER: Final = 100_000
"""Characters of a refused answer that are sent back."""
_LONGEST_PART: Final = 200
"""Characters of an earlier question, by which its turn is known."""


def render(task: Task, options: Options) -> Request:
    """Make the request for a task."""
    match task:
        case SchemaTask():
            return _request("schema", task, options, description=_string(task.description))
        case ArchitectureTask():
            return _request("architecture", task, options, **_about(task.project_name, task.description, task.schema))
        case CodeTask() | DocumentationTask():
            return _of_files("code" if isinstance(task, CodeTask) else "documentation", task, options)
        case ChatTask():
            return _of_chat(task, options)
        case _:
            assert_never(task)


def repair(request: Request, *, answer: str, faults: Sequence[Fault]) -> Request:
    """Make the request that sends an invalid JSON answer back, with what is wrong with it."""
    wrong = [{"path": ".".join(fault.field), "message": fault.message} for fault in faults]
    text = _filled("repair", faults=msgspec.json.encode(wrong).decode(), answer=_string(answer[:_LONGEST_ANSWER]))
    return _more(replace(request, begun=""), "repair", Message("user", text))


def go_on(request: Request, *, begun: str) -> Request:
    """Make the request that has a text gone on with where it was cut off."""
    said, ask = Message("assistant", begun), Message("user", _filled("go-on"))
    return replace(_more(request, "go-on", said, ask), begun=begun)


def _of_files(name: str, task: CodeTask | DocumentationTask, options: Options) -> Request:
    about = _about(task.project_name, task.description, task.schema)
    bounds = {"max_files": str(MAX_FILES), "max_path": str(MAX_PATH)}
    architecture = "null" if task.architecture is None else architectures.encode(task.architecture).decode()
    given = {"architecture": architecture, "boundary": task.boundary}
    request = _request(name, task, options, **about, **bounds, **given)
    if not task.written:
        return request
    request = replace(request, messages=(*request.messages, *_written(task)))
    if task.change is not None:
        text = _filled("change", change=_string(task.change), boundary=task.boundary)
        request = _more(request, "change", Message("user", text))
    if task.missing or task.change is None:
        missing = msgspec.json.encode(list(task.missing)).decode()
        text = _filled("continue", missing=missing, boundary=task.boundary)
        request = _more(request, "continue", Message("user", text))
    return request


def _written(task: FilesTask) -> Iterator[Message]:
    """Yield the answer that would have brought the files; each of them may be left out."""
    yield Message("assistant", protocol.encode_manifest(task.boundary, task.written))
    for path, content in task.written.items():
        yield Message("assistant", protocol.encode_file(task.boundary, path, content), path)
    yield Message("assistant", protocol.encode_end(task.boundary))


def without(task: Task, parts: Sequence[str]) -> str:
    """Tell a model which parts of the prompt it is not given."""
    if isinstance(task, FilesTask):
        return _filled("files-left-out", paths=msgspec.json.encode(list(parts)).decode())
    return _filled("turns-left-out")


def _of_chat(task: ChatTask, options: Options) -> Request:
    about = _about(task.project_name, task.description, task.schema)
    request = _request("chat", task, options, **about, question=_string(task.question))
    system, question = request.messages
    return replace(request, messages=(system, *_turns(task), question))


def _turns(task: ChatTask) -> Iterator[Message]:
    for turn in task.earlier:
        part = turn.question[:_LONGEST_PART]
        yield Message("user", _string(turn.question), part)
        yield Message("assistant", turn.answer, part)


def _about(name: str, description: str, schema: SchemaModel | None) -> dict[str, str]:
    return {
        "project": _string(name),
        "description": _string(description),
        "schema": "null" if schema is None else encode(schema).decode(),
    }


def _request(name: str, task: Task, options: Options, **values: str) -> Request:
    system, _, user = _template(name).partition(_USER_PART)
    messages = (
        Message("system", Template(system).substitute(values)),
        Message("user", Template(user.rstrip("\n")).substitute(values)),
    )
    return Request(task, messages, _numbered(name), options)


def _more(request: Request, name: str, *messages: Message) -> Request:
    template = f"{request.template}+{_numbered(name)}"
    return replace(request, messages=(*request.messages, *messages), template=template)


def _numbered(name: str) -> str:
    return f"{name}/{_VERSIONS.get(name, 1)}"


def _filled(name: str, **values: str) -> str:
    return Template(_template(name)).substitute(values)


@cache
def _template(name: str) -> str:
    return (files("services.llm") / "templates" / f"{name}-{_VERSIONS.get(name, 1)}.txt").read_text(encoding="utf-8")


def _string(text: str) -> str:
    """Write a JSON string; half a surrogate pair, which no UTF-8 can hold, becomes a question mark."""
    return msgspec.json.encode(text.encode(errors="replace").decode()).decode()
