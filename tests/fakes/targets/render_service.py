"""A service of the fake Render with its deploys, which are built, checked and moved to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from services.core.clock import utc_now
from services.core.tls import trusted
from tests.fakes.targets.hosting import Code, Host
from tests.fakes.targets.render_logs import LAG, Log, new_id, stamp

Json = dict[str, Any]
UNDER_WAY: Final = {"created", "queued", "build_in_progress", "update_in_progress"}


@dataclass(frozen=True)
class Settings:
    """What a deploy keeps of its service: a rollback has it again."""

    variables: Mapping[str, str]
    start_command: str
    health_path: str
    instances: int
    plan: str


@dataclass(eq=False)
class Deploy:
    service: "Service"
    commit: str
    message: str
    trigger: str
    settings: Settings
    files: Mapping[str, bytes] | None = None
    """What was built; None before, and once Render keeps it no more."""
    id: str = field(default_factory=lambda: new_id("dep"))
    created: datetime = field(default_factory=utc_now)
    finished: datetime | None = None
    status: str = "created"

    @property
    def shown(self) -> Json:
        shown = {
            "id": self.id,
            "commit": {"id": self.commit, "message": self.message, "createdAt": stamp(self.created)},
            "status": self.status,
            "trigger": self.trigger,
            "createdAt": stamp(self.created),
            "startedAt": stamp(self.created),
            "updatedAt": stamp(self.finished or self.created),
        }
        return shown | ({"finishedAt": stamp(self.finished)} if self.finished else {})

    @property
    def instance(self) -> str:
        return f"{self.service.id}-{self.id[-5:]}"

    @property
    def site(self) -> str:
        """Return what its instances are called where the code runs."""
        return self.id

    def moves(self, status: str) -> bool:
        """Go on to a state, unless it was canceled meanwhile."""
        if self.status not in UNDER_WAY:
            return False
        self.status = status
        self.finished = None if status in UNDER_WAY else utc_now()
        return True


@dataclass
class Service:
    record: Json
    variables: dict[str, str]
    log: Log
    deploys: list[Deploy] = field(default_factory=list[Deploy])
    waiting: Deploy | None = None
    """It begins when the one under way has ended."""
    events: list[Json] = field(default_factory=list[Json])
    created: datetime = field(default_factory=utc_now)

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def name(self) -> str:
        return str(self.record["name"])

    @property
    def details(self) -> Json:
        return self.record["serviceDetails"]

    @property
    def is_suspended(self) -> bool:
        return self.record["suspended"] == "suspended"

    @property
    def live(self) -> Deploy | None:
        return next((each for each in reversed(self.deploys) if each.status == "live"), None)

    @property
    def under_way(self) -> Deploy | None:
        begun = (each for each in self.deploys if each is not self.waiting)
        return next((each for each in begun if each.status in UNDER_WAY), None)

    @property
    def settings(self) -> Settings:
        commands, details = self.details["envSpecificDetails"], self.details
        return Settings(
            dict(self.variables),
            commands["startCommand"],
            details["healthCheckPath"],
            details["numInstances"],
            details["plan"],
        )

    def listed(self) -> list[Deploy]:
        """Return the deploys, the newest first, as a list shows them: a moment late."""
        return [each for each in reversed(self.deploys) if utc_now() - each.created > LAG]

    def suspend(self, by: str) -> None:
        self.record |= {"suspended": "suspended", "suspenders": [by]}

    def happened(self, deploy: Deploy, failure: Json | None) -> None:
        reason = {"failure": {"evicted": False, **failure}} if failure else {}
        status = "failed" if failure else "canceled" if deploy.status == "canceled" else "succeeded"
        details = {"deployId": deploy.id, "deployStatus": status, "status": 2, "reason": reason}
        event = {"id": new_id("evt"), "timestamp": stamp(utc_now()), "serviceId": self.id}
        self.events.insert(0, {**event, "type": "deploy_ended", "details": details})


@dataclass
class Cloud:
    """Where deploys are built and run."""

    host: Callable[[], Host]
    background: Callable[[Awaitable[None]], None]
    clone: Callable[[str, str], Mapping[str, bytes] | None]
    """Returns the files of a repository's commit; None where it may not be read."""
    is_waiting: bool = True
    """The policy for overlapping deploys: one waits for the other; else it takes its place."""
    is_checked: bool = True
    """Whether what runs is asked for its health before it is live."""
    health_seconds: float = 1
    build_seconds: float = 0
    """Before a build that begins does anything."""

    def begin(self, deploy: Deploy, *, is_shown: bool = False) -> bool:
        """Begin a deploy, and say so; else it waits for the one under way, and is shown or not."""
        service = deploy.service
        other = service.under_way if service.under_way is not deploy else None
        if other is not None and self.is_waiting:
            service.waiting = deploy
            if is_shown:
                deploy.status = "queued"
                service.deploys.append(deploy)
            return False
        if other is not None:
            self.cancel(other)
        if deploy not in service.deploys:
            deploy.created = utc_now()
            service.deploys.append(deploy)
        self.background(self._run(deploy))
        return True

    def cancel(self, deploy: Deploy) -> None:
        deploy.moves("canceled")
        deploy.service.happened(deploy, None)

    async def _run(self, deploy: Deploy) -> None:
        await asyncio.sleep(0.02)
        if deploy.files is not None or await self._built(deploy):
            await self._start(deploy)
        service = deploy.service
        if service.waiting is not None and service.under_way is None:
            waiting, service.waiting = service.waiting, None
            self.begin(waiting)

    async def _built(self, deploy: Deploy) -> bool:
        if not deploy.moves("build_in_progress"):
            return False
        await asyncio.sleep(self.build_seconds)
        service = deploy.service

        async def emit(message: str) -> None:
            await service.log.write("build", message)

        await emit(f"==> Cloning from {service.record['repo']}")
        files = self.clone(service.record["repo"], deploy.commit)
        if files is None:
            await emit("fatal: could not read Username for 'https://github.com': terminal prompts disabled")
            await emit(f"==> Unable to clone {service.record['repo']}")
        else:
            await emit(f"==> Running build command '{service.details['envSpecificDetails']['buildCommand']}'...")
        if files is None or not await self.host().build(files, deploy.settings.variables, emit):
            await emit("==> Build failed")
            deploy.moves("build_failed")
            service.happened(deploy, {"nonZeroExit": 1})
            return False
        deploy.files = files
        return True

    async def _start(self, deploy: Deploy) -> None:
        if not deploy.moves("update_in_progress"):
            return
        service, settings = deploy.service, deploy.settings

        async def emit(message: str) -> None:
            await service.log.write("app", message, instance=deploy.instance)

        code = Code(deploy.files or {}, settings.start_command)
        failure: Json | None = None
        if not await self.host().start(deploy.site, code, settings.variables, emit):
            failure = {"nonZeroExit": 1}
        elif status := await self._unhealthy(deploy):
            failure = {"unhealthy": f"HTTP health check failed (status code {status})"}
        if deploy.moves("update_failed" if failure else "live"):
            service.happened(deploy, failure)
        if deploy.status != "live":
            await self.host().stop(deploy.site)
            return
        for earlier in service.deploys:
            if earlier is not deploy and earlier.status == "live":
                earlier.status = "deactivated"
                await self.host().stop(earlier.site)

    async def _unhealthy(self, deploy: Deploy) -> int | None:
        """Return the status that the health path goes on to have; None once it is well."""
        until, status = utc_now() + timedelta(seconds=self.health_seconds), None
        async with httpx.AsyncClient(verify=trusted()) as client:
            while self.is_checked and deploy.status == "update_in_progress":
                answer = await client.get(f"{self.host().url(deploy.site)}{deploy.settings.health_path}")
                if answer.is_success:
                    return None
                if utc_now() > until:
                    return answer.status_code
                await asyncio.sleep(0.1)
        return status
