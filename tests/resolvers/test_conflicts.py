"""Whom the payload of a conflict shows the object as it is now: who may see it by its id, and nobody else."""

from types import SimpleNamespace
from typing import Any, Self

import pytest
import strawberry

from graph.schema import schema
from resolvers.context import Context
from resolvers.mutations import Payload, reporting
from services.bootstrap import Services
from services.core.actor import Actor
from services.core.errors import Conflict
from services.core.ids import new_id
from services.foundation.auth.tokens import Subject
from services.projects.service import NewProject
from services.settings import SettingsChange


@strawberry.type
class Shown(Payload):
    shown: strawberry.Private[Any] = None

    @classmethod
    def of(cls, thing: Any, /) -> Self:
        return cls(shown=thing)


async def somebody(services: Services) -> Actor:
    return await services.users.actor(Subject(f"user_{new_id('x').replace('_', '-')}"))


@strawberry.type
class Deleted(Payload):
    deleted_project_id: strawberry.ID | None = None


async def told(services: Services, conflict: Conflict, actor: Actor) -> Shown:
    """Return what a mutation tells somebody that met a conflict."""
    schema()  # all types are entered as what shows records

    @reporting
    async def mutation(root: None, *, info: Any) -> Shown:
        del root, info
        raise conflict

    info = SimpleNamespace(context=Context(services, signed_in=actor), path=SimpleNamespace(key="mutation"))
    return await mutation(None, info=info)


async def test_a_conflict_shows_the_object_to_whom_may_see_it(services: Services) -> None:
    alice, bob = await somebody(services), await somebody(services)
    project = await services.projects.create(NewProject("Shop"), by=alice)
    conflict = Conflict("It has changed.", current=project)

    theirs, others = await told(services, conflict, alice), await told(services, conflict, bob)

    assert (theirs.shown, others.shown) == (project, None)
    assert [error.message for error in (*theirs.user_errors, *others.user_errors)] == ["It has changed."] * 2


async def test_a_conflict_of_a_deletion_has_no_id_of_what_is_still_there(services: Services) -> None:
    alice = await somebody(services)
    project = await services.projects.create(NewProject("Shop"), by=alice)

    answer = Deleted.with_current(project)

    assert answer.deleted_project_id is None
    assert Deleted.of(project).deleted_project_id == project.id


async def test_a_conflict_shows_nothing_that_has_gone_meanwhile(services: Services) -> None:
    alice = await somebody(services)
    project = await services.projects.create(NewProject("Shop"), by=alice)
    await services.deletion.delete_project(project.id, by=alice)

    assert (await told(services, Conflict("It has changed.", current=project), alice)).shown is None


async def test_a_conflict_of_settings_shows_them(services: Services) -> None:
    alice = await somebody(services)
    for stale in (
        services.settings.update_user(SettingsChange({}, expected_version=7), by=alice),
        services.settings.update_team(alice.personal_team_id, SettingsChange({}, expected_version=7), by=alice),
    ):
        with pytest.raises(Conflict) as conflict:
            await stale
        assert (await told(services, conflict.value, alice)).shown is conflict.value.current
