"""Environments: where a project's code runs, with variables that go in and never come out."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec
from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Invalid, NotFound, Unavailable
from services.core.frozen import frozen
from services.core.ids import EnvironmentId, ProjectId, UserId
from services.core.pages import Page, PageRequest
from services.core.policy import Action
from services.core.text import bounded
from services.environments.model import Environment, EnvironmentKind, Variable
from services.environments.rules import variable_faults
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import Part, write_together
from services.foundation.limits.idempotency import Idempotency, Try
from services.foundation.vault.envelope import Envelopes, Sealed
from services.foundation.vault.port import CanNotOpen, Context
from services.platforms.offers import Hosting
from services.platforms.port import DeploymentPlatform, Platform
from services.projects.model import Project
from services.projects.service import Projects

MOST: Final = 20
"""Environments of a project."""
NAME_LENGTH: Final = 50
PATH_LENGTH: Final = 200
TRIES: Final = 20
"""Of rivals in one project one gets ahead each time, and all that it has room for may be made at once."""
_SHOWN, _LONG = 4, 12
_UNSEEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
"""What is shown as nothing (Unicode, Default_Ignorable_Code_Point)."""
_PATH: Final = re.compile(r"/[\x21-\x7e]*", re.ASCII)
_VALUES: Final = msgspec.json.Decoder(dict[str, str])


_Change = Callable[[Mapping[str, str]], Mapping[str, str]]


class _Changed(Exception):
    """Somebody else has changed the environment since it was read."""


@frozen
class NewEnvironment:
    project_id: ProjectId
    name: str
    kind: EnvironmentKind
    platform: DeploymentPlatform
    health_path: str = "/health"
    hosting: Hosting = Hosting()
    client_mutation_id: str | None = None


@frozen
class EnvironmentChange:
    """None leaves a field as it is."""

    name: str | None = None
    kind: EnvironmentKind | None = None
    health_path: str | None = None
    hosting: Hosting = Hosting()
    expected_version: int | None = None


@frozen(kw_only=True)
class Environments:
    table: Table[Environment]
    projects: Projects
    envelopes: Envelopes
    idempotency: Idempotency
    platforms: Mapping[DeploymentPlatform, Platform]
    """Those that may be used here."""
    now: Clock

    async def create(self, new: NewEnvironment, *, by: Actor) -> Environment:
        """Make a place for a project's code."""
        async with self.idempotency.trying("createEnvironment", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(EnvironmentId(attempt.done), by=by)
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewEnvironment, attempt: Try, *, by: Actor) -> Environment:
        project = await self.projects.get(new.project_id, by=by, action=Action.EDIT)
        faults = _faults(new.name, new.health_path)
        if new.platform not in self.platforms:
            faults.append(Fault(f"{new.platform.value} is not available on this server.", ("platform",)))
        else:
            offers = self.platforms[new.platform].offers
            faults += offers.faults(new.hosting, beside=Hosting(size=offers.smallest))
        if faults:
            raise Invalid(faults)
        environment_id, now = EnvironmentId(await attempt.take_id("environment")), self.now()
        environment = Environment(
            id=environment_id,
            project_id=project.id,
            user_id=by.user_id,
            name=new.name.strip(),
            kind=new.kind,
            platform=new.platform,
            health_path=new.health_path,
            hosting=new.hosting,
            created_at=now,
            updated_at=now,
        )
        if await self.table.find(environment_id) is None:
            with suppress(_Changed):  # another try has made it
                await self._name(environment, self.table.creation(environment), by=by)
        environment = await self.get(environment_id, by=by)
        await self.projects.journal.created(environment, environment.name, place=project, by=by.user_id)
        return environment

    async def _name(self, environment: Environment, storing: Part, *, by: Actor) -> None:
        """Store an environment together with its name, which no other of the project has, however both are written.

        Raises Invalid where one has, Conflict where the project has no room or keeps changing, and _Changed where the
        environment was stored meanwhile.
        """
        for _ in range(TRIES):
            project = await self.projects.get(environment.project_id, by=by)
            names = await self._other_names(project, but=environment.id)
            if (key := _key(environment.name)) in names:
                raise Invalid.one("The project has an environment of that name already.", "name")
            if len(names) >= MOST:
                raise Conflict(f"A project can have at most {MOST} environments.")
            naming = self.projects.naming(project, {**names, key: environment.id})
            failed = await write_together([storing, naming])
            if not failed:
                return
            if storing in failed:
                raise _Changed
        raise Conflict("The project keeps changing; try again.")

    async def _other_names(self, project: Project, *, but: EnvironmentId) -> Mapping[str, EnvironmentId]:
        """Return the names of the other environments: as the project has them, or from before it had them."""
        names = {key: each for key, each in project.environment_names.items() if each != but}
        known = {*names.values(), but}
        indexed = [each.id async for each in self.table.every("ProjectIdIndex", project.id) if each.id not in known]
        older = [await self.table.find(each) for each in indexed]
        return {_key(each.name): each.id for each in older if each is not None} | names

    async def get(self, environment_id: EnvironmentId, *, by: Actor, action: Action = Action.VIEW) -> Environment:
        """Return an environment of a project on which the actor may do `action`."""
        environment = await self.table.find(environment_id)
        if environment is None:
            raise NotFound("environment", environment_id)
        try:
            await self.projects.get(environment.project_id, by=by, action=action)
        except NotFound:
            raise NotFound("environment", environment_id) from None
        return environment

    async def find(self, environment_id: EnvironmentId) -> Environment | None:
        """Return an environment, for work that was authorized otherwise."""
        return await self.table.find(environment_id)

    async def many(self, keys: Sequence[tuple[EnvironmentId, ProjectId]]) -> Sequence[Environment | None]:
        """Return environments of projects that the caller was given, by their ids and the projects'; None for none."""
        return await self.table.find_many(keys)

    async def of_project(self, project: Project, page: PageRequest) -> Page[Environment]:
        """Return those of a project that the caller was given, newest first."""
        return await self.table.query("ProjectIdIndex", project.id, page)

    async def update(self, environment_id: EnvironmentId, change: EnvironmentChange, *, by: Actor) -> Environment:
        """Change what an environment is called, is for, how its health is asked for, or how much runs next."""
        old = await self.get(environment_id, by=by, action=Action.EDIT)
        name = old.name if change.name is None else change.name
        path = old.health_path if change.health_path is None else change.health_path
        if faults := [*_faults(name, path), *self._hosting_faults(old, change.hosting)]:
            raise Invalid(faults)
        project = await self.projects.get(old.project_id, by=by)

        def changed(stored: Environment) -> Environment:
            if change.expected_version not in (None, stored.version):
                raise Conflict("The environment has changed meanwhile.", current=stored)
            hosting = stored.hosting.changed(change.hosting)
            kind = change.kind or stored.kind
            return replace(stored, name=name.strip(), kind=kind, health_path=path, hosting=hosting)

        if _key(name) != _key(old.name):
            new = changed(old)
            try:
                await self._name(new, self.table.replacement(old, new), by=by)
            except _Changed:
                raise Conflict("The environment has changed meanwhile.", current=old) from None
            return await self._noted(await self.table.find(environment_id), environment_id, project, by=by)
        return await self._noted(await self.table.update(environment_id, changed), environment_id, project, by=by)

    async def keep(self, environment_id: EnvironmentId, hosting: Hosting) -> None:
        """Note what was changed of how much runs there, for work that was authorized otherwise."""
        await self.table.update(environment_id, lambda old: replace(old, hosting=old.hosting.changed(hosting)))

    def _hosting_faults(self, environment: Environment, to: Hosting) -> list[Fault]:
        platform = self.platforms.get(environment.platform)
        faults = platform.offers.faults(to, beside=environment.hosting) if platform else []
        if platform and platform.offers.keeps_region and to.region not in (None, environment.hosting.region):
            faults.append(Fault("What is there stays in its region: make another environment.", ("region",)))
        return faults

    async def delete(
        self,
        environment_id: EnvironmentId,
        *,
        is_in_use: Callable[[Environment], Awaitable[bool]],
        by: Actor,
    ) -> Environment:
        """Delete an environment with its variables. Raises Conflict for one in which something is under way or runs.

        What begins in it changes the project, which must be as it was before the look.
        """
        for _ in range(TRIES):
            environment = await self.get(environment_id, by=by, action=Action.DELETE)
            project = await self.projects.get(environment.project_id, by=by)
            if await is_in_use(environment):
                message = "A deployment in this environment is under way or runs: cancel that first."
                raise Conflict(message, current=environment)
            names = {key: each for key, each in project.environment_names.items() if each != environment.id}
            if not await write_together([self.table.removal(environment), self.projects.naming(project, names)]):
                await self.projects.journal.deleted(environment, environment.name, place=project, by=by.user_id)
                return environment
        raise Conflict("The environment keeps changing; try again.")

    def presence(self, environment: Environment) -> Part:
        """Return the part of a transaction whose condition fails where the environment is deleted."""
        return self.table.presence(environment)

    async def set_variables(
        self, environment_id: EnvironmentId, variables: Mapping[str, str], *, by: Actor
    ) -> Environment:
        """Set variables beside those that are there. What runs keeps the ones it was deployed with."""
        return await self._change(environment_id, lambda old: {**old, **variables}, by=by)

    async def delete_variables(
        self, environment_id: EnvironmentId, names: Collection[str], *, by: Actor
    ) -> Environment:
        """Take variables out; those that are not there are left alone."""
        return await self._change(
            environment_id, lambda old: {name: value for name, value in old.items() if name not in names}, by=by
        )

    async def values(self, environment: Environment) -> Mapping[str, str]:
        """Return the variables with their values, for a deployment. Raises Unavailable."""
        if environment.sealed is None:
            return {}
        try:
            return _VALUES.decode(await self.envelopes.open(environment.sealed, _context(environment)))
        except CanNotOpen:
            message = "The variables of this environment can not be decrypted any more: set them again."
            raise Unavailable(message) from None

    async def _change(self, environment_id: EnvironmentId, change: _Change, *, by: Actor) -> Environment:
        for _ in range(TRIES):
            old = await self.get(environment_id, by=by, action=Action.EDIT)
            before = await self.values(old)
            after = change(before)
            is_public = old.platform is not DeploymentPlatform.LOCAL
            if faults := variable_faults(after, where=("variables",), before=before, is_public=is_public):
                raise Invalid(faults)
            if after == before:
                return old
            new = replace(
                old,
                variables=_shown(old, before, after, by=by.user_id, now=self.now),
                sealed=await self._sealed(old, after),
                revision=old.revision + 1,
            )
            try:
                stored = await self.table.update(environment_id, _unless_changed(old, new))
            except _Changed:
                continue
            project = await self.projects.get(old.project_id, by=by)
            return await self._noted(stored, environment_id, project, by=by)
        raise Conflict("The variables keep changing; try again.")

    async def _sealed(self, environment: Environment, variables: Mapping[str, str]) -> Sealed | None:
        if not variables:
            return None
        return await self.envelopes.seal(msgspec.json.encode(variables), _context(environment))

    async def _noted(
        self, changed: Environment | None, environment_id: EnvironmentId, project: Project, *, by: Actor
    ) -> Environment:
        if changed is None:
            raise NotFound("environment", environment_id)
        await self.projects.journal.updated(changed, changed.name, place=project, by=by.user_id)
        return changed


def _unless_changed(old: Environment, new: Environment) -> Callable[[Environment], Environment]:
    def changed(stored: Environment) -> Environment:
        if stored.version != old.version:
            raise _Changed
        return new

    return changed


def _shown(
    old: Environment, before: Mapping[str, str], after: Mapping[str, str], *, by: UserId, now: Clock
) -> tuple[Variable, ...]:
    """Return what may be shown of variables, by name; those whose value stays are as they were."""
    were = {variable.name: variable for variable in old.variables}
    moment = now()

    def shown(name: str, value: str) -> Variable:
        if name in were and before.get(name) == value:
            return were[name]
        version = were[name].version + 1 if name in were else 1
        return Variable(name, value[-_SHOWN:] if len(value) >= _LONG else "", version, by, moment)

    return tuple(shown(name, value) for name, value in sorted(after.items()))


def _key(name: str) -> str:
    """Return what two names have in common that people can't tell apart: other scripts' letters are others."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", name) if not _UNSEEN.match(letter))
    return " ".join(unicodedata.normalize("NFKC", visible.casefold()).split())


def _faults(name: str, health_path: str) -> list[Fault]:
    faults = bounded(name, field=["name"], most=NAME_LENGTH)
    faults += bounded(health_path, field=["healthPath"], most=PATH_LENGTH)
    if not _PATH.fullmatch(health_path):
        faults.append(Fault("healthPath must be a path such as /health.", ("healthPath",)))
    return faults


def _context(environment: Environment) -> Context:
    """Return what the values belong to; not the team, for a project may move to another."""
    return {"projectId": environment.project_id, "environmentId": environment.id}
