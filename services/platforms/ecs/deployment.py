"""A deployment to ECS, or a rollback: from the source, or an earlier task definition, to a service that answers."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from services.core.frozen import frozen
from services.platforms.ecs.account import Account
from services.platforms.ecs.ground import Ground
from services.platforms.ecs.images import Images
from services.platforms.ecs.lines import Lines
from services.platforms.ecs.service import Service
from services.platforms.ecs.serving import Serving
from services.platforms.ecs.site import Site
from services.platforms.ecs.tasks import Tasks
from services.platforms.emitting import step
from services.platforms.port import DeployFailed, Live, Order, Phase, PhaseChanged, Placement
from services.platforms.preparing import Prepare
from services.platforms.vendors.client import Refused, Unclear
from services.platforms.vendors.work import Limits, Work, found


@frozen
class EcsDeployment:
    account: Account
    order: Order
    work: Work
    prepare: Prepare

    async def run(self) -> None:
        """Build or roll back, serve, and wait until it answers. Raises DeployFailed and Refused.

        What fails for good gives way to what ran before.
        """
        try:
            await self._run()
        except DeployFailed as failed:
            if failed.again_after is None:
                with suppress(DeployFailed, Refused, Unclear):  # how it failed is what is told
                    await self._give_way()
            raise

    async def _run(self) -> None:
        earlier = self.order.rollback_to
        if earlier is None:
            definition = await self._defined(await self._prepare())
        else:
            definition = await self._copied(earlier.id("release"))
        await self.work.emit(PhaseChanged(Phase.DEPLOYING))
        async with step(self.work.emit, "release"):
            await self._serving.serve(definition, since="service", health_path=self.order.config.health_path)
        await self._check()

    async def _give_way(self) -> None:
        """Stop what goes on: it must not come to run once it is said to have failed."""
        if (build_id := self.work.id("build")) is not None:
            await Images(self.account, self.site, self.order).stop(build_id)
        if (arn := self.work.id("service")) is not None:
            await self._service.leave(arn)

    async def _prepare(self) -> Mapping[str, str]:
        """Make the tables and what the site stands on; return what the backend needs to find its tables."""
        await self.work.emit(PhaseChanged(Phase.BUILDING))
        if self.work.id("release") is not None:  # an earlier attempt did
            return {}
        async with step(self.work.emit, "prepare"):
            prepared = await self.prepare(self.order, has_role=True)
        if self.work.id("build") is None:
            async with step(self.work.emit, "account"):
                await self.work.say("Making what the site stands on in the AWS account, where it is missing.")
                await Ground(self.account, self.site).ensure()
        return prepared.environment

    async def _defined(self, environment: Mapping[str, str]) -> str:
        """Build, and return the task definition of what was built."""
        images, tasks = Images(self.account, self.site, self.order), self._tasks
        if (known := self.work.id("release")) is not None:
            return known
        image = await self._promoted() or await self._built(images)
        variables = {"AWS_REGION": self.account.region, **environment}
        return await self.work.once(
            "release", call=lambda: tasks.register(image, self.order, variables), find=tasks.find
        )

    async def _built(self, images: Images) -> str:
        """Build, and return the image."""
        async with step(self.work.emit, "build"):
            build_id = await self.work.once(
                "build", call=lambda: images.begin(self.order), find=images.find, page=images.page
            )
            async with self.work.within(self.work.limits.build, "build", since="build"):
                return await images.follow(build_id, self.work)

    async def _promoted(self) -> str | None:
        """Return the image that was built for another service; None where there is none."""
        if self.order.promoted is None or self.work.began("build"):
            return None
        async with step(self.work.emit, "promote"):
            definition = self.order.promoted.progress.id("release")
            image = await self._tasks.image_of(definition) if definition else None
        if image is None:
            await self.work.say("AWS has what was built of it no more: it is built again.")
        return image

    async def _copied(self, earlier: str | None) -> str:
        """Return a task definition of earlier code with its variables."""
        if earlier is None:
            raise DeployFailed("GONE", "That deployment never ran at AWS.")
        async with step(self.work.emit, "rollback"):
            tasks = self._tasks
            return await self.work.once(
                "release", call=lambda: tasks.copy(earlier, self.order.hosting), find=tasks.find
            )

    async def _check(self) -> None:
        service = self._service

        async def is_down() -> str | None:
            return None if await service.find() is not None else "The service was deleted at AWS"

        async with step(self.work.emit, "health"):
            while (url := await service.url()) is None:
                if (why := await is_down()) is not None:
                    raise DeployFailed("GONE", f"{why}.")
                await asyncio.sleep(self.work.limits.poll)
            await self.work.until_live(url, self.order, is_down=is_down)
        await self.work.emit(Live(url))

    @property
    def site(self) -> Site:
        """The site that it goes to."""
        return Site(self.order.site)

    @property
    def _tasks(self) -> Tasks:
        return Tasks(self.account, self.site, self.order)

    @property
    def _service(self) -> Service:
        return Service(self.account, self.site, self.order)

    @property
    def _serving(self) -> Serving:
        lines = Lines(self.account, self.site.log)
        return Serving(self._service, self.work, lines, self.order.hosting.instances)


async def give_up(account: Account, placement: Placement, limits: Limits) -> None:
    """Stop what a deployment has begun: its build, or its taking the place of what ran before."""
    site, progress = Site(placement.site), placement.progress
    images, service = Images(account, site, placement), Service(account, site, placement)
    build_id = progress.id("build")
    if build_id is None and "build" in progress.calls:
        build_id = await found(images.find, limits)
    if build_id is not None:
        await images.stop(build_id)
    if "service" not in progress.calls:
        return
    arn, definition = progress.id("service"), progress.id("release")
    if arn is None and definition is not None:
        arn = await service.rollouts.find(definition)
    if arn is not None:
        await service.leave(arn)
