"""What becomes of deleted projects: after 30 days all of them is gone, and nothing else is."""

from datetime import timedelta
from typing import Any

import pytest

from services.core.credentials import Token
from services.core.errors import NotFound
from services.core.pages import PageRequest
from services.deployments.model import DeploymentStatus
from services.designs.architecture import ArchitectureModel, Node, NodeKind
from services.documentation.service import NewPage
from services.foundation.aws.tables import Table
from services.generations.model import Generation, GenerationKind
from services.integrations.model import IntegrationType
from services.integrations.service import NewIntegration
from services.lifecycle.purge import Purge
from services.projects.model import Project
from services.projects.service import NewProject
from tests.services.site import MODEL, Site


async def filled(site: Site) -> Generation:
    """Give the project something of everything; return its code."""
    services, by, project_id = site.services, site.actor, site.project.id
    code = await site.made(GenerationKind.CODE)
    ended = await site.deployment(code, status=DeploymentStatus.FAILED, finished_at=site.clock())
    await services.deployments.event_log.append(ended.id, [b"{}"], attempt=1, producer_seq=1)
    await services.deployments.archive.catch_up(services.deployments.event_log, ended.id, after=0)
    drawn = ArchitectureModel(nodes=(Node(id="api", kind=NodeKind.API, name="Api"),))
    await services.architectures.save(project_id, drawn, by=by)
    await services.documentation.create(NewPage(project_id, "Start", "Text"), by=by)
    secret = Token("some-token")
    await services.integrations.create(NewIntegration(IntegrationType.VERCEL, secret, project_id=project_id), by=by)
    return code


async def left(site: Site, code: Generation) -> dict[str, int]:
    """Count what is stored of the project."""
    services, project_id = site.services, site.project.id
    tables: list[Table[Any]] = [
        services.schemas.table,
        services.generations.table,
        services.deployments.table,
        services.architectures.table,
        services.documentation.table,
        services.integrations.table,
    ]
    counts = {table.spec.name: await table.count("ProjectIdIndex", project_id) for table in tables}
    bucket = services.generations.bucket
    stored = bucket.aws.s3.list_objects_v2(Bucket=bucket.name, Prefix=f"generations/{code.id}/")
    chunks = [await services.deployments.archive.newest(one) for one in site.deployed]
    return counts | {
        "projects": len(await services.projects.table.sharing(project_id)),
        "objects": stored["KeyCount"],
        "logs": sum(chunk is not None for chunk in chunks),
    }


async def sweep(site: Site) -> None:
    (purge,) = [one for one in site.process.workers if isinstance(one, Purge)]
    await purge.sweep()


def wait(site: Site, **time: float) -> None:
    site.clock.set(site.clock() + timedelta(**time))


async def delete(site: Site) -> None:
    await site.services.deletion.delete_project(site.project.id, by=site.actor)


async def restore(site: Site) -> Project:
    return await site.services.deleted_projects.restore(site.project.id, by=site.actor)


async def test_after_30_days_a_deleted_project_is_gone_with_all_that_belonged_to_it(site: Site) -> None:
    code = await filled(site)
    other = await site.services.projects.create(NewProject("Other"), by=site.actor)
    await site.services.schemas.save(other.id, MODEL, expected_version=None, by=site.actor)
    before = await left(site, code)
    await delete(site)
    wait(site, days=29, hours=23)
    await sweep(site)
    kept = await left(site, code)

    wait(site, hours=2)
    await sweep(site)

    assert before == kept
    assert set(before.values()) == {1, 2}  # an archive has an artifact beside it
    assert set((await left(site, code)).values()) == {0}
    with pytest.raises(NotFound):
        await restore(site)
    assert await site.services.projects.get(other.id, by=site.actor) is not None
    assert await site.services.schemas.table.count("ProjectIdIndex", other.id) == 1


async def test_a_restored_project_is_not_purged(site: Site) -> None:
    code = await filled(site)
    before = await left(site, code)
    await delete(site)
    wait(site, days=29)
    await restore(site)

    wait(site, days=60)
    await sweep(site)

    assert await left(site, code) == before
    assert not await site.services.deleted_projects.condemn(site.project.id, due=True)


async def test_a_purge_that_was_cut_short_is_done_by_the_next_and_restores_nothing(site: Site) -> None:
    code = await filled(site)
    await delete(site)
    wait(site, days=31)
    await site.services.deleted_projects.condemn(site.project.id, due=True)
    await site.services.deletion.remove_jobs(site.project)

    with pytest.raises(NotFound):
        await restore(site)
    listed = await site.services.deleted_projects.list(PageRequest(), team_id=None, by=site.actor)
    await sweep(site)
    await sweep(site)

    assert listed.items == []
    assert set((await left(site, code)).values()) == {0}


async def test_what_a_closed_account_leaves_is_purged_at_once_also_what_it_had_deleted(site: Site) -> None:
    code = await filled(site)
    services = site.services
    second = await services.projects.create(NewProject("Second"), by=site.actor)
    await services.deletion.delete_project(second.id, by=site.actor)

    await services.accounts.close(site.actor.user_id)
    await sweep(site)

    assert set((await left(site, code)).values()) == {0}
    assert await services.projects.table.find(second.id) is None
