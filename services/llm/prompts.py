"""This file is how a task becomes the messages that a model reads, from the templates beside it.

A template's number goes up with every change, since a generation records the template that it ran with. What people
write goes in as a JSON string: however it reads, it stays one line of data.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final, assert_never

import msgspec

from services.core.errors import Fault
from services.llm.port import CodeTask, Message, Options, Request, SchemaTask, Task
from services.schemas.model import encode

_USER_PART: Final = "======== user ========\n"
_LONGEST_ANSWER: Final = 100_000
"""Characters of a refused answer that are sent back."""


def render(task: Task, options: Options) -> Request:
    """Make the request for a task."""
    match task:
        case SchemaTask():
            return _render("schema", 1, task, options, description=_string(task.description))
        case CodeTask():
            return _render(
                "code",
                1,
                task,
                options,
                project=_string(task.project_name),
                description=_string(task.description),
                schema=encode(task.schema).decode(),
                boundary=task.boundary,
            )
        case _:
            assert_never(task)


def repair(request: Request, *, answer: str, faults: Sequence[Fault]) -> Request:
    """Make the request that sends an invalid schema back, with what is wrong with it."""
    wrong = [{"path": ".".join(fault.field), "message": fault.message} for fault in faults]
    text = Template(_template("schema-repair-1")).substitute(
        faults=msgspec.json.encode(wrong).decode(), answer=_string(answer[:_LONGEST_ANSWER])
    )
    return replace(
        request, messages=(*request.messages, Message("user", text)), template=f"{request.template}+repair/1"
    )


def _render(name: str, version: int, task: Task, options: Options, **values: str) -> Request:
    system, _, user = _template(f"{name}-{version}").partition(_USER_PART)
    messages = (
        Message("system", Template(system).substitute(values)),
        Message("user", Template(user).substitute(values)),
    )
    return Request(task, messages, f"{name}/{version}", options)


@cache
def _template(name: str) -> str:
    return (files("services.llm") / "templates" / f"{name}.txt").read_text(encoding="utf-8")


def _string(text: str) -> str:
    """Write a JSON string; half a surrogate pair, which no UTF-8 can hold, becomes a question mark."""
    return msgspec.json.encode(text.encode(errors="replace").decode()).decode()
