"""The app of a site: its builds, its releases, its dynos, its log."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from itertools import takewhile
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.platforms.offers import Hosting
from services.platforms.port import Built, DeployFailed, Placement, Progress
from services.platforms.vendors.client import Client, Refused
from services.platforms.vendors.work import Limits, Work, found

BEFORE: Final = "before"
"""The step that notes what runs before anything is changed."""
PROMOTE: Final = "promote"
"""The step that releases what another app has built."""
RELEASE: Final = "released"
"""The step that notes the release of a deployment, however it came."""
PROMOTION: Final = "Promotion "
"""What the description of a release begins with that was built by another app; a deployment's id follows."""
NOTHING: Final = "-"

_NEWEST_BUILDS: Final = "started_at ..; order=desc,max=50"
_NEWEST_RELEASES: Final = "version ..; order=desc,max=20"


class Account(msgspec.Struct, frozen=True):
    email: str


class AppInfo(msgspec.Struct, frozen=True):
    id: str
    name: str
    web_url: str | None = None


class _Named(msgspec.Struct, frozen=True):
    id: str


class SourceBlob(msgspec.Struct, frozen=True):
    version: str | None = None


class Build(msgspec.Struct, frozen=True):
    id: str
    status: str
    """pending, succeeded or failed."""
    output_stream_url: str
    source_blob: SourceBlob = SourceBlob()
    release: _Named | None = None


class Release(msgspec.Struct, frozen=True):
    id: str
    version: int
    status: str
    """pending, succeeded, failed or expired."""
    description: str
    created_at: datetime
    output_stream_url: str | None = None
    slug: _Named | None = None

    @property
    def runs(self) -> bool:
        """Whether it runs, has run or is about to."""
        return self.slug is not None and self.status not in {"failed", "expired"}

    @property
    def is_promotion(self) -> bool:
        return self.description.startswith(PROMOTION)


class Dyno(msgspec.Struct, frozen=True):
    """A process: one that is started again is another."""

    id: str
    type: str
    state: str
    """starting, up, crashed, down or idle."""
    release: _Named


class Process(msgspec.Struct, frozen=True):
    type: str
    quantity: int


@frozen
class App:
    """The app may not be there yet."""

    client: Client
    placement: Placement

    @property
    def path(self) -> str:
        return f"/apps/{self.placement.site}"

    async def ensure(self, work: Work, *, region: str | None) -> None:
        """Create the app where there is none, in a region. Raises DeployFailed NAME_TAKEN."""
        if await self.find() is not None:
            return
        await work.say(f"Creating the app {self.placement.site}.")
        try:
            wanted = {"name": self.placement.site} | ({"region": region} if region else {})
            await self.client.call("POST", "/apps", body=wanted, repeatable=True)
        except Refused as refused:
            if refused.status != HTTPStatus.UNPROCESSABLE_ENTITY or "taken" not in refused.words:
                raise
            if await self.find() is None:
                words = f"Somebody else at Heroku has an app called {self.placement.site}."
                raise DeployFailed("NAME_TAKEN", words) from None

    async def find(self) -> AppInfo | None:
        return await self.client.get(self.path, AppInfo)

    async def find_build(self) -> str | None:
        """Return the build that carries the deployment's mark."""
        builds = await self.client.get(f"{self.path}/builds", list[Build], headers={"range": _NEWEST_BUILDS})
        marked = (build.id for build in builds or [] if build.source_blob.version == self.placement.deployment_id)
        return next(marked, None)

    async def build(self, build_id: str) -> Build:
        """Return a build. Raises DeployFailed where Heroku has it no more."""
        build = await self.client.get(f"{self.path}/builds/{build_id}", Build)
        if build is None:
            raise DeployFailed("GONE", "Heroku has this build no more: its app was deleted there.")
        return build

    async def release(self, release_id: str) -> Release:
        """Return a release. Raises DeployFailed where Heroku has it no more."""
        release = await self.client.get(f"{self.path}/releases/{release_id}", Release)
        if release is None:
            raise DeployFailed("GONE", "Heroku has this release no more: its app was deleted there.")
        return release

    async def releases(self) -> list[Release]:
        """Return the newest releases, the newest first."""
        return await self.client.get(f"{self.path}/releases", list[Release], headers={"range": _NEWEST_RELEASES}) or []

    async def has_crashed(self, release_id: str) -> bool:
        """Say whether a web dyno of a release has crashed."""
        return any(dyno.release.id == release_id and dyno.state == "crashed" for dyno in await self._web())

    async def restart(self) -> None:
        """Let Heroku start all dynos again."""
        await self.client.call("DELETE", f"{self.path}/dynos")

    async def dynos(self) -> str:
        """Return the ids of the web dynos."""
        return " ".join(dyno.id for dyno in await self._web())

    async def has_replaced(self, dynos: str) -> bool:
        """Say whether all web dynos are others, and none of them is only about to come up."""
        earlier = dynos.split()
        return all(dyno.id not in earlier and dyno.state != "starting" for dyno in await self._web())

    async def _web(self) -> list[Dyno]:
        dynos = await self.client.get(f"{self.path}/dynos", list[Dyno]) or []
        return [dyno for dyno in dynos if dyno.type == "web"]

    async def find_rollback(self, since: datetime, *, to: str = "") -> str | None:
        """Return the newest release that a rollback since then has made, to a version such as `7` or to any."""
        began = since.replace(microsecond=0)  # Heroku's times have no fractions
        for release in await self.releases():
            words, _, version = release.description.partition("Rollback to v")
            if not words and version and to in {"", version} and release.created_at >= began:
                return release.id
        return None

    async def find_promotion(self) -> str | None:
        """Return the release of what another app has built that carries the deployment's mark."""
        mark = f"{PROMOTION}{self.placement.deployment_id}"
        return next((each.id for each in await self.releases() if each.description == mark), None)

    async def release_of(self, progress: Progress) -> str | None:
        """Return the release that a deployment has made. Raises DeployFailed GONE."""
        noted = (progress.id(each) for each in (RELEASE, "rollback", PROMOTE))
        release_id, build_id = next(filter(None, noted), None), progress.id("build")
        if release_id is None and build_id is not None:
            release = (await self.build(build_id)).release
            release_id = release.id if release else None
        return release_id

    async def slug_of(self, built: Built) -> str | None:
        """Return what another app has built; None where that is gone."""
        there = App(self.client, replace(self.placement, site=built.site))
        try:
            release_id = await there.release_of(built.progress)
            slug = (await there.release(release_id)).slug if release_id else None
        except DeployFailed as failure:
            if failure.reason != "GONE":
                raise
            return None
        return slug.id if slug else None

    async def scale(self, quantity: int | None, size: str | None = None) -> None:
        """Let so many web dynos run, of such a size; None leaves either as it is."""
        update = {"type": "web"} | ({} if quantity is None else {"quantity": quantity})
        sized = {"dyno_size": {"name": size}} if size else {}
        body = {"updates": [{**update, **sized}]}
        await self.client.call("PATCH", f"{self.path}/formation", body=body, missing_ok=True)

    async def serve(self, hosting: Hosting) -> None:
        """Let the web be served by as much as is chosen; else by as much as there was, or one dyno."""
        formation = await self.client.get(f"{self.path}/formation", list[Process]) or []
        quantity = next((each.quantity for each in formation if each.type == "web"), 0)
        wanted = hosting.instances or quantity or 1
        if wanted != quantity or hosting.size:
            await self.scale(wanted, hosting.size)

    async def give_up(self, limits: Limits) -> None:
        """Stop the build, and bring back what ran before, with the config vars that it had."""
        progress = self.placement.progress
        release_id = progress.id("rollback")
        if release_id is None and (call := progress.calls.get("rollback")) is not None:
            release_id = await found(lambda: self.find_rollback(call.at), limits)
        if PROMOTE in progress.calls:
            release_id = progress.id(PROMOTE) or await found(self.find_promotion, limits)
        build_id = progress.id("build")
        if build_id is None and "build" in progress.calls:
            build_id = await found(self.find_build, limits)
        if build_id is not None:
            build = await self.build(build_id)
            if build.status == "pending":
                try:
                    await self.client.call("DELETE", f"{self.path}/builds/{build_id}")
                except Refused:  # it ended meanwhile
                    build = await self.build(build_id)
            release_id = build.release.id if build.release else None
        if (before := progress.id(BEFORE)) is not None:
            await self.restore(before, ours=release_id)

    async def newest(self) -> str:
        """Return the release that runs; NOTHING where none does."""
        releases = await self.releases()
        return next((each.id for each in releases if each.status == "succeeded" and each.slug), NOTHING)

    async def restore(self, before: str, *, ours: str | None) -> None:
        """Bring a release back, unless somebody else has deployed since; where there was none, let no dyno run."""
        newer = list(takewhile(lambda each: each.id != before, await self.releases()))
        if before == NOTHING:
            await self.scale(0)
            return
        slug = (await self.release(before)).slug  # config vars alone make releases, too
        if newer and all(each.id == ours or each.slug == slug for each in newer):
            body = {"release": before}
            await self.client.call("POST", f"{self.path}/releases", body=body, repeatable=True)


def failure(refused: Refused) -> DeployFailed:
    """Word a refusal of Heroku (devcenter.heroku.com/articles/platform-api-reference#error-responses)."""
    words = refused.words.rstrip(".") or f"it answers with status {refused.status}"
    if refused.status == HTTPStatus.PAYMENT_REQUIRED:
        return DeployFailed("PLAN_LIMIT", f"Heroku wants the account to be paid or verified first: {words}.")
    if refused.status == HTTPStatus.FORBIDDEN:
        return DeployFailed("NOT_PERMITTED", f"The Heroku account may not do this: {words}.")
    if "limit" in refused.words.lower():
        return DeployFailed("PLAN_LIMIT", f"The Heroku account has reached a limit: {words}.")
    return DeployFailed("REFUSED", f"Heroku refuses this: {words}.")
