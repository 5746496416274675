"""What a fake target does with code: a toy that only pretends, and a machine that really installs and starts it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.tls import trusted

Emit = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Code:
    """What a build makes: files that can be started. `command` is what starts them."""

    files: Mapping[str, bytes]
    command: str


class Host(Protocol):
    async def build(self, files: Mapping[str, bytes], environment: Mapping[str, str], emit: Emit) -> bool:
        """Build code and say whether it could be."""
        ...

    async def start(self, site: str, code: Code, environment: Mapping[str, str], emit: Emit) -> bool:
        """Run code at a site instead of what runs there, and say whether it has come up."""
        ...

    async def stop(self, site: str) -> None:
        """Let nothing run at a site."""
        ...

    def url(self, site: str) -> str:
        """Return where a site is; fixed before anything runs there."""
        ...

    async def close(self) -> None:
        """Let nothing run any more."""
        ...


@dataclass
class Toy:
    """Pretends: a site answers with the code that runs there and its environment.

    Files called `no-build`, `no-start` and `no-health` make these fail.
    """

    base: Callable[[], str]
    running: dict[str, tuple[Code, Mapping[str, str]]] = field(
        default_factory=dict[str, tuple[Code, Mapping[str, str]]]
    )
    requests: dict[str, Emit] = field(default_factory=dict[str, Emit])

    async def build(self, files: Mapping[str, bytes], environment: Mapping[str, str], emit: Emit) -> bool:
        await emit("-----> Building")
        for name, value in environment.items():
            await emit(f"       {name}={value}")
        for number in range(20):
            await emit(f"       step {number}")
        if "no-build" in files:
            await emit("npm error code E404")
            return False
        await emit("-----> Built")
        return True

    async def start(self, site: str, code: Code, environment: Mapping[str, str], emit: Emit) -> bool:
        self.requests[site] = emit
        await emit(f"Starting process with command `{code.command}`")
        if "no-start" in code.files:
            await emit("Error: Cannot find module 'express'")
            self.running.pop(site, None)
            return False
        self.running[site] = code, dict(environment)
        await emit("Listening")
        return True

    async def stop(self, site: str) -> None:
        self.running.pop(site, None)

    def url(self, site: str) -> str:
        return f"{self.base()}/sites/{site}"

    async def close(self) -> None:
        self.running.clear()

    def route(self) -> Route:
        async def answer(request: Request) -> Response:
            site = request.path_params["site"]
            if site not in self.running:
                return JSONResponse({"message": "nothing runs here"}, 503)
            code, environment = self.running[site]
            await self.requests[site](f"GET /{request.path_params['path']}")
            if "no-health" in code.files:
                return JSONResponse({"message": "not well"}, 500)
            files = {path: content.decode() for path, content in code.files.items()}
            return JSONResponse({"files": files, "environment": environment, "command": code.command})

        return Route("/sites/{site}/{path:path}", answer)


async def forwarded(request: Request, *, to: str) -> Response:
    """Answer as another server does: that of an instance, behind the address of its site."""
    async with httpx.AsyncClient(verify=trusted()) as client:
        path, body = request.path_params["path"], await request.body()
        kept = {name: text for name, text in request.headers.items() if name not in {"host", "content-length"}}
        answer = await client.request(
            request.method, f"{to}/{path}", content=body, headers=kept, params=request.query_params
        )
    return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))


def answered(body: bytes) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Read what a toy site answers: its files and its environment."""
    content = json.loads(body)
    return content["files"], content["environment"]
