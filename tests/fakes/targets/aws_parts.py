"""What the parts of the fake of AWS have in common."""

from collections.abc import Awaitable
from typing import Any, Protocol

from tests.fakes.targets.hosting import Code, Host

Json = dict[str, Any]


class AwsError(Exception):
    """A refusal, with AWS's code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Cloud(Protocol):
    """The account that a part is of."""

    url: str
    account: str
    host: Host
    images: dict[str, Code]
    mistakes: list[str]

    def behind(self, service: str) -> Any: ...

    def write(self, group: str, stream: str, line: str) -> None: ...

    def background(self, work: Awaitable[None]) -> None: ...

    async def push(self, repository: str, tag: str, code: Code) -> None: ...
