"""What the fake of Railway has: projects with services, whose deployments are built, checked and moved to."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

import httpx

from services.core.clock import utc_now
from services.core.tls import trusted
from tests.fakes.targets.hosting import Code, Host

_Json = dict[str, Any]
LAG: Final = timedelta(milliseconds=30)
"""How far lists and logs are behind."""
COARSE: Final = 20_000
"""Microseconds that lines share a timestamp for."""


def new_id() -> str:
    return str(uuid.uuid4())


def stamp(at: datetime) -> str:
    """Write a time as RFC 3339 with nanoseconds, of which zeros at the end are left out."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}000".rstrip("0").rstrip(".") + "Z"


@dataclass(frozen=True)
class Written:
    at: datetime
    """Shared by lines that come together."""
    written: datetime
    message: str
    severity: str


def _shown(line: Written) -> _Json:
    """Show a line; of one that is an object of JSON, the message and what else it has apart (docs.railway.com/logs)."""
    fields: _Json = {"message": line.message}
    with suppress(ValueError):
        if isinstance(parsed := json.loads(line.message), dict):
            fields = cast("_Json", parsed)
    return {
        "timestamp": stamp(line.at),
        "message": str(fields.pop("message", "")),
        "severity": fields.get("level", line.severity),
        "attributes": [{"key": key, "value": json.dumps(value)} for key, value in fields.items()],
    }


@dataclass
class Log:
    lines: list[Written] = field(default_factory=list[Written])

    async def emit(self, message: str) -> None:
        now = utc_now()
        at = now.replace(microsecond=now.microsecond // COARSE * COARSE)
        self.lines.append(Written(at, now, message, "error" if message.startswith("Error") else "info"))
        await asyncio.sleep(0.003)

    def read(self, *, limit: int, start: str | None, end: str | None) -> list[_Json]:
        """Return the newest lines of a time: one more than asked for."""
        seen = [
            line
            for line in self.lines
            if utc_now() - line.written > LAG
            and (start is None or line.at >= datetime.fromisoformat(start))
            and (end is None or line.at <= datetime.fromisoformat(end))
        ]
        return [_shown(line) for line in seen[-limit - 1 :]]


@dataclass
class Deployment:
    service: "Service"
    meta: _Json
    files: Mapping[str, bytes]
    variables: Mapping[str, str]
    id: str = field(default_factory=new_id)
    created: datetime = field(default_factory=utc_now)
    status: str = "INITIALIZING"
    build: Log = field(default_factory=Log)
    runtime: Log = field(default_factory=Log)
    events: list[_Json] = field(default_factory=list[_Json])
    hosting: _Json = field(default_factory=dict[str, Any])
    was_live: bool = False
    is_kept: bool = True
    """Whether its image is, which plans bound by time."""

    @property
    def shown(self) -> _Json:
        return {
            "id": self.id,
            "status": self.status,
            "createdAt": stamp(self.created),
            "meta": self.meta,
            "canRollback": self.was_live and self.is_kept,
            "projectId": self.service.project.id,
            "environmentId": self.service.project.environment_id,
            "serviceId": self.service.id,
        }

    def happened(self, step: str, error: str | None = None) -> None:
        payload = {"error": error}
        self.events.append({"step": step, "completedAt": stamp(utc_now()), "payload": payload})

    @property
    def config(self) -> _Json:
        return json.loads(self.files.get("railway.json", b"{}")).get("deploy", {})


@dataclass
class Service:
    project: "Project"
    name: str
    id: str = field(default_factory=new_id)
    variables: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """None: a sealed one, whose value nobody reads back."""
    deployments: list[Deployment] = field(default_factory=list[Deployment])
    domains: list[_Json] = field(default_factory=list[_Json])
    instance: _Json = field(default_factory=dict[str, Any])
    """What the settings of the service say; they hold for deployments that begin later."""

    @property
    def active(self) -> Deployment | None:
        return next((each for each in reversed(self.deployments) if each.status in {"SUCCESS", "SLEEPING"}), None)


@dataclass
class Project:
    name: str
    workspace_id: str
    id: str = field(default_factory=new_id)
    environment_id: str = field(default_factory=new_id)
    created: datetime = field(default_factory=utc_now)
    services: list[Service] = field(default_factory=list[Service])


@dataclass
class Cloud:
    host: Callable[[], Host]
    background: Callable[[Awaitable[None]], None]
    wants_approval: bool = False
    is_checked: bool = True
    """Whether what runs is asked for its health before it is active."""

    def build(self, service: Service, files: Mapping[str, bytes], meta: _Json) -> Deployment:
        """Begin a deployment of a source."""
        variables = {name: value or "sealed" for name, value in service.variables.items()}
        deployment = Deployment(service, meta, files, variables, hosting=dict(service.instance))
        service.deployments.append(deployment)
        self.background(self._build(deployment))
        return deployment

    def roll_back(self, to: Deployment) -> None:
        """Begin a deployment of an image with its variables. It is in the list a moment later."""

        async def begin() -> None:
            await asyncio.sleep(LAG.total_seconds())
            deployment = self._again(to, "rollback")
            to.service.deployments.append(deployment)
            to.service.variables = dict(to.variables)
            await self._start(deployment)

        self.background(begin())

    def redeploy(self, to: Deployment) -> Deployment:
        """Begin a deployment of the image and the variables of another, with the settings of now."""
        deployment = self._again(to, "redeploy")
        to.service.deployments.append(deployment)
        self.background(self._start(deployment))
        return deployment

    def _again(self, to: Deployment, reason: str) -> Deployment:
        return Deployment(to.service, {"reason": reason}, to.files, to.variables, hosting=dict(to.service.instance))

    async def restart(self, deployment: Deployment) -> None:
        """Stop what runs; it is started again a moment later, in the same deployment, whose state stays."""
        await self.host().stop(deployment.id)

        async def start() -> None:
            await asyncio.sleep(0.05)
            code = Code(deployment.files, deployment.config.get("startCommand", "npm start"))
            if not await self.host().start(deployment.id, code, deployment.variables, deployment.runtime.emit):
                _moves(deployment, "CRASHED")

        self.background(start())

    async def remove(self, deployment: Deployment) -> None:
        deployment.status = "REMOVED"
        await self.host().stop(deployment.id)

    async def _build(self, deployment: Deployment) -> None:
        await asyncio.sleep(0.02)
        if self.wants_approval:
            deployment.status = "NEEDS_APPROVAL"
            while self.wants_approval:  # noqa: ASYNC110 - set by a test's thread
                await asyncio.sleep(0.01)
        if not _moves(deployment, "BUILDING"):
            return
        built = await self.host().build(deployment.files, deployment.variables, deployment.build.emit)
        deployment.happened("BUILD_IMAGE", None if built else "the build failed")
        if not built:
            _moves(deployment, "FAILED")
            return
        await self._start(deployment)

    async def _start(self, deployment: Deployment) -> None:
        if not _moves(deployment, "DEPLOYING"):
            return
        code = Code(deployment.files, deployment.config.get("startCommand", "npm start"))
        came_up = await self.host().start(deployment.id, code, deployment.variables, deployment.runtime.emit)
        if not came_up:
            _moves(deployment, "CRASHED")
        elif not await self._is_healthy(deployment):
            deployment.happened("HEALTHCHECK", "1/1 replicas never became healthy!")
            _moves(deployment, "FAILED")
        elif _moves(deployment, "SUCCESS"):
            deployment.was_live = True
            for earlier in deployment.service.deployments:
                if earlier is not deployment and earlier.status in {"SUCCESS", "SLEEPING", "CRASHED"}:
                    await self.remove(earlier)
            return
        await self.host().stop(deployment.id)

    async def _is_healthy(self, deployment: Deployment) -> bool:
        path = deployment.config.get("healthcheckPath") if self.is_checked else None
        until = utc_now() + timedelta(seconds=deployment.config.get("healthcheckTimeout", 300))
        async with httpx.AsyncClient(verify=trusted()) as client:
            while path and deployment.status == "DEPLOYING":
                answer = await client.get(f"{self.host().url(deployment.id)}{path}")
                if answer.is_success:
                    break
                await deployment.build.emit(f"Attempt failed with status {answer.status_code}")
                if utc_now() > until:
                    return False
                await asyncio.sleep(0.1)
        return True


def _moves(deployment: Deployment, status: str) -> bool:
    """Go on to a state, unless it was canceled or removed meanwhile."""
    if deployment.status in {"REMOVED", "REMOVING"}:
        return False
    deployment.status = status
    return True
