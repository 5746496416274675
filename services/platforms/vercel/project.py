"""The project of a site: its variables, its deployments, and which of these is in production."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import msgspec

from services.core.frozen import frozen
from services.platforms.port import DeployFailed, Placement
from services.platforms.vendors.client import Refused
from services.platforms.vendors.work import LOOKS, Limits
from services.platforms.vercel.api import DEPLOYMENTS, Vercel

MARK: Final = "snapinfra"
"""The key of a deployment's metadata that has the id by which it is found."""
BEFORE: Final = "snapinfraBefore"
"""Of that which has what was in production when it was asked for."""
OURS: Final = "Set by Snapinfra."
"""The comment on variables that we set: the others are the user's own."""

_NEWEST: Final = "20"
_SKEW: Final = 60
"""Seconds that Vercel's clock may be behind ours."""


class AliasRequest(msgspec.Struct, frozen=True, rename="camel"):
    """The newest rollback or promotion."""

    job_status: str
    """pending, in-progress, succeeded, failed or skipped."""
    to_deployment_id: str
    requested_at: int
    """In milliseconds."""
    from_deployment_id: str | None = None

    def is_since(self, asked_at: datetime) -> bool:
        """Say whether it is not from before a time by our clock."""
        return self.requested_at / 1000 > asked_at.timestamp() - _SKEW

    def was_given_up(self, deployment_id: str, asked_at: datetime) -> bool:
        """Say whether it is that of a deployment which was asked for at a time by our clock, and came to nothing."""
        is_it = self.to_deployment_id == deployment_id and self.is_since(asked_at)
        return is_it and self.job_status in {"failed", "skipped"}


class _Named(msgspec.Struct, frozen=True):
    id: str


class Project(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    account_id: str
    targets: dict[str, _Named | None] | None = None
    last_alias_request: AliasRequest | None = None

    @property
    def production(self) -> str | None:
        """Return the deployment that is in production."""
        target = (self.targets or {}).get("production")
        return target.id if target else None

    @property
    def is_moving(self) -> bool:
        """Say whether production is about to become another deployment."""
        return self.last_alias_request is not None and self.last_alias_request.job_status in {"pending", "in-progress"}

    def asked_since(self, asked_at: datetime) -> str | None:
        """Return the deployment that was asked to become production after a time by our clock."""
        request = self.last_alias_request
        return request.to_deployment_id if request and request.is_since(asked_at) else None


class Deployment(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    ready_state: str
    ready_substate: str | None = None
    alias_assigned: object = None
    """True, or a time, once its domains lead to it; it may be READY before."""
    alias_error: object = None
    alias: list[str] = []
    meta: dict[str, str] = {}
    error_message: str | None = None
    inspector_url: str | None = None

    @property
    def is_ready(self) -> bool:
        return self.ready_state == "READY"

    @property
    def waits_for_domains(self) -> bool:
        return self.is_ready and not self.alias_assigned and self.alias_error is None

    @property
    def has_failed(self) -> bool:
        return self.ready_state in {"ERROR", "BLOCKED"} or self.ready_state.endswith("_ERROR")

    @property
    def has_ended(self) -> bool:
        return self.is_ready or self.has_failed or self.ready_state == "CANCELED"


class Listed(msgspec.Struct, frozen=True, rename="camel"):
    uid: str
    meta: dict[str, str] = {}
    inspector_url: str | None = None


class _Deployments(msgspec.Struct, frozen=True):
    deployments: list[Listed]


class _Domain(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    verified: bool = False
    redirect: str | None = None
    git_branch: str | None = None
    apex_name: str = ""


class _Domains(msgspec.Struct, frozen=True):
    domains: list[_Domain]


class _Variable(msgspec.Struct, frozen=True):
    id: str
    key: str
    comment: str | None = None


class _Variables(msgspec.Struct, frozen=True):
    envs: list[_Variable]


class _Problem(msgspec.Struct, frozen=True):
    message: str = "without a reason"


class _Unset(msgspec.Struct, frozen=True):
    error: _Problem = _Problem()


class _Result(msgspec.Struct, frozen=True):
    failed: list[_Unset] = []


@frozen
class Site:
    """The project may not be there yet."""

    api: Vercel
    placement: Placement

    @property
    def path(self) -> str:
        return f"/v9/projects/{self.placement.site}"

    @property
    def rollback_to(self) -> str | None:
        """The deployment of Vercel that a rollback goes back to."""
        earlier = self.placement.rollback_to
        return earlier and (earlier.id("rollback") or earlier.id("build"))

    async def find(self) -> Project | None:
        return await self.api.get(self.path, Project)

    async def project(self) -> Project:
        """Return the project. Raises DeployFailed where Vercel has it no more."""
        project = await self.find()
        if project is None:
            raise DeployFailed("GONE", "Vercel has this project no more: it was deleted there.")
        return project

    async def ensure(self) -> Project:
        """Return the project, which is created where there is none."""
        project = await self.find()
        if project is not None:
            return project
        try:
            await self.api.call("POST", "/v11/projects", body={"name": self.placement.site}, repeatable=True)
        except Refused as refused:
            if refused.status != HTTPStatus.CONFLICT:  # created by a call whose answer was lost
                raise
        return await self.project()

    async def set_variables(self, wanted: Mapping[str, str]) -> None:
        """Set what is wanted, and take out what we set earlier and is wanted no more. The user's own stay."""
        path = f"/v10/projects/{self.placement.site}/env"
        present = await self.api.get(path, _Variables)
        for variable in present.envs if present else []:
            if variable.comment == OURS and variable.key not in wanted:
                await self.api.call("DELETE", f"{self.path}/env/{variable.id}", missing_ok=True)
        if not wanted:
            return
        body = [
            {"key": key, "value": value, "type": "sensitive", "target": ["production"], "comment": OURS}
            for key, value in wanted.items()
        ]
        answer = await self.api.call("POST", path, body=body, params={"upsert": "true"}, repeatable=True)
        if problems := answer.read(_Result).failed:  # though the status is 201
            words = " ".join(problem.error.message for problem in problems)
            raise DeployFailed("VARIABLES_REFUSED", f"Vercel does not take the variables: {words}")

    async def deployment(self, deployment_id: str) -> Deployment | None:
        return await self.api.get(f"{DEPLOYMENTS}/{deployment_id}", Deployment)

    async def known(self, deployment_id: str) -> Deployment:
        """Return a deployment. Raises DeployFailed where Vercel has it no more."""
        deployment = await self.deployment(deployment_id)
        if deployment is None:
            raise DeployFailed("GONE", "Vercel has this deployment no more: it was deleted there.")
        return deployment

    async def find_deployment(self) -> Listed | None:
        """Return the deployment that carries the mark."""
        mark = self.placement.deployment_id
        project = await self.find()
        if project is None:
            return None
        asked = {"projectId": project.id, "limit": _NEWEST, f"meta-{MARK}": mark}
        page = await self.api.get("/v7/deployments", _Deployments, **asked)
        listed = page.deployments if page else []
        return next((each for each in listed if each.meta.get(MARK) == mark), None)

    async def url(self, deployment_id: str) -> str:
        """Return where production is: at the domain that Vercel gave, or that which the user put in its place."""
        page = await self.api.get(f"{self.path}/domains", _Domains, production="true")
        domains = [
            domain
            for domain in (page.domains if page else [])
            if domain.verified and domain.redirect is None and domain.git_branch is None
        ]
        names = [domain.name for domain in sorted(domains, key=lambda domain: domain.apex_name != "vercel.app")]
        if not names:
            names = (await self.known(deployment_id)).alias
        if not names:
            raise DeployFailed("RELEASE_FAILED", "The project has no domain at Vercel.")
        return f"{self.api.scheme}://{names[0]}"

    async def move(self, how: str, deployment_id: str, limits: Limits) -> str:
        """Ask that a deployment becomes production, by `rollback` or `promote`, where it is not, and return its id.

        It may be refused; and accepted (202) only to wait behind a release that is under way.
        """
        project = await self.project()
        if project.production == deployment_id and not project.is_moving:
            return deployment_id
        version = "v1" if how == "rollback" else "v10"
        path = f"/{version}/projects/{project.id}/{how}/{quote(deployment_id)}"
        await self.api.call("POST", path, body={}, repeatable=True)
        earlier = project.last_alias_request
        for _ in range(LOOKS):  # what is shown for a while may be an earlier one, which may have failed
            if (await self.project()).last_alias_request != earlier:
                break
            await asyncio.sleep(limits.poll)
        return deployment_id

    async def moved(self, deployment_id: str, limits: Limits, *, asked_at: datetime) -> None:
        """Return when a deployment is production. Raises DeployFailed when Vercel has given that up."""
        pause = limits.poll
        while True:
            project = await self.project()
            request = project.last_alias_request
            if project.production == deployment_id and not project.is_moving:
                return
            if request is not None and request.was_given_up(deployment_id, asked_at):
                message = f"Vercel has {request.job_status} the move of the project's domains to this deployment."
                raise DeployFailed("RELEASE_FAILED", message)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, limits.longest_poll)
