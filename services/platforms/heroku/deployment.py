"""A deployment to Heroku, or a rollback: from the source, or an earlier release, to an app that answers."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from services.platforms.archive import contents
from services.platforms.emitting import step
from services.platforms.heroku.app import BEFORE, PROMOTE, PROMOTION, RELEASE, App, Build, Release
from services.platforms.heroku.log import tell_log
from services.platforms.port import DeployFailed, Live, LogStream, Order, Phase, PhaseChanged, Progress
from services.platforms.preparing import Prepare
from services.platforms.vendors.client import Refused, Unclear
from services.platforms.vendors.output import Output
from services.platforms.vendors.source import tarball
from services.platforms.vendors.work import Work

DASHBOARD: Final = "https://dashboard.heroku.com/apps"

OURS: Final = "SNAPINFRA_VARIABLES"
"""The config var that lists those which we set: the others are the user's own."""


class _Blob(msgspec.Struct, frozen=True):
    get_url: str
    put_url: str


class _Source(msgspec.Struct, frozen=True):
    source_blob: _Blob


class _Made(msgspec.Struct, frozen=True):
    id: str


@dataclass(slots=True)
class HerokuDeployment:
    app: App
    order: Order
    work: Work
    prepare: Prepare
    _released: str | None = None
    """The release of this deployment, once it is known."""

    async def run(self) -> None:
        """Build or roll back, release, and wait until it answers. Raises DeployFailed and Refused.

        What fails for good gives way to what ran before, which config vars of ours may have restarted.
        """
        try:
            await self._deploy()
        except DeployFailed as failure:
            before = self.work.id(BEFORE)
            if failure.again_after is None and before is not None and failure.reason != "CREDENTIALS_REFUSED":
                with suppress(DeployFailed, Refused, Unclear):  # the first failure is the one to tell of
                    await self.app.restore(before, ours=self._released)
            raise

    async def _deploy(self) -> None:
        earlier = self.order.rollback_to
        if earlier is None:
            await self._prepare()
            self._released = await self._promote() or await self._build()
        else:
            self._released = await self._roll_back(earlier)
        await self._note(RELEASE, self._released)
        await self.work.emit(PhaseChanged(Phase.DEPLOYING))
        await self._release(self._released)
        await self._start(self._released)

    async def _prepare(self) -> None:
        await self.work.emit(PhaseChanged(Phase.BUILDING))
        if self.work.id("build") or self.work.id(PROMOTE):  # an earlier attempt did
            return
        async with step(self.work.emit, "prepare"):
            prepared = await self.prepare(self.order)
        async with step(self.work.emit, "app"):
            await self.app.ensure(self.work, region=self.order.hosting.region)
            await self._note_before()
            await self._set_variables({**prepared.environment, **self.order.config.environment})

    async def _note_before(self) -> None:
        await self.work.once(BEFORE, call=self.app.newest, find=self.app.newest)

    async def _note(self, what: str, id: str) -> None:
        async def known() -> str:
            return id

        await self.work.once(what, call=known, find=known)

    async def _set_variables(self, wanted: Mapping[str, str]) -> None:
        """Set what is wanted, and take out what we set earlier and is wanted no more. The user's own stay."""
        path = f"{self.app.path}/config-vars"
        present = await self.app.client.get(path, dict[str, str]) or {}
        ours = set(present.get(OURS, "").split())
        named = {**wanted, OURS: " ".join(sorted(wanted))}
        changes: dict[str, str | None] = dict.fromkeys(sorted(ours - wanted.keys()))
        changes |= {name: value for name, value in named.items() if present.get(name) != value}
        if changes:
            await self.app.client.call("PATCH", path, body=changes)

    async def _promote(self) -> str | None:
        """Release what another app has built, and return the release; None where there is no such thing."""
        if self.order.promoted is None or self.work.began("build"):
            return None
        slug = await self.app.slug_of(self.order.promoted)
        if slug is None:
            await self.work.say("Heroku has what was built of it no more: it is built again.")
            return None
        mark = self.order.deployment_id

        async def call() -> str:
            body = {"slug": slug, "description": f"{PROMOTION}{mark}"}
            return (await self.app.client.call("POST", f"{self.app.path}/releases", body=body)).read(_Made).id

        async with step(self.work.emit, PROMOTE):
            return await self.work.once(
                PROMOTE,
                call=call,
                find=self.app.find_promotion,
                page=self._page_of_releases,
            )

    async def _build(self) -> str:
        """Build, and return the id of the release that comes of it."""
        async with step(self.work.emit, "build"):
            build_id = await self.work.once(
                "build", call=self._begin_build, find=self.app.find_build, page=self._page_of_build
            )
            async with self.work.within(self.work.limits.build, "build", since="build"):
                return await self._built(build_id)

    async def _begin_build(self) -> str:
        client = self.app.client
        content = await asyncio.to_thread(lambda: tarball(self._source()))
        blob = (await client.call("POST", "/sources", repeatable=True)).read(_Source).source_blob
        await client.upload(blob.put_url, content)
        source = {
            "url": blob.get_url,
            "checksum": f"SHA256:{hashlib.sha256(content).hexdigest()}",
            "version": self.order.deployment_id,
        }
        body = {"source_blob": source, "buildpacks": [{"name": "heroku/nodejs"}]}
        return (await client.call("POST", f"{self.app.path}/builds", body=body)).read(_Made).id

    def _source(self) -> dict[str, bytes]:
        files = contents(self.order.archive)
        start = self.order.config.start_command
        if start or "Procfile" not in files:
            files["Procfile"] = f"web: {start or 'npm start'}\n".encode()
        if command := self.order.config.build_command:
            files["package.json"] = _built_by(command, files.get("package.json", b""))
        return files

    async def _built(self, build_id: str) -> str:
        build = await self.app.build(build_id)

        async def has_ended() -> bool:
            nonlocal build
            build = await self.app.build(build_id)
            return build.status != "pending"

        await self._follow(build, LogStream.BUILD, has_ended)
        if build.status != "succeeded":
            raise DeployFailed("BUILD_FAILED", f"Heroku could not build it.{self.work.quote()}")
        while build.release is None:
            await asyncio.sleep(self.work.limits.poll)
            await has_ended()
        return build.release.id

    async def _release(self, release_id: str) -> None:
        release = await self.app.release(release_id)

        async def has_ended() -> bool:
            nonlocal release
            release = await self.app.release(release_id)
            return release.status != "pending"

        since = next(each for each in ("rollback", PROMOTE, "build") if self.work.began(each))
        limit = self.work.limits.build + self.work.limits.release
        async with step(self.work.emit, "release"):
            async with self.work.within(limit, "release", since=since):
                await self._follow(release, LogStream.RELEASE, has_ended)
            if release.status != "succeeded":
                raise DeployFailed("RELEASE_FAILED", f"Heroku built it, but its release failed.{self.work.quote()}")

    async def _follow(self, what: Build | Release, stream: LogStream, has_ended: Callable[[], Awaitable[bool]]) -> None:
        if what.output_stream_url:
            await Output(self.app.client, self.work, what.output_stream_url, stream, what.id).follow(has_ended)
            return
        while True:
            if await has_ended():
                return
            await asyncio.sleep(self.work.limits.poll)

    async def _start(self, release_id: str) -> None:
        app = await self.app.find()
        url = app.web_url if app and app.web_url else f"https://{self.order.site}.herokuapp.com"
        await self.app.serve(self.order.hosting)

        async def is_down() -> str | None:
            has_crashed = await self.app.has_crashed(release_id)
            await self._tell(release_id)
            if not has_crashed:
                return None
            await asyncio.sleep(self.work.limits.poll)  # its last lines come later than its state
            await self._tell(release_id)
            return "The web dyno crashed"

        async with step(self.work.emit, "health"):
            await self.work.until_live(url, self.order, is_down=is_down)
        await self.work.emit(Live(url.rstrip("/")))

    async def _tell(self, release_id: str) -> None:
        with suppress(DeployFailed, Refused, Unclear):  # it may be well though its log can't be read
            await tell_log(self.app, self.work, release_id)

    async def _roll_back(self, to: Progress) -> str:
        """Make a release of earlier code with its config vars, and return its id."""
        release_id = await self.app.release_of(to)
        if release_id is None:
            raise DeployFailed("GONE", "That deployment was never released at Heroku.")
        earlier = await self.app.release(release_id)

        async def call() -> str:
            answer = await self.app.client.call("POST", f"{self.app.path}/releases", body={"release": earlier.id})
            return answer.read(_Made).id

        async def find() -> str | None:
            began = self.work.began("rollback") or earlier.created_at
            return await self.app.find_rollback(began, to=str(earlier.version))

        await self._note_before()
        async with step(self.work.emit, "rollback"):
            return await self.work.once("rollback", call=call, find=find, page=self._page_of_releases)

    def _page_of_releases(self, _: str) -> str:
        return f"{DASHBOARD}/{self.order.site}/activity"

    def _page_of_build(self, build_id: str) -> str:
        return f"{DASHBOARD}/{self.order.site}/activity/builds/{build_id}"


def _built_by(command: str, package: bytes) -> bytes:
    """Return a package.json with a command that Heroku runs instead of the script `build`."""
    try:
        content = msgspec.json.decode(package, type=dict[str, Any])
        scripts = msgspec.convert(content.get("scripts", {}), dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise DeployFailed("BAD_ARCHIVE", "The archive has no readable package.json at its root.") from None
    return msgspec.json.encode({**content, "scripts": {**scripts, "heroku-postbuild": command}})
