"""A deployment to Render, or a rollback: from a commit, or an earlier deploy, to a service that answers."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from services.platforms.archive import contents
from services.platforms.emitting import step
from services.platforms.github.pushing import GitHub, Push, Pushed
from services.platforms.port import DeployFailed, Live, LogStream, Order, Phase, PhaseChanged, Progress, Superseded
from services.platforms.preparing import TABLES_VARIABLES, Prepare
from services.platforms.render.answers import BUILDING, UNDER_WAY, WENT_LIVE, Deploy, Service
from services.platforms.render.api import Render
from services.platforms.render.ending import failed, leave
from services.platforms.render.logs import INSTANCES, Logs
from services.platforms.render.site import BRANCH, NOT_THERE, Site
from services.platforms.vendors.client import Refused, Unclear
from services.platforms.vendors.work import LOOKS, Work, found

ACCEPTED: Final = "accepted"
"""The step that notes that Render lets a deploy wait for another one, and has no id for it yet."""
COMMIT: Final = "commit"
"""The step that has the commit, by which the deploy is found."""
NEWEST: Final = "newest"
"""The step that notes which deploy is the newest before a rollback."""

_BUILD: Final = (LogStream.BUILD,)
_ALL: Final = (LogStream.BUILD, LogStream.RUNTIME)


class _KeptNoMore(Exception):
    """Render does not have what it built for an earlier deploy any more."""


@dataclass(slots=True)
class RenderDeployment:
    api: Render
    order: Order
    work: Work
    prepare: Prepare
    code_host: GitHub
    _service: Service | None = None

    async def run(self) -> None:
        """Build or roll back, and wait until it answers. Raises DeployFailed, Superseded, Refused and Unclear."""
        deploy_id = await self._rolled_back()
        since = "build" if deploy_id is None else "rollback"
        if deploy_id is None:
            deploy_id = await self._build()
        await self.work.emit(PhaseChanged(Phase.DEPLOYING))
        async with step(self.work.emit, "deploy"):
            deploy_id = await self._deployed(deploy_id, since=since)
            await self._scale(has_fewer=since == "rollback")
        await self._answers(deploy_id)

    async def _scale(self, *, has_fewer: bool) -> None:
        """Let as many instances run as are chosen: a rollback has as many as that had which it goes back to."""
        service, wanted = await self._known(), self.order.hosting.instances
        if wanted and (wanted != service.service_details.num_instances or (has_fewer and wanted > 1)):
            await self.work.unless_made("scale", lambda: self._site.scale(service, wanted))

    async def _build(self) -> str:
        await self.work.emit(PhaseChanged(Phase.BUILDING))
        begin = self._begun
        if self.work.id("build") is None:  # else an earlier attempt did
            begin = await self._prepared()
        async with step(self.work.emit, "build"):
            deploy_id = await self._once("build", call=begin, find=self._find)
            await self._built(deploy_id)
        return deploy_id

    async def _prepared(self) -> Callable[[], Awaitable[str]]:
        """Bring about all that a deploy needs, and return what begins one."""
        async with step(self.work.emit, "prepare"):
            prepared = await self.prepare(self.order)
        variables = {**prepared.environment, **self.order.config.environment}
        async with step(self.work.emit, "repository"):
            pushed = await self._push()
        async with step(self.work.emit, "service"):
            service = await self._site.find()
            if service is not None:
                await self._note_instances(service)
                await self._site.settle(service, self.order, repository=pushed.url)
                await self._site.set_variables(service, variables)

        async def begin() -> str:
            if (present := await self._site.find()) is not None:
                return await self._begin(present)
            await self.work.say(f"Creating the service {self.order.site}.")
            new = await self._site.create(self.order, repository=pushed.url, variables=variables)
            return new.deploy_id

        return begin

    async def _push(self) -> Pushed:
        """Push the files as a commit of this deployment alone, unless an earlier attempt did."""
        files = await asyncio.to_thread(contents, self.order.archive)
        push = Push(
            repository=self.order.site,
            branch=BRANCH,
            files=files,
            message=f"Deploy {self.order.deployment_id}",
            mark=self.order.deployment_id,
            description="Deployed by Snapinfra.",
            is_always=True,
        )
        pushed = await self.code_host.push(push, self.order.code_host)

        async def commit() -> str:
            return pushed.commit

        await self.work.once(COMMIT, call=commit, find=commit)
        return pushed

    async def _begin(self, service: Service) -> str:
        if service.is_suspended:
            await self._site.resume(service)
            if (
                known := await found(self._find, self.work.limits)
            ) is not None:  # it may have begun with the newest commit
                return known
        commit = self.work.id(COMMIT) or ""
        deploy_id = None if self.work.began(ACCEPTED) else await self._site.begin(service, commit)
        if deploy_id is not None:
            return deploy_id
        if self.work.began(ACCEPTED) is None:
            await self.work.say("Render is busy with another deploy of this service, and begins with this one later.")

        async def accepted() -> str:
            return commit

        await self.work.once(ACCEPTED, call=accepted, find=accepted)
        return await self._begun()

    async def _begun(self) -> str:
        """Return the deploy once Render has begun it."""
        pause = self.work.limits.poll
        async with self.work.within(self.work.limits.build, "build", since="build"):
            while (deploy_id := await self._find()) is None:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, self.work.limits.longest_poll)
        return deploy_id

    async def _find(self) -> str | None:
        commit = self.work.id(COMMIT)
        deploy = await self._site.find_deploy(commit) if commit else None
        return deploy.id if deploy else None

    async def _built(self, deploy_id: str) -> None:
        async with self.work.within(self.work.limits.build, "build", since="build"):
            deploy = await self._watch(deploy_id, BUILDING, _BUILD)
        if deploy.status in {"build_failed", "canceled"}:  # else it is what follows that failed
            raise await failed(self.api, await self._known(), deploy, quote=self.work.quote())

    async def _deployed(self, deploy_id: str, *, since: str) -> str:
        """Return the deploy that is live: this one, or one that has restarted it meanwhile."""
        limits = self.work.limits
        async with self.work.within(limits.build + limits.release, "release", since=since):
            deploy = await self._watch(deploy_id, UNDER_WAY, _ALL)
        if deploy.status == "live":
            return deploy_id
        service = await self._known()
        if deploy.status != "deactivated":
            raise await failed(self.api, service, deploy, quote=self.work.quote())
        newest = next((each for each in await self._site.deploys(service) if each.status == "live"), deploy)
        if newest.commit.id != deploy.commit.id:
            raise Superseded(newest.id)
        return newest.id

    async def _watch(self, deploy_id: str, waiting: AbstractSet[str], streams: Collection[LogStream]) -> Deploy:
        """Tell lines until the deploy waits no more."""
        service, pause = await self._known(), self.work.limits.poll
        while (deploy := await self.api.deploy(service.id, deploy_id)).status in waiting:
            await Logs(self.api, self.work, service, deploy.created_at).tell(streams)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self.work.limits.longest_poll)
        await self._settle(Logs(self.api, self.work, service, deploy.created_at), streams)
        return deploy

    async def _settle(self, logs: Logs, streams: Collection[LogStream]) -> None:
        """Tell the last lines, which come later than the state that they lead to."""
        still = 0
        for _ in range(LOOKS * 2):
            await asyncio.sleep(self.work.limits.poll)
            still = 0 if await logs.tell(streams) else still + 1
            if still == 2:  # noqa: PLR2004 - looks in a row that showed nothing new
                return

    async def _answers(self, deploy_id: str) -> None:
        service = await self._known()

        async def is_down() -> None:
            deploy = await self.api.deploy(service.id, deploy_id)
            await Logs(self.api, self.work, service, deploy.created_at).tell(_ALL)
            if deploy.status not in WENT_LIVE:
                raise await failed(self.api, service, deploy, quote=self.work.quote())

        async with step(self.work.emit, "health"):
            url = service.service_details.url
            try:
                await self.work.until_live(url, self.order, is_down=is_down)
            except DeployFailed as failure:
                if failure.reason == "HEALTH_CHECK_FAILED":
                    with suppress(DeployFailed, Refused, Unclear):  # the first failure is the one to tell of
                        await leave(self._site, service, await self.api.deploy(service.id, deploy_id))
                raise
        await self.work.emit(Live(url.rstrip("/")))

    async def _rolled_back(self) -> str | None:
        """Begin to go back to an earlier deploy, and return the new one; None where it is to be built anew."""
        earlier = self.order.rollback_to or Progress()
        deploy_id = earlier.id("rollback") or earlier.id("build")
        service = await self._site.find() if deploy_id and self.work.began("build") is None else None
        if service is None or deploy_id is None:
            return None
        async with step(self.work.emit, "rollback"):
            with suppress(_KeptNoMore):
                return await self._roll_back(service, deploy_id)
        await self.work.say("Render has the build of that deployment no more: its code is built again.")
        return None

    async def _roll_back(self, service: Service, deploy_id: str) -> str:
        """Deploy what was built earlier, with the variables that it had; the next deploy finds them, too.

        What leads to its tables stays as it is now.
        """

        async def newest() -> str:
            deploys = await self._site.deploys(service)
            return deploys[0].id if deploys else deploy_id

        before = await self.work.once(NEWEST, call=newest, find=newest)
        if self.work.began("rollback") is None:
            await self._note_instances(service)
            present = await self._site.variables(service)
            tables = {name: present[name] for name in present.keys() & TABLES_VARIABLES}
            await self._site.set_variables(service, {**tables, **self.order.config.environment})
            if service.is_suspended:
                await self._site.resume(service)

        async def call() -> str:
            try:
                return await self._site.roll_back(service, deploy_id)
            except Refused as refused:
                if refused.status not in NOT_THERE:
                    raise
                raise _KeptNoMore from None

        async def find() -> str | None:
            return await self._site.find_rollback(service, after=before)

        return await self._once("rollback", call=call, find=find)

    async def _once(
        self, name: str, *, call: Callable[[], Awaitable[str]], find: Callable[[], Awaitable[str | None]]
    ) -> str:
        """Do `Work.once`, and note the service and the page of its deploy."""
        deploy_id = await self.work.once(name, call=call, find=find)
        service = await self._known()

        async def known() -> str:
            return service.id

        page = f"{service.dashboard_url}/deploys/{deploy_id}"
        await self.work.once("service", call=known, find=known, page=lambda _: page)
        return deploy_id

    async def _note_instances(self, service: Service) -> None:
        async def running() -> str:
            return " ".join(await self._site.instances(service)) or "-"

        await self.work.once(INSTANCES, call=running, find=running)

    async def _known(self) -> Service:
        """Return the service of the deploy, which is there, though lists show it later. Raises DeployFailed GONE."""
        if self._service is None and self.order.progress.id("service") is not None:
            self._service = await self._site.known()
        if self._service is None:
            async with self.work.within(self.work.limits.release, "release", since=""):
                while (service := await self._site.find()) is None:  # noqa: ASYNC110 - Render tells nobody
                    await asyncio.sleep(self.work.limits.poll)
            self._service = service
        return self._service

    @property
    def _site(self) -> Site:
        return Site(self.api, self.order)
