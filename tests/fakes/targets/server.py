"""The base of fakes of deploy targets: an HTTP server in a thread of its own, as awkward as it is told to be."""

import asyncio
import re
import socket
import threading
import traceback
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.core.credentials import Credentials, Token
from tests.fakes.targets.names import Names

Endpoint = Callable[[Request], Awaitable[Response]]


LATENESS: Final = 0.1
"""Seconds."""


class Fault(Enum):
    """What goes wrong with a call."""

    LIMITED = "LIMITED"
    """429, before anything happens."""
    BROKEN = "BROKEN"
    """503, before anything happens."""
    LOST = "LOST"
    """503, though it happens."""
    CUT = "CUT"
    """It happens, and then the connection ends without an answer."""
    SLOW = "SLOW"
    """It happens, and the answer comes in small pieces."""
    LATE = "LATE"
    """The connection ends without an answer, and then it happens."""


@dataclass(frozen=True)
class Awkward:
    """A fault of the next `times` calls that match, such as `POST /apps/.*`."""

    fault: Fault
    pattern: str
    times: int = 1


class Cut(Exception):
    """Ends a connection without an answer."""


@dataclass
class Target(ABC):
    """A fake target. Its state may be read from other threads, and changed by them before it is asked anything."""

    token: str = "token-of-the-fake-0123456789"
    """The only one that it accepts."""
    is_revoked: bool = False
    url: str = ""
    calls: Counter[str] = field(default_factory=Counter[str])
    """By `name_of`: method and path."""
    awkward: list[Awkward] = field(default_factory=list[Awkward])
    mistakes: list[str] = field(default_factory=list[str])
    """What it could not deal with: a mistake of its own, or a call that the vendor's documentation forbids."""
    retry_after: int = 1
    """Seconds that a call which is LIMITED is asked to wait."""
    names: Names = field(default_factory=Names)
    """Domains, where a target takes them."""
    port: int = 0
    """0 for any that is free."""
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])

    @property
    def credentials(self) -> Credentials:
        """Return those that it accepts."""
        return Token(self.token)

    @property
    def wrong_credentials(self) -> Credentials:
        """Return some that it does not accept."""
        return Token("another-token")

    @property
    def code_host(self) -> Credentials | None:
        """Return those of the code host that it takes code from; None where it takes none from one."""
        return None

    @abstractmethod
    def routes(self) -> list[Route]:
        """Return the target's API."""

    def route(self, method: str, path: str, endpoint: Endpoint, *, free: bool = False) -> Route:
        """Make a route of the API; a free one asks for no token."""

        async def called(request: Request) -> Response:
            name = await self.name_of(request)
            self.calls[name] += 1
            if not free and (self.is_revoked or not self.knows(request)):
                return self.refused(request)
            match self._fault(name):
                case Fault.LIMITED:
                    return self.limited(request)
                case Fault.BROKEN:
                    return self.away(request)
                case Fault.LATE:
                    await request.body()
                    self.background(late(request))
                    raise Cut
                case fault:
                    return self._with(fault, request, await answered(request))

        async def answered(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ClientDisconnect:  # in the middle of what it sent: nobody reads this
                return Response(status_code=400)
            except Exception:  # noqa: BLE001 - shown when the fake ends
                self.mistakes.append(traceback.format_exc())
                return Response(status_code=500)

        async def late(request: Request) -> None:
            await asyncio.sleep(LATENESS)
            await answered(request)

        return Route(path, called, methods=[method])

    def _with(self, fault: Fault | None, request: Request, answer: Response) -> Response:
        match fault:
            case Fault.LOST:
                return self.away(request)
            case Fault.CUT:
                raise Cut
            case Fault.SLOW:
                return _slowly(answer)
            case _:
                return answer

    async def name_of(self, request: Request) -> str:
        """Return what a call is called in `calls`, and by the patterns of `awkward`."""
        return f"{request.method} {request.url.path}"

    def knows(self, request: Request) -> bool:
        """Say whether a call comes with the right credentials."""
        return request.headers.get("authorization") == f"Bearer {self.token}"

    def refused(self, request: Request) -> Response:  # noqa: ARG002 - AWS answers by it
        return self.error(401, "unauthorized", "Invalid credentials provided.")

    def away(self, request: Request) -> Response:  # noqa: ARG002 - AWS answers by it
        return self.error(503, "unavailable", "Try again.")

    def limited(self, request: Request) -> Response:  # noqa: ARG002 - AWS answers by it
        answer = self.error(429, "rate_limit", "Your account reached the API rate limit.")
        answer.headers["retry-after"] = str(self.retry_after)
        return answer

    def error(self, status: int, code: str, message: str, **more: Any) -> Response:
        return JSONResponse({"id": code, "message": message, **more}, status)

    def background(self, work: Awaitable[None]) -> None:
        """Let something go on in the server's loop."""

        async def run() -> None:
            try:
                await work
            except Exception:  # noqa: BLE001 - shown when the fake ends
                if self._server is not None and not self._server.should_exit:  # else nothing answers any more
                    self.mistakes.append(traceback.format_exc())

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a body waits 40 ms for its headers' ACK
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = Starlette(routes=self.routes())
        config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve(self._server, listener)], daemon=True)
        self._thread.start()
        return self

    async def _serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        await server.serve(sockets=[listener])
        for task in self._tasks:
            task.cancel()
        await self.close()

    async def close(self) -> None:  # noqa: B027 - most have something beside it, and one that has nothing does nothing
        """End what goes on beside the server, in its loop."""

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(10)
        assert not self.mistakes, self.mistakes[0]

    def _fault(self, name: str) -> Fault | None:
        for index, each in enumerate(self.awkward):
            if re.fullmatch(each.pattern, name):
                left = each.times - 1
                self.awkward[index : index + 1] = [Awkward(each.fault, each.pattern, left)] if left else []
                return each.fault
        return None


def _slowly(answer: Response) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(answer.body), 7):
            yield bytes(answer.body[start : start + 7])
            await asyncio.sleep(0.002)

    return StreamingResponse(pieces(), answer.status_code, media_type=answer.media_type)
